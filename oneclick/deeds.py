"""What each 1-click action needs and does: one row per action."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from oneclick.models import ActionToken
from subscriptions import calendar
from subscriptions.actions import subscription as verbs
from subscriptions.actions.core import Act
from subscriptions.actors import Actor
from subscriptions.models import Subscription

Facts = dict[str, str]


@dataclass(frozen=True, slots=True)
class Done:
    """`facts` fill the success text; `undo_facts` is what taking it back needs."""

    act: Act[Any]
    facts: Facts
    undo_facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Deed:
    """`parameters` lists the names the action understands; they and the token make a click the same click."""

    scope: str
    table: str
    parameters: tuple[str, ...]
    perform: Callable[[ActionToken, dict[str, str], Actor], Done]
    undo: Callable[[ActionToken, Actor], Facts]


def reactivate(token: ActionToken, parameters: dict[str, str], actor: Actor) -> Done:
    """Live again as it was, with the next order tomorrow in the merchant's zone."""
    tomorrow = calendar.today(token.merchant.time_zone) + timedelta(days=1)
    act = verbs.reactivate(_subscription(token), actor=actor, next_order_date=tomorrow)
    place_date: date = act.result.order.place_date
    facts = {"product_name": act.subject.product.name, "date": calendar.human_date(place_date)}
    return Done(act, facts, {"cancel_reason": act.before.cancel_reason})


def undo_reactivate(token: ActionToken, actor: Actor) -> Facts:
    reason = (token.undo_facts or {}).get("cancel_reason") or ""
    act = verbs.cancel(_subscription(token), actor=actor, reason=reason)
    return {"product_name": act.subject.product.name}


DEEDS = {
    "reactivate": Deed("subscription", "reactivate", (), reactivate, undo_reactivate),
}


def _subscription(token: ActionToken) -> Subscription:
    """What the action needs to find it; the action itself reads the row."""
    return Subscription(pk=token.subscription_id, customer=token.customer, merchant=token.merchant)
