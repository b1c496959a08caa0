"""Which order an item is on.

The open orders of one customer differ in date, payment or address (their `OrderKey`): what becomes equal is merged,
what is emptied goes away, and the totals follow.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from common.db import Param, Query, insert, new_row, update
from subscriptions import calendar
from subscriptions.actions import totals
from subscriptions.errors import refused
from subscriptions.models import (
    Customer,
    Item,
    Offer,
    OneTimeIncentive,
    Order,
    OrderKey,
    OrderStatus,
    Subscription,
    statuses_where,
)

AMOUNTS = ("sub_total", "shipping_total", "discount_total", "total", "updated")
KEY_COLUMNS = ("place_date", "payment", "shipping_address")
OPEN_ORDER = Query(
    lambda: (
        Order.objects.open()
        .select_related("payment", "shipping_address")
        .filter(
            merchant=Param("merchant"),
            customer=Param("customer"),
            place_date=Param("place_date"),
            payment=Param("payment_id"),
            shipping_address=Param("shipping_address_id"),
        )
    )
)
ITEMS = Query(
    lambda: (
        items_with_incentive_flag()
        .select_related("product", "subscription__product")
        .filter(merchant=Param("merchant"), order=Param("order"))
        .order_by("id")
    )
)
# Of the few orders of a customer that a cancel reaches: the next ones, those out of stock, those being retried.
CHANGEABLE_ITEMS = Query(
    lambda: (
        items_with_incentive_flag()
        .select_related("subscription__product", "order__payment", "order__shipping_address")
        .filter(
            merchant=Param("merchant"),
            order__customer=Param("customer"),
            order__status__in=statuses_where(lambda row: row.changeable),
        )
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


def add_subscription_item(subscription: Subscription, day: date, offer: Offer | None = None) -> Item:
    """Give `subscription`, that has none, its upcoming item on `day`; `offer` is for this once."""
    item = new_item(subscription)
    item.offer_id = offer.pk if offer else item.offer_id
    order_key = OrderKey(day, subscription.payment_id, subscription.shipping_address_id)
    add_items_by_key(subscription.customer, [item], order_key)
    return item


def new_item(subscription: Subscription) -> Item:
    """The next item of `subscription` as its settings now are; on no order yet and not saved."""
    return new_row(
        Item,
        merchant=subscription.merchant,
        subscription=subscription,
        product=subscription.product,
        offer_id=subscription.offer_id,
        quantity=subscription.quantity,
        price=totals.unit_price(subscription),
    )


def add_items_by_key(customer: Customer, items: list[Item], order_key: OrderKey) -> Order:
    """Add new items to the open order of `order_key`, which is made where there is none."""
    order = _find_open_order(customer, order_key) or new_row(
        Order,
        merchant=customer.merchant,
        customer=customer,
        currency_code=_currency(customer, items),
        **order_key._asdict(),
    )
    add_items(order, *items)
    return order


def add_items(order: Order, *items: Item) -> None:
    """Write new items to `order`, which may be new itself."""
    earlier = load_items(order)
    changed = totals.recount_order(order, [*earlier, *items])
    _save_amounts(order)
    for item in items:
        item.order = order
        insert(item)
    _update_items([line for line in changed if line in earlier], "total_price")


def upcoming_item(subscription: Subscription) -> Item:
    """The upcoming item of a live subscription, with its order. Refused when that can no longer be changed."""
    found = UPCOMING_ITEM.all(merchant=subscription.merchant_id, subscription=subscription.pk)
    if not found or not found[0].order.is_open:
        raise refused("order_not_open")
    (item,) = found
    item.subscription = subscription
    _attach_customer(item.order, subscription.customer)
    return item


def move_item(customer: Customer, item: Item, order_key: OrderKey) -> Order:
    """Take the item, and it alone, to `order_key`; if it is all its order has and nobody is there, the order moves."""
    order = item.order
    if order.order_key == order_key:
        return order
    others = [line for line in load_items(order) if line.pk != item.pk]
    target = _find_open_order(customer, order_key)
    if target is None and not others:
        return _move_whole_order(order, order_key)
    target = target or _new_order_beside(customer, order, order_key)
    changed = totals.recount_order(target, [*load_items(target), item])
    _save_amounts(target)
    item.order = target
    _update_items([line for line in changed if line.pk != item.pk], "total_price")
    _update_items([item], "order", "total_price")
    if not others:
        _move_incentives(order, target)
    shrink_order(order, others)
    return target


def move_order(customer: Customer, order: Order, order_key: OrderKey) -> Order:
    """Take the whole order to `order_key`. Where another open order is there already, that one gets the items.

    Returns the order that now has them; the merged one is history and says which it was merged into.
    """
    if order.order_key == order_key:
        return order
    target = _find_open_order(customer, order_key) if order.is_open else None
    if target is None:
        return _move_whole_order(order, order_key)
    Item.objects.filter(merchant=order.merchant_id, order=order).update(order=target)
    _move_incentives(order, target)
    set_status(order, OrderStatus.MERGED)
    order.extra_data = {**(order.extra_data or {}), "merged_order_id": target.public_id.hex}
    save_totals(order, [])
    update(order, "status", "extra_data")
    save_totals(target, load_items(target))
    return target


def remove_item(customer: Customer, item: Item) -> None:
    """Take the item off its order for good; an order left empty goes away."""
    others = [line for line in load_items(item.order) if line.pk != item.pk]
    shrink_order(_attach_customer(item.order, customer), others, [item])


def shrink_order(order: Order, others: list[Item], gone: Iterable[Item] = ()) -> None:
    """What becomes of an order that items have left, `gone` for good: it goes on with `others`, or goes away."""
    if not others:
        order.delete()  # what is left on it goes along, by the database's own rule
        return
    for item in gone:
        item.delete()
    save_totals(order, others)


def save_totals(order: Order, items: Iterable[Item]) -> None:
    """Bring the totals of a saved order in line with its items, and save both."""
    _update_items(totals.recount_order(order, items), "total_price")
    update(order, *AMOUNTS)


def save_totals_around_item(item: Item) -> None:
    """As `save_totals`, for the order of an item that was changed and saved."""
    save_totals(item.order, load_items(item.order))


def load_items(order: Order) -> list[Item]:
    """The items of `order`, with what prices and payloads need of them."""
    if order.pk is None:
        return []
    found = ITEMS.all(merchant=order.merchant_id, order=order.pk)
    for item in found:
        item.order = order
    return found


def create_next_items(customer: Customer, items: Iterable[Item], start: date) -> list[Item]:
    """Close those of `items` that are upcoming, and give their subscriptions the next ones, from `start` on.

    `start` plus one frequency in calendar units, and as many more as lead past today. Returns the new items.
    """
    today = calendar.today(customer.merchant.time_zone)
    coming = [item for item in items if item.upcoming]
    for item in coming:
        item.upcoming = False
    if coming:
        Item.objects.filter(pk__in=[item.pk for item in coming]).update(upcoming=False)
    made: dict[OrderKey, list[Item]] = {}
    for subscription in (item.subscription for item in coming if item.subscription):
        subscription.customer, subscription.merchant = customer, customer.merchant
        day = calendar.next_date(start, subscription.every, subscription.every_period, today)
        order_key = OrderKey(day, subscription.payment_id, subscription.shipping_address_id)
        made.setdefault(order_key, []).append(new_item(subscription))
    for order_key, added in made.items():
        add_items_by_key(customer, added, order_key)
    return [item for added in made.values() for item in added]


def set_status(order: Order, status: OrderStatus) -> None:
    """Give `order` another status: the only place that does. The caller saves `status` and `updated`.

    Raises ValueError where the table of statuses has no such step: a guard is missing in the action.
    """
    if status not in order.status_row.leads_to:
        raise ValueError(f"an order cannot go from {order.get_status_display()} to {status.label} in one action")
    order.status, order.updated = status, calendar.now()


def change_status(order: Order, status: OrderStatus, *names: str) -> None:
    """Give `order` another status, and save the columns `names` with it."""
    set_status(order, status)
    update(order, "status", *names, "updated")


def withdraw_subscription(subscription: Subscription) -> list[Order]:
    """Take the upcoming item of a cancelled subscription away, and end the orders that are tried again for it alone.

    Returns the orders that were cancelled.
    """
    by_order: dict[int, list[Item]] = {}
    for line in CHANGEABLE_ITEMS.all(merchant=subscription.merchant_id, customer=subscription.customer_id):
        by_order.setdefault(line.order_id, []).append(line)
    ended = []
    for items in by_order.values():
        order = _attach_customer(items[0].order, subscription.customer)
        mine = [line for line in items if line.subscription_id == subscription.pk]
        others = [line for line in items if line not in mine]
        if not mine:
            continue
        if order.is_open or (others and order.oos_free_shipping):
            shrink_order(order, others, mine)
        elif not others:
            cancel_order(order)
            ended.append(order)
    return ended


def cancel_order(order: Order) -> None:
    """Cancel an order; its items stay as history."""
    set_status(order, OrderStatus.CANCELLED)
    order.cancelled = order.updated
    update(order, "status", "cancelled", "updated")


def items_with_incentive_flag() -> QuerySet[Item]:
    """Items that know whether they or their orders have incentives to count: most have not, and none need be read."""
    counting = OneTimeIncentive.objects.filter(applied_at__isnull=True)
    return Item.objects.annotate(
        has_incentives=Exists(counting.filter(order=OuterRef("order"))) | Exists(counting.filter(item=OuterRef("pk")))
    )


def _currency(customer: Customer, items: Iterable[Item]) -> str:
    subscribed = (item.subscription.currency_code for item in items if item.subscription)
    return next(subscribed, customer.merchant.currency_code)


def _new_order_beside(customer: Customer, order: Order, order_key: OrderKey) -> Order:
    """A new order of the same customer, with what is known of the payment and address they share."""
    place = order_key._asdict()
    made = new_row(Order, merchant=customer.merchant, customer=customer, currency_code=order.currency_code, **place)
    for name in ("payment", "shipping_address"):
        if getattr(made, f"{name}_id") == getattr(order, f"{name}_id"):
            setattr(made, name, getattr(order, name))
    return made


def _find_open_order(customer: Customer, order_key: OrderKey) -> Order | None:
    found = OPEN_ORDER.all(merchant=customer.merchant_id, customer=customer.pk, **order_key._asdict())
    return _attach_customer(found[0], customer) if found else None


def has_open_order(customer: Customer, order_key: OrderKey) -> bool:
    """Whether the customer has an open order in `order_key`."""
    return _find_open_order(customer, order_key) is not None


def _attach_customer(order: Order, customer: Customer) -> Order:
    order.customer, order.merchant = customer, customer.merchant
    return order


def _move_incentives(order: Order, target: Order) -> None:
    """What the customer was promised for an order goes along with the last of its items."""
    promised = OneTimeIncentive.objects.filter(merchant=order.merchant_id, order=order)
    if promised.update(order=target):
        save_totals(target, load_items(target))


def _move_whole_order(order: Order, order_key: OrderKey) -> Order:
    for name, value in order_key._asdict().items():
        setattr(order, name, value)
    order.updated = calendar.now()
    update(order, *KEY_COLUMNS, "updated")
    return order


def _save_amounts(order: Order) -> None:
    if order.pk:
        update(order, *AMOUNTS)
    else:
        insert(order)


def _update_items(items: Iterable[Any], *names: str) -> None:
    for item in items:
        update(item, *names)
