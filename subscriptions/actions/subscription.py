"""The verbs of a subscription."""

from datetime import date

from django.utils import timezone

from subscriptions import calendar
from subscriptions.actions import orders
from subscriptions.actions.core import Act, action
from subscriptions.errors import refused
from subscriptions.events import catalogue
from subscriptions.models import CancelReason, Subscription
from subscriptions.models.prepared import update

REASON_LENGTH = 1000


def must_be_live(act: Act[Subscription]) -> None:
    if not act.subject.live:
        raise refused("subscription_not_active")


def must_be_cancelled(act: Act[Subscription]) -> None:
    if act.subject.live:
        raise refused("subscription_already_active")


def must_have_no_paid_orders_left(act: Act[Subscription]) -> None:
    # Deliveries that were paid for must not vanish.
    if act.subject.prepaid_orders_remaining:
        raise refused("prepaid_orders_remaining", n=act.subject.prepaid_orders_remaining)


def must_be_for_sale(act: Act[Subscription]) -> None:
    if act.subject.product.discontinued:
        raise refused("product_discontinued")


@action("subscription.cancel", guards=[must_be_live, must_have_no_paid_orders_left])
def cancel(act: Act[Subscription], *, reason: str = "") -> str:
    """End a live subscription. `reason` is `code|text`, a bare code or a bare text, and kept verbatim.

    Its upcoming item leaves its order; an order in a retry flow that holds nothing else is cancelled.
    """
    if len(reason) > REASON_LENGTH:
        raise refused("cancel_reason_too_long", n=REASON_LENGTH)
    subscription = act.subject
    subscription.cancelled = subscription.updated = timezone.now()
    subscription.cancel_reason = reason or None
    update(subscription, "cancelled", "cancel_reason", "updated")
    orders.remove_upcoming_item(subscription)
    code = subscription.cancel_reason_code
    act.announce(
        catalogue.SUBSCRIPTION_CANCEL,
        subscription,
        cancel_reason=reason,
        cancel_reason_code="" if code is None else str(code),
        cancel_reason_message=subscription.cancel_reason_text,
    )
    for order in orders.cancel_failing_orders(subscription):
        act.announce(catalogue.ORDER_CANCEL, order)
    if not act.customer.subscriptions.live().exists():
        act.announce(catalogue.SUBSCRIBER_CANCEL, act.customer)
    because = _because(subscription)
    return f"Cancelled the subscription to {subscription.product}." + (f" Reason: {because}" if because else "")


@action("subscription.reactivate", guards=[must_be_cancelled, must_be_for_sale])
def reactivate(
    act: Act[Subscription],
    *,
    next_order_date: date | None = None,
    every: int | None = None,
    every_period: int | None = None,
    start_date: date | None = None,
) -> str:
    """Make a cancelled subscription live again; what is not given stays as it was.

    The next order is planned for `next_order_date`, today or later in the merchant's zone; without it for
    `start_date` (today) plus as many whole frequencies as lead past today. `act.result` is the new upcoming item.
    """
    subscription = act.subject
    today = calendar.today(act.customer.merchant.time_zone)
    subscription.every = every or subscription.every
    subscription.every_period = every_period or subscription.every_period
    subscription.start_date = start_date or subscription.start_date
    day = next_order_date or calendar.next_date(
        start_date or today, subscription.every, subscription.every_period, today
    )
    if day < today:
        raise refused("next_order_date_past")
    subscription.cancelled = subscription.cancel_reason = None
    subscription.updated = timezone.now()
    update(subscription, "cancelled", "cancel_reason", "every", "every_period", "start_date", "updated")
    act.result = orders.add_subscription_item(subscription, day)
    act.announce(catalogue.SUBSCRIPTION_REACTIVATE, subscription)
    return (
        f"Reactivated the subscription to {subscription.product}. "
        f"The next order is planned for {calendar.human_date(day)}."
    )


def _because(subscription: Subscription) -> str:
    """The words of the reason; of a bare code the merchant's label."""
    text, code = subscription.cancel_reason_text, subscription.cancel_reason_code
    if text or code is None:
        return text
    known = CancelReason.objects.filter(merchant=subscription.merchant, code=code).order_by("id").first()
    return known.label if known else f"code {code}"
