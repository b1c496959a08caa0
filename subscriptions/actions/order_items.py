"""The items of one order: reading them, and keeping the order's totals in line with them."""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, QuerySet

from common.db import Param, Query, new_row, update
from subscriptions.actions import totals
from subscriptions.actions.subjects import attach_customer
from subscriptions.errors import refused
from subscriptions.models import Item, OneTimeIncentive, Order, Subscription

AMOUNTS = ("sub_total", "shipping_total", "discount_total", "total", "applied_incentives", "updated")
ITEM_AMOUNTS = ("total_price", "applied_incentives")
ITEMS = Query(
    lambda: (
        items_with_incentive_flag()
        .select_related("product", "subscription__product")
        .filter(merchant=Param("merchant"), order=Param("order"))
        .order_by("id")
    )
)
UPCOMING_ITEM = Query(
    lambda: (
        items_with_incentive_flag()
        .select_related("product", "order__payment", "order__shipping_address")
        .filter(merchant=Param("merchant"), subscription=Param("subscription"), upcoming=True)
    )
)


def items_with_incentive_flag() -> QuerySet[Item]:
    """Items with `has_incentives`: whether the item or its order has unused one-time incentives.

    Most have none, and the flag saves the totals a query.
    """
    unused = OneTimeIncentive.objects.filter(applied_at__isnull=True)
    return Item.objects.annotate(
        has_incentives=Exists(unused.filter(order=OuterRef("order"))) | Exists(unused.filter(item=OuterRef("pk")))
    )


def load_items(order: Order) -> list[Item]:
    """The items of `order`, oldest first, with the related rows that prices and payloads need."""
    if order.pk is None:
        return []
    items = ITEMS.all(merchant=order.merchant_id, order=order.pk)
    for item in items:
        item.order = order
    return items


def upcoming_item(subscription: Subscription) -> Item:
    """The upcoming item of a live subscription, with its order. Refused when that order is no longer open."""
    found = UPCOMING_ITEM.all(merchant=subscription.merchant_id, subscription=subscription.pk)
    if not found or not found[0].order.is_open:
        raise refused("order_not_open")
    (item,) = found
    item.subscription = subscription
    attach_customer(item.order, subscription.customer)
    return item


def new_item(subscription: Subscription) -> Item:
    """The next item of `subscription` with its current settings; unsaved, and on no order yet."""
    return new_row(
        Item,
        merchant=subscription.merchant,
        subscription=subscription,
        product=subscription.product,
        offer_id=subscription.offer_id,
        quantity=subscription.quantity,
        price=totals.unit_price(subscription),
    )


def save_totals(order: Order, items: Iterable[Item]) -> None:
    """Work out the totals of a saved order from all of its items, and save what changed on both."""
    for item in totals.recount_order(order, items):
        update(item, *ITEM_AMOUNTS)
    update(order, *AMOUNTS)


def save_totals_around_item(item: Item) -> None:
    """Like `save_totals`, for the order of an item that was changed and saved. Refused if it now costs too much."""
    items = load_items(item.order)
    save_totals(item.order, items)
    totals.require_payable(item.order, items)
