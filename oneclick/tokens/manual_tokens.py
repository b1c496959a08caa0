"""Tokens by hand of staff: each issue and each revocation is an act of its own."""

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
def issue_token(act: ActionContext[Any]) -> str:
    """Issue a token for an order still to come, or for a subscription; `act.result` is it."""
    rules = OneClickSettings.objects.filter(merchant=act.customer.merchant, enabled=True).first()
    if rules is None:
        raise refused("one_click_off")
    if isinstance(act.subject, Order) and not is_open_order(act.subject):
        raise refused("order_not_open")
    act.result = issuing.new_token(act.subject, rules)
    act.result.save()
    return f"Issued a 1-Click token for {describe_subject(act.subject)} by hand."


def revoke_token(token: ActionToken, *, actor: Actor) -> None:
    """Make a token useless. Refused when it was used or revoked before."""
    owner: Owner = token.order or token.subscription or token.customer
    _revoke_token(owner, actor=actor, token=token)


@action("token.revoke")
def _revoke_token(act: ActionContext[Any], *, token: ActionToken) -> str:
    unused = ActionToken.objects.filter(
        merchant=act.customer.merchant, customer=act.customer, pk=token.pk, used_at=None, revoked_at=None
    )
    if not unused.update(revoked_at=calendar.now()):
        raise refused("token_not_revocable")
    return f"Revoked a 1-Click token for {describe_subject(act.subject)}."


def is_open_order(order: Order) -> bool:
    """Whether a link can still reach the order."""
    return order.status == OrderStatus.UNSENT and order.place_date > calendar.today(order.merchant.time_zone)


def describe_subject(subject: Owner) -> str:
    if isinstance(subject, Order):
        return f"the order of {calendar.human_date(subject.place_date)}"
    return f"the subscription to {subject.product}" if isinstance(subject, Subscription) else "an order that is gone"
