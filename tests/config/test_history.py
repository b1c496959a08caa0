from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from config import history, retention
from integrations.klaviyo.runs.history import unsent_events
from integrations.models import Connection, Delivery
from subscriptions.actions.customer_notes import write_note
from subscriptions.actions.subscription import cancel, change_quantity
from subscriptions.actions.upcoming_order import remind
from subscriptions.errors import NotFound, Refused
from subscriptions.events.catalogue import ORDER_REMINDER, SUBSCRIPTION_CANCEL
from subscriptions.figures.roll_ups import all_kinds, read_figures
from subscriptions.models import Activity, Event, Merchant, Order, Subscription
from tests.actions import random_actions
from tests.factories import STAFF, ConnectionFactory, CustomerFactory, MerchantFactory, subscription_with_order
from tests.figures.folding import FIRST, LAST, fold, without_zeros
from tests.figures.test_roll_ups import ACTS

pytestmark = pytest.mark.django_db
YEAR = timedelta(days=365)


@pytest.fixture
def row(noon: time_machine.Traveller) -> Subscription:
    """Its customer has a note, a reminder and a cancellation, all of now."""
    row = subscription_with_order()
    Merchant.objects.update(history_days=365)
    remind(Order.objects.get(), actor=STAFF)
    write_note(row.customer, text="Likes it dark.", actor=STAFF)
    cancel(row, reason="4|Too much", actor=STAFF)
    return row


def test_history_stays_to_the_last_day_and_then_notes_and_what_figures_count_from(
    row: Subscription, noon: time_machine.Traveller
) -> None:
    other = subscription_with_order(customer=CustomerFactory(merchant=MerchantFactory()))
    cancel(other, actor=STAFF)
    others = list(Activity.objects.filter(merchant=other.merchant).values())
    stays = list(Event.objects.filter(merchant=other.merchant).values())
    before = Activity.objects.count(), list(Event.objects.order_by("pk").values())
    noon.shift(YEAR - timedelta(seconds=1))
    retention.clean()
    assert (Activity.objects.count(), list(Event.objects.order_by("pk").values())) == before

    noon.shift(timedelta(seconds=1))
    retention.clean()
    assert [note.verb for note in Activity.objects.filter(merchant=row.merchant)] == ["customer.note"]
    events = Event.objects.filter(merchant=row.merchant)
    assert not events.filter(kind=ORDER_REMINDER).exists()
    event = events.get(kind=SUBSCRIPTION_CANCEL)
    assert event.payload["cancel_reason_code"] == "4"
    assert event.payload.keys() <= {"cancel_reason_code", "product_id", "sub_total"} and event.recipient == {}
    assert list(Activity.objects.filter(merchant=other.merchant).values()) == others
    assert list(Event.objects.filter(merchant=other.merchant).values()) == stays


def test_an_event_that_waits_to_be_delivered_keeps_its_contents(noon: time_machine.Traveller) -> None:
    row = subscription_with_order()
    Merchant.objects.update(history_days=365)
    ConnectionFactory(merchant=row.merchant)
    cancel(row, actor=STAFF)
    waiting = list(Event.objects.filter(deliveries__state=Delivery.State.PENDING).values_list("payload", "recipient"))
    assert waiting
    noon.shift(YEAR)
    retention.clean()
    assert not Activity.objects.exists()
    assert list(Event.objects.filter(deliveries__isnull=False).values_list("payload", "recipient")) == waiting


@pytest.mark.parametrize("history_days", [365, None])
def test_an_event_that_was_delivered_late_goes_with_its_last_delivery(
    history_days: int | None, noon: time_machine.Traveller
) -> None:
    row = subscription_with_order()
    Merchant.objects.update(history_days=history_days)
    for name in ("first", "last"):
        ConnectionFactory(merchant=row.merchant, name=name)
    remind(Order.objects.get(), actor=STAFF)
    cancel(row, actor=STAFF)
    noon.shift(YEAR)
    retention.clean()
    before = list(Event.objects.order_by("pk").values())
    first, last = (Delivery.objects.filter(connection=lane) for lane in Connection.objects.order_by("pk"))
    for deliveries, goes in ((first, False), (last, bool(history_days))):
        deliveries.update(state=Delivery.State.DONE)
        retention.clean()
        assert not deliveries.exists()
        assert (list(Event.objects.order_by("pk").values()) == before) is not goes
    gone = history_days is not None
    assert Event.objects.filter(kind=ORDER_REMINDER).exists() is not gone
    event = Event.objects.get(kind=SUBSCRIPTION_CANCEL)
    assert (event.recipient == {}, "cancel_reason_code" in event.payload, len(event.payload) > 3) == (
        gone,
        True,
        not gone,
    )


def test_history_is_removed_in_chunks_and_each_moment_is_looked_at_once(
    row: Subscription, noon: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "CHUNK", 2)
    subscription = subscription_with_order(customer=row.customer)
    for quantity in (2, 3, 4):
        noon.shift(timedelta(minutes=1))
        change_quantity(subscription, quantity=quantity, actor=STAFF)
    noon.shift(YEAR + timedelta(minutes=1))
    found = list(history.remove_history(timezone.now()))
    assert found == [5, 4, 0]
    assert [note.verb for note in Activity.objects.all()] == ["customer.note"]
    assert Merchant.objects.get().history_until == timezone.now() - YEAR
    assert list(history.remove_history(timezone.now())) == []


@pytest.mark.parametrize("seed", [5])
def test_no_figure_changes_even_when_all_are_counted_anew(seed: int, noon: time_machine.Traveller) -> None:
    merchant: Merchant = MerchantFactory(disengaged_after=2, history_days=365)
    chance, world = Random(seed), random_actions.create_world(customer=CustomerFactory(merchant=merchant))
    for act in chance.sample(ACTS * 3, len(ACTS) * 3):
        noon.shift(timedelta(minutes=chance.randrange(2000)))
        with suppress(Refused, NotFound), transaction.atomic():
            act(world, chance.randrange(100))
    fold(merchant)
    figures = read_all(merchant)
    assert len(figures["business"]) > 10 and len(figures["cancellations"]) > 1
    noon.shift(YEAR)
    retention.clean()
    assert not Activity.objects.filter(merchant=merchant).exists()
    assert read_all(merchant) == figures
    for zone in ("Asia/Tokyo", merchant.time_zone):
        Merchant.objects.filter(pk=merchant.pk).update(time_zone=zone)
        fold(merchant)
    assert read_all(merchant) == figures


def read_all(merchant: Merchant) -> dict[str, Any]:
    merchant.refresh_from_db()
    found = {name: read_figures(kind, merchant, FIRST, LAST, Q()) for name, kind in all_kinds().items()}
    return {name: without_zeros(figures) for name, figures in found.items()}


def test_the_past_of_klaviyos_backfill_begins_where_history_does(
    row: Subscription, noon: time_machine.Traveller
) -> None:
    lane: Connection = ConnectionFactory(merchant=row.merchant)
    begin = timezone.now() - YEAR
    assert unsent_events(lane, [SUBSCRIPTION_CANCEL], begin).count() == 1
    noon.shift(YEAR)
    retention.clean()
    assert Event.objects.filter(kind=SUBSCRIPTION_CANCEL).exists()
    lane.merchant.refresh_from_db()
    assert not unsent_events(lane, [SUBSCRIPTION_CANCEL], begin).exists()


def test_the_next_chunk_is_found_by_index_whatever_was_removed_before(row: Subscription) -> None:
    after = timezone.now() - timedelta(days=1)
    rows = Activity.objects.filter(merchant=row.merchant, at__gt=after, at__lte=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
    assert "Index Only Scan Backward using activity_list" in rows.order_by("at").values_list("at").explain()
