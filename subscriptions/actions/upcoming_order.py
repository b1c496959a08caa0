"""The verbs that jobs run on an order before and when it is due; `placement_results` has those that follow."""

from datetime import date
from decimal import Decimal

from common.db import insert, update, update_many
from subscriptions import calendar
from subscriptions.actions import bulk_reminders, checks, order_items, order_status, orders, totals
from subscriptions.actions.bulk_orders import reprice_items
from subscriptions.actions.core import ActionContext, action
from subscriptions.actions.gifts import add_gifts
from subscriptions.actions.sentences import name_first
from subscriptions.errors import refused
from subscriptions.events import catalogue
from subscriptions.models import Item, Order, OrderStatus

STOCK_DAYS = 30  # the last daily try, counted from the first


def must_be_certainly_unplaced(context: ActionContext[Order]) -> None:
    if not context.subject.status_row.may_wait_for_stock:
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
    """Warn that the order's card expires before the order is placed.

    Once for the card check of `day`; for merchants with `warn_once_per_card`, once for the order and this card.
    """
    order = context.subject
    if order.payment.expires_on is None or order.payment.expires_on >= order.place_date:
        raise refused("card_outlives_order")
    if order.warned_of_card_on == day:
        raise refused("card_warned_of")
    if context.customer.merchant.warn_once_per_card and order.warned_of_card_id == order.payment_id:
        raise refused("card_warned_of_once")
    order.warned_of_card_on, order.warned_of_card_id = day, order.payment_id
    update(order, "warned_of_card_on", "warned_of_card")
    context.emit(catalogue.CARD_EXPIRATION, order)
    place_date = calendar.human_date(order.place_date)
    return f"Warned the customer that {order.payment} expires before the order of {place_date}."


@action("order.queue")
def queue(context: ActionContext[Order]) -> str:
    """Hand an order that is due, or due for a retry, to placement. `context.result` is the list of new upcoming items.

    They are created now, so that a failing placement never stops the cycle. An item costs the lower of its last price
    and the current one; a locked or manually set price stays. Unused gifts join the order. Refused while an item is
    out of stock: call `set_aside` first.
    """
    order = context.subject
    if OrderStatus.PENDING_PLACEMENT not in order.status_row.leads_to:
        raise refused("order_not_due")
    items = order_items.load_items(order)
    if order.status_row.may_wait_for_stock and not all(item.product.live for item in items):
        raise refused("order_out_of_stock")
    items += add_gifts(context, items)
    reprice_items(items, _charged_price)
    order_items.save_totals(order, items)
    context.result = orders.create_next_items(context, items, order.place_date)
    order.tries += 1
    order.tried_at, order.retry_at = calendar.now(), None
    order_status.change_status(order, OrderStatus.PENDING_PLACEMENT, "tries", "tried_at", "retry_at")
    return f"Queued the order of {calendar.human_date(order.place_date)} for placement, try {order.tries}."


@action("order.set_aside", guards=[must_be_certainly_unplaced])
def set_aside(context: ActionContext[Order]) -> str:
    """Let the items that are out of stock wait on an order of their own, and tell the customer once a day.

    The order itself waits if all of its items are out of stock. `context.result` is the order that waits.
    Subscriptions go on: their next items are created now, unless they exist already. Repeated daily, it tells of the
    items still missing, and splits them off from those that are back.
    """
    order, today = context.subject, calendar.today(context.customer.merchant.time_zone)
    items = order_items.load_items(order)
    missing = [item for item in items if not item.product.live]
    news = [item for item in missing if item.out_of_stock_on != today]
    is_waiting = order.status == OrderStatus.UNSENT and order.oos_free_shipping
    if not missing or (is_waiting and len(missing) == len(items) and not news):
        raise refused("nothing_out_of_stock")
    orders.create_next_items(context, missing, order.place_date)
    for item in missing:
        item.out_of_stock_since, item.out_of_stock_on = item.out_of_stock_since or today, today
    rest = [item for item in items if item.product.live]
    context.result = _split_off(context, missing) if rest else _wait_for_stock(order, missing)
    if rest:
        orders.shrink_order(context, order, rest)
    for item in news:
        context.emit(catalogue.OUT_OF_STOCK, item)
    names = name_first(f"{item.product} (day {item.days_out_of_stock(today)})" for item in missing)
    return f"Out of stock for the order of {calendar.human_date(order.place_date)}: {names}."


@action("order.stop_waiting")
def stop_waiting(context: ActionContext[Order]) -> str:
    """Remove the items whose wait for stock is over.

    It is over after the try of the 30th day, and on the day when the next order of the item's subscription is due.
    """
    order = context.subject
    if order.status != OrderStatus.UNSENT or not order.oos_free_shipping:
        raise refused("order_not_waiting_for_stock")
    items = order_items.load_items(order)
    today = calendar.today(context.customer.merchant.time_zone)
    removed = [item for item in items if _has_waited_enough(item, today) or _is_due_again(item, today)]
    if not removed:
        raise refused("order_waits_on")
    orders.shrink_order(context, order, [item for item in items if item not in removed], removed)
    names = name_first(item.product for item in removed)
    return f"Out of stock for too long for the order of {calendar.human_date(order.place_date)}: {names}."


def _has_waited_enough(item: Item, today: date) -> bool:
    days = item.days_out_of_stock(today)
    return days > STOCK_DAYS or (days == STOCK_DAYS and item.out_of_stock_on == today)


def _is_due_again(item: Item, today: date) -> bool:
    later = Item.objects.filter(merchant=item.merchant_id, subscription=item.subscription_id, pk__gt=item.pk)
    due = later.filter(order__place_date__lte=today).exclude(order__status=OrderStatus.CANCELLED)
    return item.subscription_id is not None and due.exists()


def _wait_for_stock(order: Order, items: list[Item]) -> Order:
    """Let `order`, all of whose `items` are out of stock, wait for them."""
    order.oos_free_shipping, order.locked, order.retry_at = True, False, None
    update_many(items, "out_of_stock_since", "out_of_stock_on")
    if order.status != OrderStatus.UNSENT:
        order_status.set_status(order, OrderStatus.UNSENT)
    update(order, "status", "oos_free_shipping", "locked", "retry_at")
    order_items.save_totals(order, items)
    return order


def _split_off(context: ActionContext[Order], items: list[Item]) -> Order:
    """Put `items` on a new order beside the subject that waits for stock and ships free."""
    order = context.subject
    waiting = Order(
        merchant=order.merchant,
        customer=order.customer,
        payment=order.payment,
        shipping_address=order.shipping_address,
        place_date=order.place_date,
        currency_code=order.currency_code,
        oos_free_shipping=True,
    )
    insert(waiting)
    context.emit(catalogue.ORDER_CREATE, waiting)
    orders.emit_moved_items(context, items, waiting)
    update_many(items, "order", "out_of_stock_since", "out_of_stock_on")
    order_items.save_totals(waiting, items)
    return waiting


def _charged_price(item: Item) -> Decimal:
    """The lower of the last price and the current one, unless the subscription's price is locked."""
    current = totals.current_price(item)
    is_locked = item.subscription is not None and item.subscription.price is not None
    return current if is_locked else min(item.price, current)
