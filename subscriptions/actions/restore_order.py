"""The verbs that undo a skip or a merge of an order."""

from collections.abc import Sequence

from subscriptions import calendar
from subscriptions.actions import checks, order_items, order_status, orders
from subscriptions.actions.core import ActionContext, action
from subscriptions.actions.subjects import attach_customer
from subscriptions.errors import refused
from subscriptions.events import catalogue
from subscriptions.models import Item, OneTimeIncentive, Order, OrderStatus


def must_have_been_skipped(context: ActionContext[Order]) -> None:
    order = context.subject
    if order.status != OrderStatus.CANCELLED or order.tries or order.locked or order.oos_free_shipping:
        raise refused("order_not_restorable")


def must_have_been_merged(context: ActionContext[Order]) -> None:
    if context.subject.status != OrderStatus.MERGED:
        raise refused("order_not_restorable")


@action("order.unskip", guards=[must_have_been_skipped])
def unskip(context: ActionContext[Order]) -> str:
    """Plan a skipped order again, which is `context.result`, and remove the items that were planned in its place.

    Refused when the upcoming item of one of its subscriptions can no longer be removed, when its date is in the past,
    or when another open order has taken its place.
    """
    order = context.subject
    for subscription in [item.subscription for item in order_items.load_items(order) if item.subscription]:
        attach_customer(subscription, context.customer)
        orders.remove_item(context, order_items.upcoming_item(subscription))
    _reopen(context, "cancelled")
    Item.objects.filter(merchant=order.merchant_id, order=order).update(upcoming=True)
    order_items.save_totals(order, order_items.load_items(order))
    context.emit(catalogue.ORDER_CHANGE_DATE, order)
    context.result = order
    return f"Undid the skip of the order of {calendar.human_date(order.place_date)}."


@action("order.unmerge", guards=[must_have_been_merged])
def unmerge(context: ActionContext[Order], *, items: Sequence[int], incentives: Sequence[int] = ()) -> str:
    """Take a merged order, which is `context.result`, out of the order it went into, and plan it for its old date.

    `items` and `incentives` are the keys of those it had. Refused when an item has left the order that it was merged
    into, when the old date is in the past, or when another open order has taken its place.
    """
    order = context.subject
    target = _merged_into(order)
    extra_data = order.extra_data or {}
    order.extra_data = {key: value for key, value in extra_data.items() if key != orders.MERGED_INTO} or None
    _reopen(context, "extra_data")
    held = Item.objects.filter(merchant=order.merchant_id, order=target, pk__in=items)
    if held.update(order=order) != len(items):
        raise refused("order_not_restorable")
    OneTimeIncentive.objects.filter(merchant=order.merchant_id, order=target, pk__in=incentives).update(order=order)
    own_items = order_items.load_items(order)
    orders.emit_moved_items(context, own_items, order)
    orders.shrink_order(context, target, order_items.load_items(target))
    order_items.save_totals(order, own_items)
    context.emit(catalogue.ORDER_CHANGE_DATE, order)
    context.result = order
    return f"Undid the merge of the order of {calendar.human_date(order.place_date)}."


def _merged_into(order: Order) -> Order:
    """The open order that `order` was merged into. Refused when there is no such order any more."""
    open_orders = Order.objects.open().filter(merchant=order.merchant_id, customer=order.customer_id)
    found = open_orders.filter(public_id=(order.extra_data or {})[orders.MERGED_INTO]).first()
    if found is None:
        raise refused("order_not_restorable")
    return attach_customer(found, order.customer)


def _reopen(context: ActionContext[Order], *names: str) -> None:
    """Reopen the order, and save the columns `names` with it."""
    order = context.subject
    checks.require_today_or_later(context, order.place_date)
    if orders.find_open_order(order.customer, order.order_key):
        raise refused("order_not_restorable")
    order.cancelled = None
    order_status.change_status(order, OrderStatus.UNSENT, *names)
