"""The verbs of placing an order: what the clock and the merchant's platform bring about."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from subscriptions import calendar
from subscriptions.actions import checks, entitlement, orders, prepaid, totals
from subscriptions.actions.core import Act, action
from subscriptions.errors import refused
from subscriptions.events import catalogue
from subscriptions.models import Item, OneTimeIncentive, Order, OrderStatus, Subscription
from subscriptions.models.prepared import insert, update

TRIED_AGAIN = [
    OrderStatus.EXCEPTION_DURING_PLACEMENT_PREPARATION,
    OrderStatus.CONNECTION_ERROR_DURING_PLACEMENT,
    OrderStatus.GENERIC_ERROR_RESPONSE,
    OrderStatus.CREDIT_CARD_RETRY,
]
UNDER_WAY = [
    OrderStatus.PENDING_BATCH_RESPONSE,
    OrderStatus.PENDING_VERIFICATION,
    OrderStatus.PENDING_PLACEMENT,
    OrderStatus.CONNECTION_ERROR_DURING_PLACEMENT,
]
HELD = [
    OrderStatus.PENDING_VERIFICATION,
    OrderStatus.EXCEPTION_DURING_PLACEMENT_PREPARATION,
    OrderStatus.CONNECTION_ERROR_DURING_PLACEMENT,
    OrderStatus.RESPONSE_PROCESSING_ERROR,
    OrderStatus.GENERIC_ERROR_RESPONSE,
]


def must_be_under_way(act: Act[Order]) -> None:
    if act.subject.status not in UNDER_WAY:
        raise refused("order_not_due")


@action("order.remind", guards=[checks.must_be_open])
def remind(act: Act[Order]) -> str:
    """Tell of the coming order at the prices that then count."""
    order = act.subject
    _reprice(order, totals.present_price)
    act.announce(catalogue.ORDER_REMINDER, order)
    return f"Reminded of the order of {calendar.human_date(order.place_date)}."


@action("order.warn_of_card", guards=[checks.must_be_open])
def warn_of_card(act: Act[Order]) -> str:
    """Tell that the order's card ends before the order is placed."""
    order = act.subject
    if order.payment.expires_on is None or order.payment.expires_on >= order.place_date:
        raise refused("card_outlives_order")
    act.announce(catalogue.CARD_EXPIRATION, order)
    return f"Warned that {order.payment} expires before the order of {calendar.human_date(order.place_date)}."


@action("order.queue")
def queue(act: Act[Order]) -> str:
    """Hand a due order, or one to be tried again, to placement. The next order is made now, whatever comes of this.

    A line costs the lower of the last price and the present one; a price that is locked or set by hand stays.
    """
    order = act.subject
    if order.status not in (OrderStatus.UNSENT, OrderStatus.SEND_NOW, *TRIED_AGAIN):
        raise refused("order_not_due")
    lines = _reprice(order, _charge)
    act.result = orders.follow_up(act.customer, lines, order.place_date)
    order.tries += 1
    order.tried_at, order.retry_at = timezone.now(), None
    _become(order, OrderStatus.PENDING_PLACEMENT, "tries", "tried_at", "retry_at")
    return f"Sent the order of {calendar.human_date(order.place_date)} to be placed, try {order.tries}."


@action("order.succeed", guards=[must_be_under_way])
def succeed(act: Act[Order], *, order_merchant_id: str) -> str:
    """The platform has placed it. Prepaid cycles go on, and plans add to their entitlements."""
    order, now = act.subject, timezone.now()
    order.order_merchant_id = order_merchant_id
    order.rejected_error_code = order.rejected_message = None
    _become(order, OrderStatus.SUCCESS, "order_merchant_id", "rejected_error_code", "rejected_message")
    order.items.filter(first_placed__isnull=True).update(first_placed=now, upcoming=False)
    Subscription.objects.filter(items__order=order, first_placed__isnull=True).update(first_placed=now)
    granted = OneTimeIncentive.objects.filter(merchant=order.merchant_id, applied_at__isnull=True)
    (granted.filter(order=order) | granted.filter(item__order=order)).update(applied_at=now)
    entitlement.grant_for(act, order)
    act.announce(catalogue.ORDER_SUCCESS, order)
    prepaid.advance(act, order)
    return f"Placed the order of {calendar.human_date(order.place_date)} as {order_merchant_id}."


@action("order.reject", guards=[must_be_under_way])
def reject(act: Act[Order], *, code: str, message: str) -> str:
    """It is refused for good; the subscriptions stay live, and their next orders keep their dates."""
    refuse(act, act.subject, code, message)
    return f"The order of {calendar.human_date(act.subject.place_date)} was rejected: {message} ({code})"


@action("order.decline", guards=[must_be_under_way])
def decline(act: Act[Order], *, code: str, message: str, retry_at: datetime | None) -> str:
    """The payment was declined: tried again at `retry_at`, or without it once somebody gives the instruction."""
    order = act.subject
    order.rejected_error_code, order.rejected_message, order.retry_at = code, message, retry_at
    status = OrderStatus.CREDIT_CARD_RETRY if retry_at else OrderStatus.AWAITING_RETRY_INSTRUCTIONS
    _become(order, status, "rejected_error_code", "rejected_message", "retry_at")
    act.announce(catalogue.RETRYABLE_FAILURE, order, rejected_code=code, rejected_message=message)
    return f"The payment of the order of {calendar.human_date(order.place_date)} was declined: {message} ({code})"


@action("order.hold", guards=[must_be_under_way])
def hold(act: Act[Order], *, status: OrderStatus, message: str, retry_at: datetime | None = None) -> str:
    """It is neither placed nor refused: verification, an error on the way, or an answer nobody understands."""
    if status not in HELD:
        raise ValueError(f"{status} is no status in which an order is held")
    order = act.subject
    order.generic_error_count += status == OrderStatus.GENERIC_ERROR_RESPONSE
    order.rejected_message, order.retry_at = message, retry_at
    _become(order, status, "generic_error_count", "rejected_message", "retry_at")
    return f"The order of {calendar.human_date(order.place_date)} is not placed yet: {message}"


@action("order.call_off", guards=[must_be_under_way])
def call_off(act: Act[Order]) -> str:
    """The platform wants this order cancelled."""
    orders.close(act.subject)
    act.announce(catalogue.ORDER_CANCEL, act.subject)
    return f"The shop cancelled the order of {calendar.human_date(act.subject.place_date)}."


@action("order.set_aside", guards=[checks.must_be_open])
def set_aside(act: Act[Order]) -> str:
    """Move the items out of stock to an order of their own, which waits for the stock; one-time items are dropped.

    Their subscriptions go on: the next items are made now. `act.result` is the order that waits, or None.
    """
    order = act.subject
    lines = orders.lines(order)
    missing = [line for line in lines if not line.product.live]
    if not missing:
        raise refused("nothing_out_of_stock")
    waiting = [line for line in missing if line.subscription]
    orders.follow_up(act.customer, waiting, order.place_date)
    for line in missing:
        if not line.subscription:
            line.delete()
    rest = [line for line in lines if line.product.live]
    if waiting:
        act.result = _apart(order, waiting, alone=not rest)
    if act.result is not order:
        orders.leave(order, rest)
    for line in waiting:
        act.announce(catalogue.OUT_OF_STOCK, line)
    names = ", ".join(str(line.product) for line in missing)
    return f"Out of stock for the order of {calendar.human_date(order.place_date)}: {names}."


def refuse(act: Act[Order], order: Order, code: str, message: str) -> None:
    """Reject `order` as part of an act, and say so."""
    order.rejected_error_code, order.rejected_message, order.retry_at = code, message, None
    _become(order, OrderStatus.REJECTED, "rejected_error_code", "rejected_message", "retry_at")
    act.announce(catalogue.ORDER_REJECT, order, rejected_code=code, rejected_message=message)


def _apart(order: Order, items: list[Item], *, alone: bool) -> Order:
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
    orders.settle(target, items)
    return target


def _charge(item: Item) -> Decimal:
    """The lower of the last price and the present one; a locked price counts as it is."""
    present = totals.present_price(item)
    locked = item.subscription is not None and item.subscription.price is not None
    return present if locked else min(item.price, present)


def _reprice(order: Order, price: Callable[[Item], Decimal]) -> list[Item]:
    lines = orders.lines(order)
    for line in lines:
        line.price = price(line)
        update(line, "price")
    orders.settle(order, lines)
    return lines


def _become(order: Order, status: OrderStatus, *names: str) -> None:
    order.status, order.updated = status, timezone.now()
    update(order, "status", *names, "updated")
