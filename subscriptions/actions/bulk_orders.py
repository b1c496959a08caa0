"""The lines of many orders at once."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from common.db import AnyOf, Param, Query, update_many
from subscriptions.actions import order_items, totals
from subscriptions.events import payloads
from subscriptions.models import Item, Order, Product

SUBSCRIBED = (
    *("public_id", "raw_subscription_type", "offer", "price", "every", "every_period", "first_placed"),
    *("prepaid_orders_per_billing", "prepaid_orders_remaining", "renewal_behavior"),
)
# What prices and payloads need of a line: reading all of it would take twice as long.
NEEDED = (
    *("merchant", "order", "product", "offer", "quantity", "price", "extra_cost", "total_price", "frozen"),
    *(f"subscription__{name}" for name in SUBSCRIBED),
)
ITEMS = Query(
    lambda: (
        payloads.with_entitlement_flag(order_items.items_with_incentive_flag())
        .select_related("subscription")
        .only(*NEEDED)
        .filter(merchant=Param("merchant"), order=AnyOf("orders"))
        .order_by("id")
    )
)
# Many lines share a few products.
PRODUCTS = Query(lambda: Product.objects.filter(pk=AnyOf("keys")))


def load_items_of_orders(found: Sequence[Order]) -> list[tuple[Order, list[Item]]]:
    """Each of these orders of one merchant with its lines, of which only prices and payloads are read."""
    items = ITEMS.all(merchant=found[0].merchant_id, orders=[order.pk for order in found]) if found else []
    products = {row.pk: row for row in PRODUCTS.all(keys=list({item.product_id for item in items}))}
    for item in items:
        item.product = products[item.product_id]
    return group_items_by_order(found, items)


def group_items_by_order(found: Sequence[Order], items: Iterable[Item]) -> list[tuple[Order, list[Item]]]:
    """Each order with those of `items` that are on it; they get these instances of their orders."""
    by_key: dict[int, tuple[Order, list[Item]]] = {order.pk: (order, []) for order in found}
    for item in items:
        item.order, lines = by_key[item.order_id]
        lines.append(item)
    return list(by_key.values())


def reprice_items(items: Iterable[Item], price: Callable[[Item], Decimal]) -> None:
    """Give each item the price a unit of it now has, and save those that change."""
    changed = []
    for item in items:
        if (now := price(item)) != item.price:
            item.price = now
            changed.append(item)
    update_many(changed, "price")


def save_totals_of_orders(found: Sequence[tuple[Order, Sequence[Item]]], *names: str) -> None:
    """`order_items.save_totals` for orders of one merchant with their lines; saves the orders' columns `names` too."""
    changed = totals.recount_orders(found)
    update_many(changed, "total_price")
    update_many([order for order, _ in found], *order_items.AMOUNTS, *names)
