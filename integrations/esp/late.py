"""Events that leave late: an ESP starts messages for fresh events only."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from subscriptions import calendar
from subscriptions.events import catalogue
from subscriptions.models import Event, Item, Merchant, Order, OrderStatus

OBSOLETE = "Obsolete: it was too late for a message, and what it tells of is no longer true."


class OrderFacts(NamedTuple):
    order: Order
    missing: set[str]
    """The external IDs of the order's products that are out of stock."""


Check = Callable[[Event, OrderFacts], bool]


def is_still_due(event: Event, facts: OrderFacts) -> bool:
    order = facts.order
    is_upcoming = order.status == OrderStatus.UNSENT and order.place_date > calendar.today(event.merchant.time_zone)
    return is_upcoming and order.place_date.isoformat() == event.payload["place_date"]


def card_still_ends(event: Event, facts: OrderFacts) -> bool:
    order = facts.order
    ends = order.payment.expires_on
    return order.status == OrderStatus.UNSENT and ends is not None and ends < order.place_date


def is_still_rejected(event: Event, facts: OrderFacts) -> bool:
    return facts.order.status == OrderStatus.REJECTED


def is_still_tried(event: Event, facts: OrderFacts) -> bool:
    return facts.order.status_row.trying


def is_still_missing(event: Event, facts: OrderFacts) -> bool:
    return facts.order.status == OrderStatus.UNSENT and event.payload["product"]["id"] in facts.missing


# These may be true for days, so a late one is dated now. All others tell of a moment.
LASTING: Mapping[str, Check] = {
    catalogue.ORDER_REMINDER: is_still_due,
    catalogue.CARD_EXPIRATION: card_still_ends,
    catalogue.ORDER_REJECT: is_still_rejected,
    catalogue.RETRYABLE_FAILURE: is_still_tried,
    catalogue.OUT_OF_STOCK: is_still_missing,
}


class Clock(NamedTuple):
    """When a batch is sent, and how old an event may be for an ESP to start messages."""

    now: datetime
    window: timedelta

    def is_late(self, event: Event) -> bool:
        return self.now - event.at > self.window

    def is_restated(self, event: Event) -> bool:
        """Whether the event is dated now, with its own time beside it."""
        return event.kind in LASTING and self.is_late(event)

    def stated_time(self, event: Event) -> datetime:
        return self.now if self.is_restated(event) else event.at

    def obsolete_events(self, merchant: Merchant, events: Sequence[Event]) -> set[int]:
        """The keys of late events that are no longer true. No query unless there are some that may be."""
        late = [event for event in events if self.is_restated(event)]
        facts = _load_facts(merchant, late) if late else {}
        is_true = {
            event.pk: event.order_id in facts and LASTING[event.kind](event, facts[event.order_id]) for event in late
        }
        return {key for key, true in is_true.items() if not true}


def _load_facts(merchant: Merchant, events: Sequence[Event]) -> dict[int | None, OrderFacts]:
    orders = merchant.orders.filter(pk__in={event.order_id for event in events}).select_related("payment")
    facts: dict[int | None, OrderFacts] = {order.pk: OrderFacts(order, set()) for order in orders}
    about_stock = {event.order_id for event in events if event.kind == catalogue.OUT_OF_STOCK}
    items = Item.objects.filter(merchant=merchant, order__in=about_stock, product__live=False)
    for order_id, product_id in items.values_list("order", "product__external_product_id"):
        facts[order_id].missing.add(product_id)
    return facts


def format_time(at: datetime) -> str:
    """`2026-11-20T12:00:00.000Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
