"""The deed that brings a subscription back."""

from datetime import timedelta

from common.db import new_row
from oneclick.models import ActionToken
from oneclick.redemption import parameters
from oneclick.redemption.link_actions.link_action import Message, Parameters, Result
from subscriptions import calendar
from subscriptions.actions import subscription as verbs
from subscriptions.actors import Actor
from subscriptions.models import Subscription


def reactivate(token: ActionToken, given: Parameters, actor: Actor) -> Result:
    """Live again as it was, with the next order tomorrow in the merchant's zone, and a win-back offer on that."""
    winback = parameters.find_offer(token.merchant, given, "winback_id")
    tomorrow = calendar.today(token.merchant.time_zone) + timedelta(days=1)
    act = verbs.reactivate(_subscription(token), actor=actor, next_order_date=tomorrow, winback=winback)
    order = act.result.order
    told = Message({"product_name": act.subject.product.name, "date": order.place_date})
    undo_facts = {
        "cancel_reason": act.before.cancel_reason,
        "subscriptions": [act.subject.pk],
        "orders": [order.pk],
        "item": act.result.pk,
    }
    return Result(act, told, undo_facts, act.subject)


def undo_reactivate(token: ActionToken, actor: Actor) -> Message:
    reason = (token.undo_facts or {}).get("cancel_reason") or ""
    act = verbs.cancel(_subscription(token), actor=actor, reason=reason)
    return Message({"product_name": act.subject.product.name}, "reactivate")


def _subscription(token: ActionToken) -> Subscription:
    """What the action needs to find it; the action itself reads the row."""
    return new_row(Subscription, id=token.subscription_id, customer=token.customer, merchant=token.merchant)
