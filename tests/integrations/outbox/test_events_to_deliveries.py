"""An event creates a delivery for each connection that wants it, in its own transaction."""

import pytest
from django.db import transaction
from django_q.models import OrmQ

from integrations.models import Connection, Delivery
from subscriptions.actions.subscription import cancel, reactivate
from subscriptions.events.catalogue import KINDS
from subscriptions.models import Customer, Event
from tests.factories import STAFF, ConnectionFactory
from tests.integrations.outbox.sending import write_events

pytestmark = pytest.mark.django_db


def test_each_event_makes_one_delivery_for_each_connection_that_wants_it(subscription, connection):
    ConnectionFactory(merchant=subscription.merchant, name="Off", enabled=False)
    picky = ConnectionFactory(
        merchant=subscription.merchant, name="Picky", switched_off_kinds=["ordergroove.subscriber.cancel"]
    )
    ConnectionFactory(name="Another merchant's")

    cancel(subscription, actor=STAFF)

    first, second = Event.objects.order_by("id")
    rows = set(Delivery.objects.values_list("event", "connection"))
    assert rows == {(first.pk, connection.pk), (second.pk, connection.pk), (first.pk, picky.pk)}


@pytest.mark.parametrize(("customers", "bulk"), [(4, False), (5, True)])
def test_what_is_written_for_five_customers_at_once_is_a_flood(subscription, connection, customers, bulk):
    write_events(subscription.merchant, *(f"{number}-event" for number in range(customers)))
    assert list(Delivery.objects.values_list("bulk", flat=True)) == [bulk] * customers


def test_a_test_customer_reaches_the_sandbox_and_no_live_connection(subscription, connection, settings):
    sandbox = ConnectionFactory(
        merchant=subscription.merchant, name="Sandbox", base_url=f"{settings.PUBLIC_URL}/sandbox/klaviyo"
    )
    Customer.objects.update(is_test=True)

    cancel(subscription, actor=STAFF)

    assert set(Delivery.objects.values_list("connection", flat=True)) == {sandbox.pk}


def test_a_rolled_back_action_leaves_no_event_delivery_or_wake_up(
    subscription, connection, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks() as callbacks, pytest.raises(RuntimeError), transaction.atomic():
        cancel(subscription, actor=STAFF)
        raise RuntimeError
    assert not Event.objects.exists() and not Delivery.objects.exists()
    assert callbacks == []


def test_a_worker_is_woken_once_however_many_events_come(subscription, connection, django_capture_on_commit_callbacks):
    for act in (cancel, reactivate, cancel):
        with django_capture_on_commit_callbacks(execute=True):
            act(subscription, actor=STAFF)
    assert OrmQ.objects.count() == 1


def test_a_connection_with_nothing_to_send_is_not_woken(subscription, connection, django_capture_on_commit_callbacks):
    Connection.objects.update(switched_off_kinds=[*KINDS])
    with django_capture_on_commit_callbacks(execute=True):
        cancel(subscription, actor=STAFF)
    connection.refresh_from_db()
    assert (connection.wake_requested, Event.objects.count(), OrmQ.objects.count()) == (False, 2, 0)


def test_no_worker_is_woken_before_the_commit(subscription, connection):
    cancel(subscription, actor=STAFF)
    assert Delivery.objects.count() == 2 and OrmQ.objects.count() == 0
