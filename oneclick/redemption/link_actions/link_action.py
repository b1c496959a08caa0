"""What a 1-click action is made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from django.db.models import Q

from oneclick.models import Action, ActionToken
from subscriptions.actions.core import ActionContext
from subscriptions.actors import Actor
from subscriptions.models import Item, Order, Subscription


class Frequency(NamedTuple):
    every: int
    every_period: int


Parameters = Mapping[str, str]
Facts = dict[str, str | date | Frequency]


@dataclass(frozen=True, slots=True)
class Message:
    """A text of the deed's table and what it is filled with."""

    facts: Facts
    code: str = "success"


@dataclass(frozen=True, slots=True)
class Result:
    """`undo_facts` is what taking it back needs and, of `holdings`, whose change forbids that.

    `heir` is what the token was good for, as it now is: the next token is for it.
    """

    act: ActionContext[Any]
    told: Message
    undo_facts: dict[str, Any]
    next_target: Order | Subscription | None


@dataclass(frozen=True, slots=True)
class LinkAction:
    """`name` is that of its table of messages, `action` the one its customers and links know.

    `parameters` are the names the action understands; they and the token make a click the same click. `perform` reads
    them before it acts. Of the domain's refusals those in `codes` have another code here.
    """

    name: str
    action: Action
    scope: str
    parameters: tuple[str, ...]
    perform: Callable[[ActionToken, Parameters, Actor], Result]
    undo: Callable[[ActionToken, Actor], Message]
    codes: Mapping[str, str] = field(default_factory=dict)


def token_order(token: ActionToken) -> Order:
    """The order of an order's token that is good, or was when it was used."""
    order = token.order
    assert order is not None
    order.customer, order.merchant = token.customer, token.merchant
    return order


def affected_rows(order: Order, *others: Order) -> dict[str, list[int]]:
    """The keys of `order` and `others`, and of the items and subscriptions on the first."""
    items = Item.objects.filter(merchant=order.merchant_id, order=order).values_list("pk", "subscription_id")
    pairs = list(items)
    return {
        "orders": [order.pk, *(other.pk for other in others)],
        "items": [item for item, _ in pairs],
        "subscriptions": [subscription for _, subscription in pairs if subscription],
    }


def conflicting_activities(undo_facts: Mapping[str, Any]) -> Q:
    """Activities that stand in the way of undo: about one of its `holdings`, or about the customer as a whole."""
    held = Q(order__in=undo_facts.get("orders", [])) | Q(subscription__in=undo_facts.get("subscriptions", []))
    return held | Q(order=None, subscription=None)
