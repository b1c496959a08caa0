"""Late events: what is still true is dated now, what is no longer true is not sent."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations.esp.late import LASTING, Clock
from subscriptions.events import catalogue
from subscriptions.events.catalogue import KINDS
from subscriptions.models import Event, Item, Order, OrderStatus, Payment, Product
from tests.factories import ItemFactory
from tests.integrations.events import create_event

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATE = Clock(NOON + timedelta(hours=5), timedelta(hours=4))
ENDS = date(2026, 11, 30)

Change = Callable[[Item], object]


def change_order(**fields: object) -> Change:
    return lambda item: Order.objects.filter(pk=item.order_id).update(**fields)


def change_card(**fields: object) -> Change:
    return lambda item: Payment.objects.filter(pk=item.order.payment_id).update(**fields)


def change_product(**fields: object) -> Change:
    return lambda item: Product.objects.filter(pk=item.product_id).update(**fields)


def nothing(item: Item) -> None:
    pass


# What makes the event true, and what makes it untrue later.
TRUE = {
    catalogue.ORDER_REMINDER: nothing,
    catalogue.CARD_EXPIRATION: change_card(expires_on=ENDS),
    catalogue.ORDER_REJECT: change_order(status=OrderStatus.REJECTED),
    catalogue.RETRYABLE_FAILURE: change_order(status=OrderStatus.CREDIT_CARD_RETRY),
    catalogue.OUT_OF_STOCK: change_product(live=False),
}
UNTRUE = [
    (catalogue.ORDER_REMINDER, change_order(status=OrderStatus.PENDING_PLACEMENT)),
    (catalogue.ORDER_REMINDER, change_order(place_date=date(2026, 12, 24))),
    (catalogue.CARD_EXPIRATION, change_card(expires_on=date(2027, 11, 30))),
    (catalogue.CARD_EXPIRATION, change_card(expires_on=None)),
    (catalogue.CARD_EXPIRATION, change_order(status=OrderStatus.SUCCESS)),
    (catalogue.ORDER_REJECT, change_order(status=OrderStatus.CREDIT_CARD_RETRY)),
    (catalogue.RETRYABLE_FAILURE, change_order(status=OrderStatus.SUCCESS)),
    (catalogue.OUT_OF_STOCK, change_product(live=True)),
    (catalogue.OUT_OF_STOCK, change_order(status=OrderStatus.PENDING_PLACEMENT)),
]


@pytest.fixture
def item() -> Item:
    made: Item = ItemFactory(order__place_date=date(2026, 12, 10))
    return made


def late_event(kind: str, item: Item) -> Event:
    TRUE[kind](item)
    item.order.refresh_from_db()
    event = create_event(kind, item, at=NOON)
    Event.objects.filter(pk=event.pk).update(order=item.order)
    event.refresh_from_db()
    event.merchant = item.merchant
    return event


def is_obsolete(event: Event, clock: Clock = LATE) -> bool:
    with time_machine.travel(clock.now, tick=False):
        return clock.obsolete_events(event.merchant, [event]) == {event.pk}


def test_five_kinds_may_be_true_for_long() -> None:
    assert set(LASTING) == set(TRUE)


@pytest.mark.parametrize("kind", TRUE)
def test_a_late_event_that_is_still_true_is_dated_now(kind: str, item: Item) -> None:
    event = late_event(kind, item)
    assert (LATE.stated_time(event), is_obsolete(event)) == (LATE.now, False)


@pytest.mark.parametrize(("kind", "change"), UNTRUE)
def test_a_late_event_that_is_no_longer_true_is_obsolete(kind: str, change: Change, item: Item) -> None:
    event = late_event(kind, item)
    change(item)
    assert is_obsolete(event)


@pytest.mark.parametrize(("kind", "change"), UNTRUE)
def test_a_fresh_event_is_never_obsolete(kind: str, change: Change, item: Item) -> None:
    event = late_event(kind, item)
    change(item)
    fresh = Clock(NOON + timedelta(hours=4), LATE.window)
    assert (is_obsolete(event, fresh), fresh.stated_time(event)) == (False, NOON)


def test_an_event_of_an_order_that_is_gone_is_obsolete(item: Item) -> None:
    event = late_event(catalogue.ORDER_REMINDER, item)
    event.order_id = None
    assert is_obsolete(event)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - set(TRUE)))
def test_every_other_kind_keeps_its_time(kind: str, item: Item) -> None:
    event = create_event(kind, item, at=NOON)
    assert (LATE.is_late(event), LATE.stated_time(event), is_obsolete(event)) == (True, NOON, False)


def test_a_batch_needs_two_queries_whatever_its_size(item: Item) -> None:
    events = [late_event(kind, item) for kind in (catalogue.OUT_OF_STOCK, catalogue.ORDER_REMINDER) for _ in range(3)]
    with CaptureQueriesContext(database) as asked:
        LATE.obsolete_events(item.merchant, events)
    assert len(asked) == 2
