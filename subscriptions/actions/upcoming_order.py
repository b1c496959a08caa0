"""The verbs that jobs run on an order before and when it is due; `placement_results` has those that follow."""

from datetime import date, timedelta
from decimal import Decimal

from common.db import insert, update
from subscriptions import calendar
from subscriptions.actions import bulk_reminders, checks, order_items, orders, totals
from subscriptions.actions.bulk_orders import reprice_items
from subscriptions.actions.core import ActionContext, action
from subscriptions.actions.sentences import name_first
from subscriptions.errors import refused
from subscriptions.events import catalogue
from subscriptions.models import Item, Order, OrderStatus

STOCK_WAIT = timedelta(days=30)


def must_be_upcoming(context: ActionContext[Order]) -> None:
    """The order is open or waits for stock."""
    if not context.subject.oos_free_shipping:
        checks.must_be_open(context)
    elif context.subject.status != OrderStatus.UNSENT:
        raise refused("order_not_open")


@action("order.remind", guards=[checks.must_be_open])
def remind(context: ActionContext[Order], *, again: bool = False) -> str:
    """Remind the customer of this order, at current prices; once for each date unless `again`."""
    if not again and not bulk_reminders.needs_reminder(context.subject):
        raise refused("order_reminded")
    (sentence,) = bulk_reminders.remind_of_orders([context])
    return sentence


@action("order.warn_of_card", guards=[checks.must_be_open])
def warn_of_card(context: ActionContext[Order], *, day: date) -> str:
    """Warn that the order's card expires before the order is placed; once for the card check of `day`."""
    order = context.subject
    if order.payment.expires_on is None or order.payment.expires_on >= order.place_date:
        raise refused("card_outlives_order")
    if order.warned_of_card_on == day:
        raise refused("card_warned_of")
    order.warned_of_card_on = day
    update(order, "warned_of_card_on")
    context.emit(catalogue.CARD_EXPIRATION, order)
    place_date = calendar.human_date(order.place_date)
    return f"Warned the customer that {order.payment} expires before the order of {place_date}."


@action("order.queue")
def queue(context: ActionContext[Order]) -> str:
    """Hand an order that is due, or due for a retry, to placement. `context.result` is the list of new upcoming items.

    They are created now, so that a failing placement never stops the cycle. An item costs the lower of its last price
    and the current one; a locked or manually set price stays.
    """
    order = context.subject
    if OrderStatus.PENDING_PLACEMENT not in order.status_row.leads_to:
        raise refused("order_not_due")
    items = order_items.load_items(order)
    reprice_items(items, _charged_price)
    order_items.save_totals(order, items)
    context.result = orders.create_next_items(context.customer, items, order.place_date)
    order.tries += 1
    order.tried_at, order.retry_at = calendar.now(), None
    orders.change_status(order, OrderStatus.PENDING_PLACEMENT, "tries", "tried_at", "retry_at")
    return f"Queued the order of {calendar.human_date(order.place_date)} for placement, try {order.tries}."


@action("order.set_aside", guards=[must_be_upcoming])
def set_aside(context: ActionContext[Order]) -> str:
    """Move the items that are out of stock to an order of their own, which waits for stock.

    One-time items are dropped. Subscriptions go on: their next items are created now. `context.result` is the
    waiting order, or None. If this order was waiting already, the items still missing are split off to wait longer.
    """
    order = context.subject
    items = order_items.load_items(order)
    missing = [item for item in items if not item.product.live]
    if not missing or (order.oos_free_shipping and len(missing) == len(items)):
        raise refused("nothing_out_of_stock")
    waiting = [item for item in missing if item.subscription]
    orders.create_next_items(context.customer, waiting, order.place_date)
    for item in missing:
        if not item.subscription:
            item.delete()
    rest = [item for item in items if item.product.live]
    if waiting:
        context.result = _split_off(order, waiting, alone=not rest)
    if context.result is not order:
        orders.shrink_order(order, rest)
    for item in waiting:
        context.emit(catalogue.OUT_OF_STOCK, item)
    names = name_first(item.product for item in missing)
    return f"Out of stock for the order of {calendar.human_date(order.place_date)}: {names}."


@action("order.stop_waiting")
def stop_waiting(context: ActionContext[Order]) -> str:
    """Remove the items that have waited for stock for 30 days, or until the next order of their subscription is due."""
    order = context.subject
    if order.status != OrderStatus.UNSENT or not order.oos_free_shipping:
        raise refused("order_not_waiting_for_stock")
    items = order_items.load_items(order)
    today = calendar.today(context.customer.merchant.time_zone)
    is_over = today >= order.place_date + STOCK_WAIT
    removed = items if is_over else [item for item in items if _is_due_again(item, today)]
    if not removed:
        raise refused("order_waits_on")
    orders.shrink_order(order, [item for item in items if item not in removed], removed)
    names = name_first(item.product for item in removed)
    return f"Out of stock for too long for the order of {calendar.human_date(order.place_date)}: {names}."


def _is_due_again(item: Item, today: date) -> bool:
    upcoming = Item.objects.filter(merchant=item.merchant_id, subscription=item.subscription_id, upcoming=True)
    return upcoming.filter(order__place_date__lte=today).exists()


def _split_off(order: Order, items: list[Item], *, alone: bool) -> Order:
    """Put `items` on an order that waits for stock and ships free; `order` itself if it has no others."""
    if alone:
        target = order
        target.oos_free_shipping = True
        update(target, "oos_free_shipping")
    else:
        target = Order(
            merchant=order.merchant,
            customer=order.customer,
            payment=order.payment,
            shipping_address=order.shipping_address,
            place_date=order.place_date,
            currency_code=order.currency_code,
            oos_free_shipping=True,
        )
        insert(target)
    for item in items:
        item.order = target
        update(item, "order")
    order_items.save_totals(target, items)
    return target


def _charged_price(item: Item) -> Decimal:
    """The lower of the last price and the current one, unless the subscription's price is locked."""
    current = totals.current_price(item)
    is_locked = item.subscription is not None and item.subscription.price is not None
    return current if is_locked else min(item.price, current)
