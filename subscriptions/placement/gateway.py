"""What a gateway is to the engine: it is given a picture of one order and says what came of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from django.db.models import Exists, OuterRef, Prefetch

from subscriptions.models import Customer, Item, Merchant, Order, Subscription
from subscriptions.placement.answers import Answer


@dataclass(frozen=True, slots=True)
class PlacementRequest:
    """An order as it was when it was taken up, in rows of its own with all that a gateway reads of them.

    `customer_is_live`: whether the customer has a live subscription.
    """

    order: Order
    items: tuple[Item, ...]
    customer_is_live: bool

    @property
    def merchant(self) -> Merchant:
        return self.order.merchant

    @property
    def customer(self) -> Customer:
        return self.order.customer

    @property
    def key(self) -> str:
        """The idempotency key: the same over all tries of the order."""
        return str(self.order.public_id.hex)


class Gateway(Protocol):
    def place(self, request: PlacementRequest) -> Answer:
        """Post one order. Call it with no transaction open: an answer may take a minute.

        Raises nothing for whatever the other side does.
        """
        ...


def snapshots(orders: Iterable[Order]) -> list[PlacementRequest]:
    """Pictures of `orders` of one merchant, in their order, by two queries for all. Take them in a transaction."""
    wanted = list(orders)
    live = Subscription.objects.live().filter(customer=OuterRef("customer"))
    items = Item.objects.select_related("product", "subscription", "offer__profile").order_by("id")
    rows: dict[int, Any] = (
        Order.objects.filter(merchant__in={order.merchant_id for order in wanted})
        .select_related("merchant__gateway", "customer", "payment__billing_address", "shipping_address")
        .prefetch_related(Prefetch("items", items))
        .annotate(customer_is_live=Exists(live))
        .in_bulk([order.pk for order in wanted])
    )
    found = (rows[order.pk] for order in wanted)
    return [PlacementRequest(row, tuple(row.items.all()), row.customer_is_live) for row in found]


def snapshot(order: Order) -> PlacementRequest:
    """As `snapshots`, of one order."""
    return snapshots([order])[0]
