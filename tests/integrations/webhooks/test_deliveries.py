"""Which events become webhooks, what that costs, and sending them once more."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations import outbox
from integrations.models import Connection, Delivery
from integrations.webhooks import deliveries, replay, targets
from subscriptions.actions import subscription as subscriptions
from subscriptions.errors import Refused
from subscriptions.models import Customer, Event
from tests.factories import STAFF, ConnectionFactory, MerchantFactory

pytestmark = pytest.mark.django_db
URL = "https://93.184.216.34/hook"


def delivered_types() -> set[tuple[str, str]]:
    return {(row.connection.name, row.event.kind) for row in Delivery.objects.select_related("event", "connection")}


def test_a_target_gets_what_its_pattern_names_and_an_esp_what_it_knows(merchant, subscription):
    for name, pattern in [("all", "*"), ("family", "subscription.*"), ("one", "order.create"), ("none", "")]:
        targets.create_target(merchant, URL, name=name, pattern=pattern)
    targets.create_target(MerchantFactory(), URL, name="stranger", pattern="*")
    ConnectionFactory(merchant=merchant, name="Klaviyo", switched_off_kinds=[])
    subscriptions.cancel(subscription, actor=STAFF)
    kinds = set(Event.objects.values_list("kind", flat=True))
    assert "ordergroove.subscription.cancel" in kinds and "order.delete" in kinds
    of_family = {kind for kind in kinds if kind.startswith("ordergroove.subscription.")}
    assert delivered_types() == {
        *(("all", kind) for kind in kinds),
        *(("family", kind) for kind in of_family),
        *(("Klaviyo", kind) for kind in kinds if kind.startswith("ordergroove.")),
    }
    bodies = Delivery.objects.values_list("connection__name", "body")
    assert {name for name, body in bodies if body is None} == {"Klaviyo"}


def test_without_a_target_that_wants_the_event_there_is_no_statement(merchant, subscription):
    subscriptions.change_quantity(subscription, quantity=3, actor=STAFF)
    event = Event.objects.select_related("merchant", "customer").earliest("id")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert not deliveries.write_deliveries([event], bulk=False)
    assert len(queries) == 0


def test_events_of_test_customers_stay_here(subscription, target):
    Customer.objects.update(is_test=True)
    subscription.customer.refresh_from_db()
    subscriptions.change_quantity(subscription, quantity=3, actor=STAFF)
    assert not Delivery.objects.exists()


def test_what_was_written_while_its_target_was_switched_off_is_canceled_by_the_sweep(subscription, target):
    subscriptions.change_quantity(subscription, quantity=3, actor=STAFF)
    Connection.objects.update(enabled=False)
    outbox.sweep()
    assert Delivery.objects.get().state == "canceled"


def test_a_replay_is_a_new_delivery_of_the_same_body(subscription, target):
    subscriptions.change_quantity(subscription, quantity=3, actor=STAFF)
    Delivery.objects.update(state="dead")
    first = Delivery.objects.get()
    again = replay.replay_delivery(first)
    assert (again.pk != first.pk, again.event, again.body) == (True, first.event, first.body)
    assert (again.state, again.attempts_made, again.is_replay) == ("pending", 0, True)
    with pytest.raises(Refused):
        replay.replay_delivery(again)


@pytest.mark.parametrize("change", [{"state": "pending"}, {"body": None}])
def test_what_waits_or_has_no_body_cannot_be_replayed(subscription, target, change):
    subscriptions.change_quantity(subscription, quantity=3, actor=STAFF)
    Delivery.objects.update(**{"state": "done"} | change)
    with pytest.raises(Refused):
        replay.replay_delivery(Delivery.objects.get())
    assert replay.replay_range(target, *last_hours(1)) == 0
    assert Delivery.objects.count() == 1


def last_hours(hours: int):
    return timezone.now() - timedelta(hours=hours), timezone.now() + timedelta(seconds=1)


def test_a_range_is_replayed_once_each(merchant, subscription, target, noon):
    other = targets.create_target(merchant, URL, pattern="subscription.*")
    for quantity in (3, 4, 5):
        subscriptions.change_quantity(subscription, quantity=quantity, actor=STAFF)
        noon.shift(timedelta(hours=1))
    Delivery.objects.update(state="done")
    assert replay.replay_range(target, *last_hours(2)) == 2
    made = Delivery.objects.filter(is_replay=True)
    originals = Delivery.objects.filter(connection=target, is_replay=False).order_by("id")[1:]
    assert list(made.order_by("id").values_list("event", "body")) == list(originals.values_list("event", "body"))
    assert {(row.connection, row.state, row.bulk) for row in made} == {(target, "pending", True)}
    assert replay.replay_range(target, *last_hours(3)) == 1  # those on their way are left out
    assert not other.deliveries.filter(is_replay=True).exists()


def test_a_target_that_is_off_replays_nothing(subscription, target):
    subscriptions.change_quantity(subscription, quantity=3, actor=STAFF)
    targets.change_target(target, enabled=False)
    target.refresh_from_db()
    with pytest.raises(Refused):
        replay.replay_range(target, *last_hours(1))
    with pytest.raises(Refused):
        replay.replay_delivery(Delivery.objects.get())
