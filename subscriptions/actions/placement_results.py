"""The verbs of what came of a placement: placed, refused, to be tried again, or called off."""

from datetime import date

from common.db import update
from subscriptions import calendar
from subscriptions.actions import bulk_success, order_items, orders
from subscriptions.actions.core import ActionContext, action
from subscriptions.actions.subscription import end_subscription
from subscriptions.actors import Actor
from subscriptions.errors import refused
from subscriptions.events import catalogue
from subscriptions.models import Effect, Merchant, Order, OrderStatus
from subscriptions.models.order_status import STATUS_ROWS
from subscriptions.placement import retries
from subscriptions.placement.answers import Answer

REJECTION_COLUMNS = ("rejected_error_code", "rejected_message", "retry_at")
DISENGAGED_REASON = "113|Disengaged"


def must_be_under_way(context: ActionContext[Order]) -> None:
    if not context.subject.status_row.awaits_result:
        raise refused("order_not_due")


@action("order.succeed", guards=[must_be_under_way])
def succeed(context: ActionContext[Order], *, order_merchant_id: str) -> str:
    """The platform has placed it. Prepaid cycles go on, and plans add to their entitlements."""
    (sentence,) = bulk_success.mark_orders_placed([context], [order_merchant_id])
    return sentence


@action("order.reject", guards=[must_be_under_way])
def reject(context: ActionContext[Order], *, code: str, message: str) -> str:
    """It is refused for good. The subscriptions stay live, and their next orders keep their dates.

    One whose last orders were all rejected ends, where the merchant wants that.
    """
    return _reject_for_good(context, code, message)


@action("order.decline", guards=[must_be_under_way])
def decline(context: ActionContext[Order], *, code: str, message: str) -> str:
    """The payment was declined: the merchant's plan says when it is tried again; without a further try it is refused.

    Where somebody outside decides, `retry_at` is until when they may.
    """
    order, merchant = context.subject, context.customer.merchant
    order.declines += 1
    order.first_declined = order.first_declined or calendar.now()
    if retries.waits_for_instruction(merchant.retry_plan):
        status, at = OrderStatus.AWAITING_RETRY_INSTRUCTIONS, retries.instruction_due(calendar.now())
    else:
        day = _next_try(order, merchant)
        if day is None:
            update(order, "declines", "first_declined")
            return _reject_for_good(context, code, message)
        status = OrderStatus.CREDIT_CARD_RETRY
        at = calendar.local_hour(day, merchant.placement_hour or 0, merchant.time_zone)
    order.rejected_error_code, order.rejected_message, order.retry_at = code, message, at
    orders.change_status(order, status, *REJECTION_COLUMNS, "declines", "first_declined")
    context.emit(catalogue.RETRYABLE_FAILURE, order, rejected_code=code, rejected_message=message)
    return f"The payment of the order of {calendar.human_date(order.place_date)} was declined: {message} ({code})"


@action("order.hold", guards=[must_be_under_way])
def hold(context: ActionContext[Order], *, status: OrderStatus, code: str, message: str) -> str:
    """It is neither placed nor refused: verification, an error on the way, or an answer nobody understands.

    One that has failed too often or for too long is refused.
    """
    if not STATUS_ROWS[status].held:
        raise ValueError(f"{status} is no status in which an order is held")
    order = context.subject
    order.generic_error_count += status == OrderStatus.GENERIC_ERROR_RESPONSE
    if _is_hopeless(order, status, context.customer.merchant):
        update(order, "generic_error_count")
        return _reject_for_good(context, code, message)
    order.rejected_message, order.retry_at = message, None
    orders.change_status(order, status, "rejected_message", "retry_at", "generic_error_count")
    return f"The order of {calendar.human_date(order.place_date)} is not placed yet: {message}"


@action("order.call_off", guards=[must_be_under_way])
def call_off(context: ActionContext[Order]) -> str:
    """The platform wants this order cancelled."""
    orders.cancel_order(context.subject)
    context.emit(catalogue.ORDER_CANCEL, context.subject)
    return f"The shop cancelled the order of {calendar.human_date(context.subject.place_date)}."


def reject_order(context: ActionContext[Order], order: Order, code: str, message: str) -> None:
    """Reject `order` as part of an act, and say so."""
    order.rejected_error_code, order.rejected_message, order.retry_at = code, message, None
    orders.change_status(order, OrderStatus.REJECTED, *REJECTION_COLUMNS)
    context.emit(catalogue.ORDER_REJECT, order, rejected_code=code, rejected_message=message)


def finalize_placement(order: Order, *, answer: Answer, actor: Actor) -> ActionContext[Order]:
    """Bring `order`, which is under way, to where the platform's answer leads. Raises what the verbs raise."""
    said = {"actor": actor, "code": answer.code, "message": answer.message}
    match answer.effect:
        case Effect.PLACED:
            return succeed(order, actor=actor, order_merchant_id=answer.order_id)
        case Effect.CALLED_OFF:
            return call_off(order, actor=actor)
        case Effect.REFUSED:
            return reject(order, **said)
        case Effect.DECLINED:
            return decline(order, **said)
        case effect:
            return hold(order, status=effect.status, **said)


def _next_try(order: Order, merchant: Merchant) -> date | None:
    zone = merchant.time_zone
    assert order.first_declined
    return retries.next_try(
        retries.retry_days(merchant.retry_plan, merchant.retry_days),
        calendar.local_time(order.first_declined, zone).date(),
        order.declines,
        calendar.today(zone),
    )


def _is_hopeless(order: Order, status: OrderStatus, merchant: Merchant) -> bool:
    if status == OrderStatus.GENERIC_ERROR_RESPONSE:
        return retries.gives_up_after_errors(order.generic_error_count, merchant.generic_error_limit)
    if status != OrderStatus.CONNECTION_ERROR_DURING_PLACEMENT:
        return False
    frequencies = [
        (line.subscription.every, line.subscription.every_period)
        for line in order_items.load_items(order)
        if line.subscription
    ]
    return retries.gives_up_unknown(order.place_date, frequencies, calendar.today(merchant.time_zone))


def _reject_for_good(context: ActionContext[Order], code: str, message: str) -> str:
    order = context.subject
    reject_order(context, order, code, message)
    _end_disengaged(context, order)
    return f"The order of {calendar.human_date(order.place_date)} was rejected: {message} ({code or 'no code'})"


def _end_disengaged(context: ActionContext[Order], order: Order) -> None:
    limit = context.customer.merchant.disengaged_after
    if limit is None:
        return
    for line in order_items.load_items(order):
        subscription = line.subscription
        if subscription is None or not subscription.live or subscription.prepaid_orders_remaining:
            continue
        tried = Order.objects.filter(items__subscription=subscription, tries__gt=0).order_by("-place_date", "-id")
        last = list(tried.values_list("status", flat=True)[:limit])
        if last == [OrderStatus.REJECTED] * limit:
            subscription.customer, subscription.merchant = context.customer, context.customer.merchant
            end_subscription(context, subscription, DISENGAGED_REASON)
