"""The verbs of what the clock does to an order, up to its placement; what comes of that is in `placement_results`."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from common.db import insert, update
from subscriptions import calendar
from subscriptions.actions import bulk_reminders, checks, order_items, orders, totals
from subscriptions.actions.bulk_orders import reprice_items
from subscriptions.actions.core import ActionContext, action
from subscriptions.errors import refused
from subscriptions.events import catalogue
from subscriptions.models import Item, Order, OrderStatus

STOCK_WAIT = timedelta(days=30)


def must_be_to_come(context: ActionContext[Order]) -> None:
    """Open, or waiting for stock."""
    if not context.subject.oos_free_shipping:
        checks.must_be_open(context)
    elif context.subject.status != OrderStatus.UNSENT:
        raise refused("order_not_open")


@action("order.remind", guards=[checks.must_be_open])
def remind(context: ActionContext[Order], *, again: bool = False) -> str:
    """Tell of the coming order at the prices that then count; of one date once, unless `again`."""
    if not again and not bulk_reminders.needs_reminder(context.subject):
        raise refused("order_reminded")
    return bulk_reminders.remind_of_orders([context])[0]


@action("order.warn_of_card", guards=[checks.must_be_open])
def warn_of_card(context: ActionContext[Order], *, day: date) -> str:
    """Tell that the order's card ends before the order is placed; once for the check of `day`."""
    order = context.subject
    if order.payment.expires_on is None or order.payment.expires_on >= order.place_date:
        raise refused("card_outlives_order")
    if order.warned_of_card_on == day:
        raise refused("card_warned_of")
    order.warned_of_card_on = day
    update(order, "warned_of_card_on")
    context.emit(catalogue.CARD_EXPIRATION, order)
    return f"Warned that {order.payment} expires before the order of {calendar.human_date(order.place_date)}."


@action("order.queue")
def queue(context: ActionContext[Order]) -> str:
    """Hand a due order, or one to be tried again, to placement. The next order is made now, whatever comes of this.

    A line costs the lower of the last price and the present one; a price that is locked or set by hand stays.
    """
    order = context.subject
    if OrderStatus.PENDING_PLACEMENT not in order.status_row.leads_to:
        raise refused("order_not_due")
    found = _reprice(order, _charged_price)
    context.result = orders.create_next_items(context.customer, found, order.place_date)
    order.tries += 1
    order.tried_at, order.retry_at = calendar.now(), None
    orders.change_status(order, OrderStatus.PENDING_PLACEMENT, "tries", "tried_at", "retry_at")
    return f"Sent the order of {calendar.human_date(order.place_date)} to be placed, try {order.tries}."


@action("order.set_aside", guards=[must_be_to_come])
def set_aside(context: ActionContext[Order]) -> str:
    """Move the items out of stock to an order of their own, which waits for the stock; one-time items are dropped.

    Their subscriptions go on: the next items are made now. `context.result` is the order that waits, or None.
    Of an order that waits already, those still missing go on waiting apart.
    """
    order = context.subject
    lines = order_items.load_items(order)
    missing = [line for line in lines if not line.product.live]
    if not missing or (order.oos_free_shipping and len(missing) == len(lines)):
        raise refused("nothing_out_of_stock")
    waiting = [line for line in missing if line.subscription]
    orders.create_next_items(context.customer, waiting, order.place_date)
    for line in missing:
        if not line.subscription:
            line.delete()
    rest = [line for line in lines if line.product.live]
    if waiting:
        context.result = _split_off(order, waiting, alone=not rest)
    if context.result is not order:
        orders.shrink_order(order, rest)
    for line in waiting:
        context.emit(catalogue.OUT_OF_STOCK, line)
    names = ", ".join(str(line.product) for line in missing)
    return f"Out of stock for the order of {calendar.human_date(order.place_date)}: {names}."


@action("order.stop_waiting")
def stop_waiting(context: ActionContext[Order]) -> str:
    """Remove the items that have waited for stock for 30 days, or until their subscription's next order was due."""
    order = context.subject
    if order.status != OrderStatus.UNSENT or not order.oos_free_shipping:
        raise refused("order_not_waiting_for_stock")
    lines = order_items.load_items(order)
    today = calendar.today(context.customer.merchant.time_zone)
    over = lines if today >= order.place_date + STOCK_WAIT else [line for line in lines if _is_due_again(line, today)]
    if not over:
        raise refused("order_waits_on")
    orders.shrink_order(order, [line for line in lines if line not in over], over)
    names = ", ".join(str(line.product) for line in over)
    return f"Out of stock for too long in the order of {calendar.human_date(order.place_date)}: {names}."


def _is_due_again(line: Item, today: date) -> bool:
    coming = Item.objects.filter(merchant=line.merchant_id, subscription=line.subscription_id, upcoming=True)
    return coming.filter(order__place_date__lte=today).exists()


def _split_off(order: Order, items: list[Item], *, alone: bool) -> Order:
    """The order in which `items` wait for stock, shipped free: `order` itself if they are all it has."""
    target = order
    if not alone:
        target = Order(
            merchant=order.merchant,
            customer=order.customer,
            payment=order.payment,
            shipping_address=order.shipping_address,
            place_date=order.place_date,
            currency_code=order.currency_code,
        )
    target.oos_free_shipping = True
    if alone:
        update(target, "oos_free_shipping")
    else:
        insert(target)
    for item in items:
        item.order = target
        update(item, "order")
    order_items.save_totals(target, items)
    return target


def _charged_price(item: Item) -> Decimal:
    """The lower of the last price and the present one; a locked price counts as it is."""
    present = totals.current_price(item)
    locked = item.subscription is not None and item.subscription.price is not None
    return present if locked else min(item.price, present)


def _reprice(order: Order, price: Callable[[Item], Decimal]) -> list[Item]:
    found = order_items.load_items(order)
    reprice_items(found, price)
    order_items.save_totals(order, found)
    return found
