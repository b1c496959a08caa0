"""Items and totals of many orders at once, each in a few statements: the bulk variants of `order_items`."""

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
# The item columns that prices and payloads need; reading all columns would take twice as long.
NEEDED = (
    *("merchant", "order", "product", "offer", "quantity", "price", "extra_cost", "total_price", "frozen"),
    "applied_incentives",
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
# Fetched separately from the items, because many items share a few products.
PRODUCTS = Query(lambda: Product.objects.filter(pk=AnyOf("keys")))


def load_items_of_orders(orders: Sequence[Order]) -> list[tuple[Order, list[Item]]]:
    """The orders, all of one merchant, each with its items. Loads only the columns that prices and payloads need."""
    if not orders:
        return []
    items = ITEMS.all(merchant=orders[0].merchant_id, orders=[order.pk for order in orders])
    products = {row.pk: row for row in PRODUCTS.all(keys=list({item.product_id for item in items}))}
    for item in items:
        item.product = products[item.product_id]
    return group_items_by_order(orders, items)


def group_items_by_order(orders: Sequence[Order], items: Iterable[Item]) -> list[tuple[Order, list[Item]]]:
    """Each order with its items from `items`; the items then point at these instances of their orders."""
    by_key: dict[int, tuple[Order, list[Item]]] = {order.pk: (order, []) for order in orders}
    for item in items:
        item.order, on_order = by_key[item.order_id]
        on_order.append(item)
    return list(by_key.values())


def reprice_items(items: Iterable[Item], price: Callable[[Item], Decimal]) -> None:
    """Give each item the unit price that `price` returns for it, and save the items that change."""
    changed = []
    for item in items:
        if (now := price(item)) != item.price:
            item.price = now
            changed.append(item)
    update_many(changed, "price")


def save_totals_of_orders(found: Sequence[tuple[Order, Sequence[Item]]], *names: str) -> None:
    """Like `order_items.save_totals`, for several orders of one merchant; also saves the orders' columns `names`."""
    changed = totals.recount_orders(found)
    update_many(changed, *order_items.ITEM_AMOUNTS)
    update_many([order for order, _ in found], *order_items.AMOUNTS, *names)
