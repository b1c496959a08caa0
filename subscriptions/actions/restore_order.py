"""The verbs that put an order back as it was before a skip or a merge."""

from collections.abc import Sequence

from subscriptions import calendar
from subscriptions.actions import checks, orders
from subscriptions.actions.core import ActionContext, action
from subscriptions.errors import refused
from subscriptions.events import catalogue
from subscriptions.models import Item, OneTimeIncentive, Order, OrderStatus, Subscription

MERGED_INTO = "merged_order_id"


def must_have_been_skipped(context: ActionContext[Order]) -> None:
    order = context.subject
    if order.status != OrderStatus.CANCELLED or order.tries or order.locked or order.oos_free_shipping:
        raise refused("order_not_restorable")


def must_have_been_merged(context: ActionContext[Order]) -> None:
    if context.subject.status != OrderStatus.MERGED:
        raise refused("order_not_restorable")


@action("order.unskip", guards=[must_have_been_skipped])
def unskip(context: ActionContext[Order]) -> str:
    """Plan a skipped order again; what was planned in its place is removed.

    Refused when a subscription of it has no upcoming item that can be taken back, its day is
    over, or another order has it.
    """
    order = context.subject
    for subscription in [line.subscription for line in orders.load_items(order) if line.subscription]:
        _forget_next(context, subscription)
    _reopen(context, "cancelled")
    Item.objects.filter(merchant=order.merchant_id, order=order).update(upcoming=True)
    _restored(context)
    return f"Took the skip of the order of {calendar.human_date(order.place_date)} back."


@action("order.unmerge", guards=[must_have_been_merged])
def unmerge(context: ActionContext[Order], *, items: Sequence[int], incentives: Sequence[int] = ()) -> str:
    """Take a merged order out of the one it went into, on its old day, with what it had: `items`, `incentives`.

    Both are keys. Refused when an item is no longer where the merge took it, or another order has the day.
    """
    order = context.subject
    target = _merged_into(order)
    order.extra_data = {key: value for key, value in (order.extra_data or {}).items() if key != MERGED_INTO} or None
    _reopen(context, "extra_data")
    held = Item.objects.filter(merchant=order.merchant_id, order=target, pk__in=items)
    if held.update(order=order) != len(items):
        raise refused("order_not_restorable")
    OneTimeIncentive.objects.filter(merchant=order.merchant_id, order=target, pk__in=incentives).update(order=order)
    orders.shrink_order(target, orders.load_items(target))
    _restored(context)
    return f"Took the order of {calendar.human_date(order.place_date)} out of the one it had been merged into."


def _forget_next(context: ActionContext[Order], subscription: Subscription) -> None:
    subscription.customer, subscription.merchant = context.customer, context.customer.merchant
    orders.remove_item(context.customer, orders.upcoming_item(subscription))


def _merged_into(order: Order) -> Order:
    own = Order.objects.open().filter(merchant=order.merchant_id, customer=order.customer_id)
    found = own.filter(public_id=(order.extra_data or {})[MERGED_INTO]).first()
    if found is None:
        raise refused("order_not_restorable")
    found.customer, found.merchant = order.customer, order.merchant
    return found


def _reopen(context: ActionContext[Order], *names: str) -> None:
    order = context.subject
    checks.require_today_or_later(context, order.place_date)
    if orders.has_open_order(order.customer, order.order_key):
        raise refused("order_not_restorable")
    order.cancelled = None
    orders.change_status(order, OrderStatus.UNSENT, *names)


def _restored(context: ActionContext[Order]) -> None:
    orders.save_totals(context.subject, orders.load_items(context.subject))
    context.emit(catalogue.ORDER_CHANGE_DATE, context.subject)
