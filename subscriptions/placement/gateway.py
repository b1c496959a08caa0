"""The gateway interface: a gateway gets a snapshot of one order, tries to place it, and returns the result."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from django.db.models import Exists, OuterRef

from common.db import AnyOf, Query
from subscriptions.models import Customer, Item, Merchant, Order, Subscription
from subscriptions.placement.results import PlacementResult

INCENTIVE = ("name", "type", "value", "target", "externalCode")


@dataclass(frozen=True, slots=True)
class PlacementRequest:
    """A snapshot of an order, in row objects that nothing else changes, with everything that a gateway reads.

    Its customer has the attribute `live`, like customers read for the REST API.
    """

    order: Order
    items: tuple[Item, ...]

    @property
    def merchant(self) -> Merchant:
        return self.order.merchant

    @property
    def customer(self) -> Customer:
        return self.order.customer

    @property
    def key(self) -> str:
        """The idempotency key: the same for all attempts at the order."""
        return str(self.order.public_id.hex)


def posted_incentives(row: Order | Item) -> list[dict[str, str | None]]:
    """What came off an order and its shipping, or off an item, by the names of INCENTIVE."""
    return [{name: each[name] for name in INCENTIVE} for each in row.applied_incentives or ()]


class Gateway(Protocol):
    def place(self, request: PlacementRequest) -> PlacementResult:
        """Make one attempt. Call it outside any transaction, because a reply may take a minute.

        It raises nothing: whatever the platform does becomes a result.
        """
        ...


ORDERS = Query(
    lambda: (
        Order.objects.select_related("merchant__gateway", "customer", "payment__billing_address", "shipping_address")
        .annotate(customer_is_live=Exists(Subscription.objects.live().filter(customer=OuterRef("customer"))))
        .filter(pk=AnyOf("orders"))
    )
)
ITEMS = Query(
    lambda: (
        Item.objects.select_related("product", "subscription", "offer__profile")
        .filter(order=AnyOf("orders"))
        .order_by("id")
    )
)


def take_snapshots(orders: Iterable[Order]) -> list[PlacementRequest]:
    """Snapshots of `orders`, in the same sequence, from two queries in all. Call it in a transaction."""
    keys = [order.pk for order in orders]
    rows: dict[int, Any] = {row.pk: row for row in ORDERS.all(orders=keys)}
    for row in rows.values():
        row.customer.live = row.customer_is_live
        # Their REST objects name the customer, who would otherwise be read again for each.
        for record in (row.shipping_address, row.payment, row.payment.billing_address):
            if record:
                record.customer = row.customer
    lines: dict[int, list[Item]] = {key: [] for key in keys}
    for item in ITEMS.all(orders=keys):
        item.order = rows[item.order_id]
        lines[item.order_id].append(item)
    return [PlacementRequest(rows[key], tuple(lines[key])) for key in keys]


def take_snapshot(order: Order) -> PlacementRequest:
    """`take_snapshots` for one order."""
    return take_snapshots([order])[0]
