"""The upcoming items of many subscriptions at once; the rules are those of `actions.orders`."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from subscriptions.actions import order_items, totals
from subscriptions.importing import rows as stored
from subscriptions.importing.table import Step
from subscriptions.models import Item, Merchant, Order, OrderStatus, Subscription

# What open orders of one customer may not have in common.
Slot = tuple[int, date, int, int]


def place(merchant: Merchant, wanted: Sequence[tuple[Subscription, date]], step: Step) -> None:
    """Give each new subscription its item on the open order of that day, payment and address.

    Only for subscriptions without an upcoming item.
    """
    slots = _open_orders(merchant, [subscription.customer_id for subscription, _ in wanted])
    joined: dict[Slot, list[Item]] = defaultdict(list)
    for subscription, day in wanted:
        slot = (subscription.customer_id, day, subscription.payment_id, subscription.shipping_address_id)
        order = slots.setdefault(slot, _order(subscription, day))
        joined[slot].append(_item(subscription, order))
    touched = {slot: slots[slot] for slot in joined}
    earlier = _items_of(merchant, [order for order in touched.values() if order.pk])
    for slot, order in touched.items():
        totals.recount_order(order, [*earlier[order.pk], *joined[slot]])
    stored.write(list(touched.values()), step, "orders")
    stored.write([item for items in joined.values() for item in items], step, "items")


def follow(merchant: Merchant, changed: Iterable[Subscription], step: Step) -> None:
    """Bring the upcoming items of `changed` in line with product, quantity and price; frozen prices stay."""
    subscriptions: dict[int | None, Subscription] = {each.pk: each for each in changed}
    coming = Item.objects.filter(
        merchant=merchant, upcoming=True, order__status=OrderStatus.UNSENT, order__locked=False
    )
    touched = {item.order_id for item in stored.find(coming, "subscription", subscriptions)}
    found = {order.pk: order for order in stored.find(merchant.orders.all(), "pk", touched)}
    items = _items_of(merchant, found.values())
    moved = []
    for item in (item for lines in items.values() for item in lines if item.subscription_id in subscriptions):
        subscription = subscriptions[item.subscription_id]
        item.product, item.quantity = subscription.product, subscription.quantity
        item.subscription = subscription
        if not item.frozen:
            item.price = totals.unit_price(subscription)
        moved.append(item)
    for order in found.values():
        totals.recount_order(order, items[order.pk])
    stored.write(moved, step, "items")
    stored.write(list(found.values()), step, "orders")


def _open_orders(merchant: Merchant, customers: Iterable[int]) -> dict[Slot, Order]:
    found = stored.find(merchant.orders.open(), "customer", customers)
    return {
        (order.customer_id, order.place_date, order.payment_id, order.shipping_address_id): order for order in found
    }


def _items_of(merchant: Merchant, found: Iterable[Order]) -> dict[int | None, list[Item]]:
    rows = Item.objects.select_related("product", "subscription__product").filter(merchant=merchant)
    items: dict[int | None, list[Item]] = defaultdict(list)
    for item in stored.find(rows, "order", [order.pk for order in found]):
        items[item.order_id].append(item)
    return items


def _order(subscription: Subscription, day: date) -> Order:
    return Order(
        merchant=subscription.merchant,
        customer=subscription.customer,
        payment=subscription.payment,
        shipping_address=subscription.shipping_address,
        place_date=day,
        currency_code=subscription.currency_code,
    )


def _item(subscription: Subscription, order: Order) -> Item:
    item = order_items.new_item(subscription)
    item.order = order
    return item
