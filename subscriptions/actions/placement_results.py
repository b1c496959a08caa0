"""The verbs that record a placement result: placed, rejected, to be tried again or cancelled by the platform."""

from datetime import date

from common.db import update
from subscriptions import calendar
from subscriptions.actions import bulk_success, order_items, order_status
from subscriptions.actions.core import ActionContext, action
from subscriptions.actions.ending import end_subscription
from subscriptions.actions.subjects import attach_customer
from subscriptions.actors import Actor
from subscriptions.errors import refused
from subscriptions.events import catalogue
from subscriptions.models import Effect, Merchant, Order, OrderStatus
from subscriptions.models.order_status import STATUS_ROWS
from subscriptions.placement import retry_plans
from subscriptions.placement.results import PlacementResult

REJECTION_COLUMNS = ("rejected_error_code", "rejected_message", "retry_at")
DISENGAGED_REASON = "113|Disengaged"


def must_await_result(context: ActionContext[Order]) -> None:
    if not context.subject.status_row.awaits_result:
        raise refused("order_not_due")


@action("order.succeed", guards=[must_await_result])
def succeed(context: ActionContext[Order], *, order_merchant_id: str) -> str:
    """Record that the platform placed the order. Prepaid cycles advance, and plans extend their entitlements."""
    (sentence,) = bulk_success.mark_orders_placed([context], [order_merchant_id])
    return sentence


@action("order.reject", guards=[must_await_result])
def reject(context: ActionContext[Order], *, code: str, message: str) -> str:
    """Reject the order for good. Its subscriptions stay live, and their next orders keep their dates.

    After the merchant's `disengaged_after` rejected orders in a row, a subscription is cancelled.
    """
    return _reject_and_disengage(context, code, message)


@action("order.decline", guards=[must_await_result])
def decline(context: ActionContext[Order], *, code: str, message: str) -> str:
    """Record a declined payment. The merchant's retry plan sets the next try; if there is none, the order is rejected.

    Under the external plan the order waits for an instruction until `retry_at`.
    """
    order, merchant = context.subject, context.customer.merchant
    order.declines += 1
    order.first_declined = order.first_declined or calendar.now()
    if retry_plans.waits_for_instruction(merchant.retry_plan):
        status, at = OrderStatus.AWAITING_RETRY_INSTRUCTIONS, retry_plans.instruction_deadline(calendar.now())
    else:
        day = _next_try(order, merchant)
        if day is None:
            update(order, "declines", "first_declined")
            return _reject_and_disengage(context, code, message)
        status = OrderStatus.CREDIT_CARD_RETRY
        at = calendar.local_hour(day, merchant.placement_hour or 0, merchant.time_zone)
    order.rejected_error_code, order.rejected_message, order.retry_at = code, message, at
    order_status.change_status(order, status, *REJECTION_COLUMNS, "declines", "first_declined")
    context.emit(catalogue.RETRYABLE_FAILURE, order, rejected_code=code, rejected_message=message)
    return f"The payment of the order of {calendar.human_date(order.place_date)} was declined: {message} ({code})"


@action("order.hold", guards=[must_await_result])
def hold(context: ActionContext[Order], *, status: OrderStatus, code: str, message: str) -> str:
    """Record an order that is neither placed nor refused: it is being verified, a try failed, or the result is unknown.

    An order that has failed too often or for too long is rejected.
    """
    if not STATUS_ROWS[status].held:
        raise ValueError(f"an order cannot be held as {status.label}")
    order = context.subject
    if status == OrderStatus.GENERIC_ERROR_RESPONSE:
        order.generic_error_count += 1
        context.emit(catalogue.ORDER_ERROR, order)
    if _is_given_up(order, status, context.customer.merchant):
        update(order, "generic_error_count")
        return _reject_and_disengage(context, code, message)
    order.rejected_message, order.retry_at = message, None
    order_status.change_status(order, status, "rejected_message", "retry_at", "generic_error_count")
    return f"The order of {calendar.human_date(order.place_date)} is not placed yet: {message}"


@action("order.call_off", guards=[must_await_result])
def call_off(context: ActionContext[Order]) -> str:
    """Record that the platform cancelled the order."""
    order_status.cancel_order(context.subject)
    context.emit(catalogue.ORDER_CANCEL, context.subject)
    return f"The platform cancelled the order of {calendar.human_date(context.subject.place_date)}."


def reject_order(context: ActionContext[Order], order: Order, code: str, message: str) -> None:
    """Reject `order` as part of an action, and emit the event."""
    order.rejected_error_code, order.rejected_message, order.retry_at = code, message, None
    order_status.change_status(order, OrderStatus.REJECTED, *REJECTION_COLUMNS)
    context.emit(catalogue.ORDER_REJECT, order, rejected_code=code, rejected_message=message)


def finalize_placement(order: Order, *, answer: PlacementResult, actor: Actor) -> ActionContext[Order]:
    """Record the platform's answer on `order` with the verb it calls for. Raises what that verb raises."""
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
    return retry_plans.next_retry_day(
        retry_plans.retry_days(merchant.retry_plan, merchant.retry_days),
        calendar.local_time(order.first_declined, zone).date(),
        order.declines,
        calendar.today(zone),
    )


def _is_given_up(order: Order, status: OrderStatus, merchant: Merchant) -> bool:
    if status == OrderStatus.GENERIC_ERROR_RESPONSE:
        return retry_plans.gives_up_after_errors(order.generic_error_count, merchant.generic_error_limit)
    if status != OrderStatus.CONNECTION_ERROR_DURING_PLACEMENT:
        return False
    subscriptions = [item.subscription for item in order_items.load_items(order) if item.subscription]
    frequencies = [(each.every, each.every_period) for each in subscriptions]
    return retry_plans.gives_up_after_unknown(order.place_date, frequencies, calendar.today(merchant.time_zone))


def _reject_and_disengage(context: ActionContext[Order], code: str, message: str) -> str:
    """Reject the order and cancel its disengaged subscriptions. Returns the sentence of the activity."""
    order = context.subject
    reject_order(context, order, code, message)
    _cancel_disengaged(context, order)
    return f"The order of {calendar.human_date(order.place_date)} was rejected: {message} ({code or 'no code'})"


def _cancel_disengaged(context: ActionContext[Order], order: Order) -> None:
    limit = context.customer.merchant.disengaged_after
    if limit is None:
        return
    for item in order_items.load_items(order):
        subscription = item.subscription
        if subscription is None or not subscription.live or subscription.prepaid_orders_remaining:
            continue
        tried = Order.objects.filter(items__subscription=subscription, tries__gt=0).order_by("-place_date", "-id")
        last_statuses = list(tried.values_list("status", flat=True)[:limit])
        if last_statuses == [OrderStatus.REJECTED] * limit:
            attach_customer(subscription, context.customer)
            end_subscription(context, subscription, DISENGAGED_REASON)
