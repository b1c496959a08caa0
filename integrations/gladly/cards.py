"""What agents see of subscriptions, for many customers in a bounded number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from django.db.models import Count, F, Q

from common.db import AnyOf, Param, Query
from subscriptions import calendar
from subscriptions.actions import order as order_verbs
from subscriptions.actions import subscription as subscription_verbs
from subscriptions.actions.cancel_reasons import describe_reason, reason_labels
from subscriptions.actions.core import is_allowed
from subscriptions.actions.subjects import attach_customer
from subscriptions.actions.totals import unit_price
from subscriptions.models import Customer, Item, Merchant, Order, Subscription

MOST_CARDS = 250  # of one customer
# Gladly asks whenever an agent opens a profile. Active subscriptions, which have no time of cancelling, come first.
SUBSCRIPTIONS = Query(
    lambda: (
        Subscription.objects.select_related("product")
        .filter(merchant=Param("merchant"), customer=Param("customer"))
        .order_by(F("cancelled").desc(nulls_first=True), "-pk")[:MOST_CARDS]
    )
)
UPCOMING_ITEMS = Query(
    lambda: Item.objects.select_related("order").filter(
        merchant=Param("merchant"), subscription=AnyOf("subscriptions"), upcoming=True
    )
)


@dataclass(frozen=True, slots=True)
class SubscriptionCard:
    """A subscription with its product and customer. `next_order` is the order with its upcoming item."""

    subscription: Subscription
    next_order: Order | None
    cancel_reason: str
    """In words; empty without one."""

    @property
    def status(self) -> str:
        return "Active" if self.subscription.live else "Cancelled"

    @property
    def price(self) -> Decimal:
        """Of one unit."""
        return unit_price(self.subscription)

    @property
    def next_billing_at(self) -> datetime | None:
        """The beginning of the day of the next order in the merchant's zone, as a moment in UTC."""
        if self.next_order is None:
            return None
        zone = self.subscription.customer.merchant.time_zone
        return calendar.local_midnight(self.next_order.place_date, zone).astimezone(UTC)

    @property
    def can_cancel(self) -> bool:
        """Whether the guards of the verb agree."""
        return is_allowed(subscription_verbs.cancel, self.subscription)

    @property
    def can_skip(self) -> bool:
        order = self.next_order
        return self.subscription.live and order is not None and is_allowed(order_verbs.skip_subscription, order)


@dataclass(frozen=True, slots=True)
class SubscriptionCount:
    total: int = 0
    active: int = 0


def read_cards(merchant: Merchant, customer: Customer) -> list[SubscriptionCard]:
    """The customer's subscriptions, active ones first, then the newest. At most three queries."""
    return make_cards(merchant, customer, SUBSCRIPTIONS.all(merchant=merchant.pk, customer=customer.pk))


def read_card(merchant: Merchant, subscription: Subscription) -> SubscriptionCard:
    """The card of one subscription, whose product and customer are loaded."""
    return make_cards(merchant, subscription.customer, [subscription])[0]


def make_cards(merchant: Merchant, customer: Customer, subscriptions: Sequence[Subscription]) -> list[SubscriptionCard]:
    """`customer` is that of all `subscriptions`."""
    keys = [row.pk for row in subscriptions if row.live]
    items = UPCOMING_ITEMS.all(merchant=merchant.pk, subscriptions=keys) if keys else []
    orders = {item.subscription_id: item.order for item in items}
    has_reason = any(row.cancel_reason for row in subscriptions)
    labels = reason_labels(merchant) if has_reason else {}
    customer.merchant = merchant
    for row in subscriptions:
        attach_customer(row, customer)
    for order in orders.values():
        attach_customer(order, customer)
    return [SubscriptionCard(row, orders.get(row.pk), describe_reason(row, labels)) for row in subscriptions]


def count_subscriptions(merchant: Merchant, customers: Sequence[Customer]) -> dict[int, SubscriptionCount]:
    """How many each customer has, by the customer's key. One query."""
    rows = Subscription.objects.filter(merchant=merchant, customer__in=[row.pk for row in customers])
    counts = {"total": Count("pk"), "active": Count("pk", filter=Q(cancelled=None))}
    counted = rows.order_by().values_list("customer").annotate(**counts)
    found = {customer: SubscriptionCount(total, active) for customer, total, active in counted}
    return {row.pk: found.get(row.pk, SubscriptionCount()) for row in customers}
