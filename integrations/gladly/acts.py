"""The two things agents do in Gladly: cancel a subscription, and skip it on one order.

The domain's own verbs decide. Gladly gives up after 15 seconds and the agent tries again, so what was done before is
answered as the first time, and nothing is done twice.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from uuid import UUID

from common.web.json_body import remove_unstorable_characters
from common.web.public_ids import parse_public_id
from integrations.gladly.agents import (
    NOT_ACTIVE,
    NOT_ON_ORDER,
    UNKNOWN,
    AgentRequest,
    Declined,
    Done,
    Why,
    limited_transaction,
)
from subscriptions import calendar
from subscriptions.actions import order as order_verbs
from subscriptions.actions import subscription as subscription_verbs
from subscriptions.actions.cancel_reasons import OTHER_REASON, describe_reason, offered_reasons, reason_labels
from subscriptions.actions.customer_lock import CUSTOMER_BY_KEY, lock_customer
from subscriptions.actions.subjects import reload_subject
from subscriptions.models import Activity, Item, Merchant, Order, OrderStatus, Subscription
from subscriptions.models.subscription import LONGEST_CANCEL_CODE

NO_ID = UUID(int=0)  # of no row
CANCELLED = "Subscription cancelled"
SKIPPED = "Next order skipped"
REASON_CODE = "cancelReasonCode"
REASON_DETAILS = "cancelReasonDetails"
LONGEST_DETAILS = subscription_verbs.REASON_LENGTH - LONGEST_CANCEL_CODE - len("|")
UNKNOWN_REASON = "There is no cancel reason with this code. Choose one from the list."
TOO_LONG = f"The details are too long: shorten them to {LONGEST_DETAILS} characters."


def cancel_subscription(agent: AgentRequest, subscription_id: str, *, code: str = "", details: str = "") -> Done:
    """Cancel the subscription with this public id. Raises Declined.

    `code` is that of an offered reason, or empty.
    """
    with limited_transaction(agent), _locked_subscription(agent.merchant, subscription_id) as subscription:
        if not subscription.live:
            return _describe_cancelled(subscription, repeated=True)
        reason = _encode_reason(agent.merchant, code, details)
        return _describe_cancelled(subscription_verbs.cancel(subscription, actor=agent.actor, reason=reason).subject)


def skip_order(agent: AgentRequest, subscription_id: str, order_id: str) -> Done:
    """Take the subscription off the order with this public id and plan its next one. Raises Declined."""
    with limited_transaction(agent), _locked_subscription(agent.merchant, subscription_id) as subscription:
        if not subscription.live:
            raise Declined(Why.NOT_ALLOWED, NOT_ACTIVE)
        key = parse_public_id(order_id) or NO_ID
        order = _find_order(subscription, key)
        if day := _skipped_day(subscription, order, key):
            return _describe_skipped(subscription, day, repeated=True)
        if order is None:
            raise Declined(Why.UNKNOWN, NOT_ON_ORDER)
        order_verbs.skip_subscription(order, actor=agent.actor, subscription=subscription)
        return _describe_skipped(subscription, order.place_date)


@contextmanager
def _locked_subscription(merchant: Merchant, public_id: str) -> Iterator[Subscription]:
    """The subscription as it is while nobody else can change its customer."""
    rows = Subscription.objects.filter(merchant=merchant, public_id=parse_public_id(public_id) or NO_ID)
    found = rows.only("customer", "merchant").first()
    if found is None:
        raise Declined(Why.UNKNOWN, UNKNOWN)
    with lock_customer(CUSTOMER_BY_KEY, pk=found.customer_id, merchant=merchant.pk) as customer:
        yield reload_subject(found, customer)


def _find_order(subscription: Subscription, key: UUID) -> Order | None:
    own = Order.objects.filter(merchant=subscription.merchant_id, customer=subscription.customer_id)
    return own.filter(public_id=key).first()


def _skipped_day(subscription: Subscription, order: Order | None, key: UUID) -> date | None:
    """The day of the order, if the subscription was skipped on it and the skip still holds."""
    merchant, customer = subscription.merchant_id, subscription.customer_id
    if order and Item.objects.filter(merchant=merchant, order=order, subscription=subscription).exists():
        was_skipped = order.status == OrderStatus.CANCELLED and Activity.objects.filter(
            merchant=merchant, order=order, verb="order.skip"
        )
        return order.place_date if was_skipped and was_skipped.exists() else None
    skips = Activity.objects.filter(merchant=merchant, customer=customer, verb="order.skip_subscription")
    facts = {"undo_facts__order": key.hex, "undo_facts__subscriptions": [subscription.pk]}
    skip = skips.filter(**facts).order_by("-pk").first()
    if skip is None or skip.undo_facts is None:
        return None
    day, coming = date.fromisoformat(skip.undo_facts["place_date"]), _coming_day(subscription)
    return None if coming and coming <= day else day


def _coming_day(subscription: Subscription) -> date | None:
    coming = Item.objects.filter(merchant=subscription.merchant_id, subscription=subscription, upcoming=True)
    return coming.values_list("order__place_date", flat=True).first()


def _encode_reason(merchant: Merchant, code: str, details: str) -> str:
    """`4|too much`; `4` without details, and `1|too much` without a code: 1 means another reason."""
    code, details = code.strip(), remove_unstorable_characters(details).strip()
    if len(details) > LONGEST_DETAILS:
        raise Declined(Why.INVALID, TOO_LONG, REASON_DETAILS)
    if code and not any(str(reason.code) == code for reason in offered_reasons(merchant)):
        raise Declined(Why.INVALID, UNKNOWN_REASON, REASON_CODE)
    return f"{code or OTHER_REASON}|{details}" if details else code


def _describe_cancelled(subscription: Subscription, *, repeated: bool = False) -> Done:
    reason = describe_reason(subscription, reason_labels(subscription.merchant))
    detail = f"{subscription} was cancelled. No further order is planned."
    return Done(CANCELLED, f"{detail} Reason: {reason}" if reason else detail, repeated)


def _describe_skipped(subscription: Subscription, day: date, *, repeated: bool = False) -> Done:
    """`day` is that of the skipped order."""
    coming = _coming_day(subscription)
    then = f" Its next order is planned for {calendar.human_date(coming)}." if coming else ""
    return Done(SKIPPED, f"{subscription} was taken off the order of {calendar.human_date(day)}.{then}", repeated)
