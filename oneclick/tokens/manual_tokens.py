"""Tokens that staff issue and revoke manually; both are actions with their own activities."""

from typing import Any

from oneclick.models import ActionToken, OneClickSettings
from oneclick.tokens import issuing
from subscriptions import calendar
from subscriptions.actions.core import ActionContext, action
from subscriptions.actors import Actor
from subscriptions.errors import refused
from subscriptions.models import Customer, Order, OrderStatus, Subscription

Owner = Customer | Order | Subscription


@action("token.issue")
def issue_token(context: ActionContext[Any]) -> str:
    """Issue a token for an upcoming order or a subscription; the result is the token."""
    rules = OneClickSettings.objects.filter(merchant=context.customer.merchant, enabled=True).first()
    if rules is None:
        raise refused("one_click_off")
    if isinstance(context.subject, Order) and not is_open_order(context.subject):
        raise refused("order_not_open")
    context.result = issuing.new_token(context.subject, rules)
    context.result.save()
    return f"Issued a 1-Click token for {describe_subject(context.subject)} by hand."


def revoke_token(token: ActionToken, *, actor: Actor) -> None:
    """Revoke a token. Refused when it was used or revoked before."""
    owner: Owner = token.order or token.subscription or token.customer
    _revoke_token(owner, actor=actor, token=token)


@action("token.revoke")
def _revoke_token(context: ActionContext[Any], *, token: ActionToken) -> str:
    unused = ActionToken.objects.filter(
        merchant=context.customer.merchant, customer=context.customer, pk=token.pk, used_at=None, revoked_at=None
    )
    if not unused.update(revoked_at=calendar.now()):
        raise refused("token_not_revocable")
    return f"Revoked a 1-Click token for {describe_subject(context.subject)}."


def is_open_order(order: Order) -> bool:
    """Whether a link can still reach the order."""
    return order.status == OrderStatus.UNSENT and order.place_date > calendar.today(order.merchant.time_zone)


def describe_subject(subject: Owner) -> str:
    if isinstance(subject, Order):
        return f"the order of {calendar.human_date(subject.place_date)}"
    if isinstance(subject, Subscription):
        return f"the subscription to {subject.product}"
    return "an order that no longer exists"
