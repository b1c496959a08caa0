"""Which order an item is on.

No two open orders of a customer have the same date, payment, address and currency, their `OrderKey`. A change that
would give two of them the same key merges them. An order that loses its last item is deleted. Each change updates the
totals, and emits what happened to orders and items as part of the action.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from common.db import Param, Query, insert, new_row, update
from subscriptions import calendar
from subscriptions.actions import order_status, totals
from subscriptions.actions.core import ActionContext
from subscriptions.actions.order_items import (
    AMOUNTS,
    ITEM_AMOUNTS,
    items_with_incentive_flag,
    load_items,
    new_item,
    save_totals,
)
from subscriptions.actions.subjects import attach_customer
from subscriptions.events import catalogue
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

Context = ActionContext[Any]  # of whichever action an order or item changes in
MERGED_INTO = "merged_order_id"  # in the extra data of a merged order, as the REST API gives it
KEY_COLUMNS = ("place_date", "payment", "shipping_address", "currency_code")
# Without the day: PostgreSQL would take an index by day, and go through all orders that a shop has for it.
OPEN_ORDERS = Query(
    lambda: (
        Order.objects.open()
        .select_related("payment", "shipping_address")
        .filter(
            merchant=Param("merchant"),
            customer=Param("customer"),
            payment=Param("payment_id"),
            shipping_address=Param("shipping_address_id"),
            currency_code=Param("currency_code"),
        )
    )
)
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


def add_subscription_item(context: Context, subscription: Subscription, day: date, offer: Offer | None = None) -> Item:
    """Create the upcoming item of a subscription that has none, on `day`; `offer` applies to this item alone."""
    item = new_item(subscription)
    item.offer_id = offer.pk if offer else item.offer_id
    add_items_by_key(context, [item], next_order_key(subscription, day))
    return item


def next_order_key(subscription: Subscription, day: date) -> OrderKey:
    """The key of the order for the next item of `subscription` if that item is due on `day`."""
    return OrderKey(day, subscription.payment_id, subscription.shipping_address_id, subscription.currency_code)


def add_items_by_key(context: Context, items: list[Item], order_key: OrderKey, *, limited: bool = True) -> Order:
    """`add_items` on the open order with this key, or on a new order if there is none."""
    order = find_open_order(context.customer, order_key) or new_order(context.customer, order_key)
    add_items(context, order, *items, limited=limited)
    return order


def new_order(customer: Customer, order_key: OrderKey) -> Order:
    """An open order with this key; unsaved."""
    return new_row(Order, merchant=customer.merchant, customer=customer, **order_key._asdict())


def add_items(context: Context, order: Order, *items: Item, limited: bool = True) -> list[Item]:
    """Save new items on `order`, which may be unsaved itself. Returns the items that it had before.

    Refused if the order then costs too much, unless `limited` is false: what a job adds must not fail.
    """
    present = load_items(order)
    changed = totals.recount_order(order, [*present, *items])
    if limited:
        totals.require_payable(order, [*present, *items])
    _save_amounts(context, order)
    for item in items:
        item.order = order
        insert(item)
        context.emit(catalogue.ITEM_CREATE, item)
    for item in changed:
        if item in present:
            update(item, *ITEM_AMOUNTS)
    return present


def move_item(context: Context, item: Item, order_key: OrderKey) -> Order:
    """Move one item to the open order with this key, which is created if there is none.

    If the item is alone on its order and no order has this key, its order gets the key. Returns the item's order.
    """
    order = item.order
    if order.order_key == order_key:
        return order
    others = [each for each in load_items(order) if each.pk != item.pk]
    target = find_open_order(context.customer, order_key)
    if target is None and not others:
        return _change_key(order, order_key)
    target = target or _new_order_beside(context.customer, order, order_key)
    joined = [*load_items(target), item]
    changed = totals.recount_order(target, joined)
    totals.require_payable(target, joined)
    _save_amounts(context, target)
    item.order = target
    for each in changed:
        if each.pk != item.pk:
            update(each, *ITEM_AMOUNTS)
    update(item, "order", *ITEM_AMOUNTS)
    context.emit(catalogue.ITEM_CHANGE_ORDER, item)
    if not others:
        _move_incentives(order, target)
    shrink_order(context, order, others)
    return target


def move_order(context: Context, order: Order, order_key: OrderKey) -> Order:
    """Give `order` this key, or merge it into the open order that already has the key.

    Returns the order that then has the items. A merged order stays as history and names its target in `extra_data`.
    """
    if order.order_key == order_key:
        return order
    target = find_open_order(context.customer, order_key) if order.is_open else None
    if target is None:
        return _change_key(order, order_key)
    moved = load_items(order) if context.is_wanted(catalogue.ITEM_CHANGE_ORDER) else []
    Item.objects.filter(merchant=order.merchant_id, order=order).update(order=target)
    _move_incentives(order, target)
    order_status.set_status(order, OrderStatus.MERGED)
    order.extra_data = {**(order.extra_data or {}), MERGED_INTO: target.public_id.hex}
    save_totals(order, [])
    update(order, "status", "extra_data")
    joined = load_items(target)
    save_totals(target, joined)
    totals.require_payable(target, joined)
    emit_moved_items(context, moved, target)
    return target


def emit_moved_items(context: Context, items: Iterable[Item], order: Order) -> None:
    """Emit that these items have moved to `order`."""
    for item in items:
        item.order = order
        context.emit(catalogue.ITEM_CHANGE_ORDER, item)


def remove_item(context: Context, item: Item) -> None:
    """Delete the item; an order left empty is deleted too."""
    others = [each for each in load_items(item.order) if each.pk != item.pk]
    shrink_order(context, attach_customer(item.order, context.customer), others, [item])


def shrink_order(context: Context, order: Order, remaining: list[Item], removed: Iterable[Item] = ()) -> None:
    """Update an order after items have left it: it keeps the `remaining` items, or is deleted if there are none.

    `removed` are the items to delete; items that moved to another order are in neither list.
    """
    if remaining:
        for item in removed:
            item.delete()
        save_totals(order, remaining)
    else:
        order.delete()  # the database deletes its items along with it
    # Only now, because events cannot point at an order that is deleted after them.
    for item in removed:
        item.order = order
        context.emit(catalogue.ITEM_REMOVE, item)
    if not remaining:
        context.emit(catalogue.ORDER_DELETE, order)


def create_next_items(context: Context, items: Iterable[Item], start: date) -> list[Item]:
    """Mark the upcoming items among `items` as past, and create the next item of each subscription.

    Its date is `start` plus as many frequencies, at least one, as it takes to pass today. Returns the new items.
    """
    today = calendar.today(context.customer.merchant.time_zone)
    closing = [item for item in items if item.upcoming]
    for item in closing:
        item.upcoming = False
    if closing:
        Item.objects.filter(pk__in=[item.pk for item in closing]).update(upcoming=False)
    by_key: dict[OrderKey, list[Item]] = {}
    for subscription in (item.subscription for item in closing if item.subscription):
        attach_customer(subscription, context.customer)
        day = calendar.next_date(start, subscription.every, subscription.every_period, today)
        by_key.setdefault(next_order_key(subscription, day), []).append(new_item(subscription))
    for order_key, added in by_key.items():
        add_items_by_key(context, added, order_key, limited=False)
    return [item for added in by_key.values() for item in added]


def withdraw_subscription(context: Context, subscription: Subscription) -> tuple[date | None, list[Order]]:
    """Remove the upcoming item of a cancelled subscription, and cancel the orders being retried for it alone.

    Returns the day the item was planned for, and the orders that were cancelled.
    """
    by_order: dict[int, list[Item]] = {}
    for item in CHANGEABLE_ITEMS.all(merchant=subscription.merchant_id, customer=subscription.customer_id):
        by_order.setdefault(item.order_id, []).append(item)
    planned, cancelled = None, []
    for items in by_order.values():
        own = [item for item in items if item.subscription_id == subscription.pk]
        others = [item for item in items if item not in own]
        if not own:
            continue
        order = attach_customer(items[0].order, subscription.customer)
        if any(item.upcoming for item in own):
            planned = order.place_date
        if order.is_open or (others and order.oos_free_shipping):
            shrink_order(context, order, others, own)
        elif not others:
            order_status.cancel_order(order)
            cancelled.append(order)
    return planned, cancelled


def find_open_order(customer: Customer, order_key: OrderKey) -> Order | None:
    """The customer's open order with this key."""
    place = order_key._asdict()
    day = place.pop("place_date")
    found = OPEN_ORDERS.all(merchant=customer.merchant_id, customer=customer.pk, **place)
    return next((attach_customer(order, customer) for order in found if order.place_date == day), None)


def _new_order_beside(customer: Customer, order: Order, order_key: OrderKey) -> Order:
    """A new, unsaved order of the same customer. It reuses the payment and address that `order` has loaded."""
    made = new_order(customer, order_key)
    for name in ("payment", "shipping_address"):
        if getattr(made, f"{name}_id") == getattr(order, f"{name}_id"):
            setattr(made, name, getattr(order, name))
    return made


def _move_incentives(order: Order, target: Order) -> None:
    """Move the incentives of an order that loses its last items to the order that gets them."""
    incentives = OneTimeIncentive.objects.filter(merchant=order.merchant_id, order=order)
    if incentives.update(order=target):
        save_totals(target, load_items(target))


def _change_key(order: Order, order_key: OrderKey) -> Order:
    for name, value in order_key._asdict().items():
        setattr(order, name, value)
    order.updated = calendar.now()
    update(order, *KEY_COLUMNS, "updated")
    return order


def _save_amounts(context: Context, order: Order) -> None:
    if order.pk:
        update(order, *AMOUNTS)
    else:
        insert(order)
        context.emit(catalogue.ORDER_CREATE, order)
