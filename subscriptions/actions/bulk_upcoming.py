"""The upcoming items of many subscriptions at once, by the rules of `orders` and `totals`.

These functions write no activities or events. Call them in a transaction that holds the customers. They return the
subscriptions whose orders have become too expensive; the transaction must then be undone.
"""

from collections.abc import Sequence
from datetime import date

from common.db import insert_many, update_many
from subscriptions.actions import bulk_orders, order_items, orders, totals
from subscriptions.models import Item, Merchant, Order, OrderKey, OrderStatus, Subscription


def add_subscription_items(merchant: Merchant, planned: Sequence[tuple[Subscription, date]]) -> list[Subscription]:
    """Like `orders.add_subscription_item`, for subscriptions of one merchant that have no upcoming item yet."""
    customers = {subscription.customer_id for subscription, _ in planned}
    found = merchant.orders.open().filter(customer__in=customers)
    by_place = {(order.customer_id, order.order_key): order for order in found}
    joining: dict[tuple[int, OrderKey], list[Item]] = {}
    for subscription, day in planned:
        item, order_key = order_items.new_item(subscription), orders.next_order_key(subscription, day)
        place = (subscription.customer_id, order_key)
        if place not in by_place:
            by_place[place] = orders.new_order(subscription.customer, order_key)
        joining.setdefault(place, []).append(item)
    by_order = [(by_place[place], items) for place, items in joining.items()]
    _write_items(by_order)
    return _subscriptions_of_too_large(by_order)


def _write_items(joining: Sequence[tuple[Order, list[Item]]]) -> None:
    """Like `orders.add_items`, for any number of orders, some of them new."""
    known = [order for order, _ in joining if order.pk]
    earlier = {order.pk: lines for order, lines in bulk_orders.load_items_of_orders(known)}
    changed = totals.recount_orders([(order, [*earlier.get(order.pk, ()), *items]) for order, items in joining])
    update_many([item for item in changed if item.pk], *order_items.ITEM_AMOUNTS)
    update_many(known, *order_items.AMOUNTS)
    insert_many([order for order, _ in joining if not order.pk])
    for order, items in joining:
        for item in items:
            item.order = order
    insert_many([item for _, items in joining for item in items])


def update_upcoming_items(merchant: Merchant, changed: Sequence[Subscription]) -> list[Subscription]:
    """Give the upcoming items of these subscriptions their product, quantity and price; a manually set price stays."""
    subscriptions: dict[int | None, Subscription] = {subscription.pk: subscription for subscription in changed}
    # Orders that wait for stock are not open, but will be charged once stock arrives.
    waiting = merchant.orders.filter(status=OrderStatus.UNSENT, locked=False)
    touched = waiting.filter(items__upcoming=True, items__subscription__in=subscriptions).distinct()
    found = bulk_orders.load_items_of_orders(list(touched))
    items = [item for _, lines in found for item in lines if item.subscription_id in subscriptions]
    for item in items:
        item.subscription = subscriptions[item.subscription_id]
        item.product, item.quantity = item.subscription.product, item.subscription.quantity
        item.price = totals.current_price(item)
    update_many(items, "product", "quantity", "price")
    bulk_orders.save_totals_of_orders(found)
    own_items = [(order, [item for item in lines if item.subscription_id in subscriptions]) for order, lines in found]
    return _subscriptions_of_too_large(own_items)


def _subscriptions_of_too_large(orders_with_items: Sequence[tuple[Order, Sequence[Item]]]) -> list[Subscription]:
    too_large = (items for order, items in orders_with_items if totals.is_too_large(order, items))
    return [item.subscription for items in too_large for item in items if item.subscription]
