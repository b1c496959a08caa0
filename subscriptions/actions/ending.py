"""The end of a subscription, whichever action ends it."""

from datetime import date
from typing import Any

from common.db import update
from subscriptions import calendar
from subscriptions.actions import orders
from subscriptions.actions.core import ActionContext
from subscriptions.events import catalogue
from subscriptions.models import Subscription


def end_subscription(context: ActionContext[Any], subscription: Subscription, reason: str) -> date | None:
    """Cancel `subscription` as part of an action, and emit the events of everything that ends with it.

    Returns the day that its next order was planned for.
    """
    subscription.cancelled = calendar.now()
    subscription.cancel_reason = reason or None
    subscription.updated = calendar.now()
    update(subscription, "cancelled", "cancel_reason", "updated")
    planned, cancelled_orders = orders.withdraw_subscription(context, subscription)
    code = subscription.cancel_reason_code
    context.emit(
        catalogue.SUBSCRIPTION_CANCEL,
        subscription,
        cancel_reason=reason,
        cancel_reason_code="" if code is None else str(code),
        cancel_reason_message=subscription.cancel_reason_text,
    )
    for order in cancelled_orders:
        context.emit(catalogue.ORDER_CANCEL, order)
    if _is_last(context, subscription):
        context.emit(catalogue.SUBSCRIBER_CANCEL, context.customer, subscriptions=[subscription])
    return planned


def _is_last(context: ActionContext[Any], subscription: Subscription) -> bool:
    """Whether the customer has no live subscription left."""
    known: bool | None = getattr(subscription, "is_last", None)  # an annotation of `with_flags()`
    return not context.customer.subscriptions.live().exists() if known is None else known
