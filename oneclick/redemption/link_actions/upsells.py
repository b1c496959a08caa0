"""The deeds that add a product to the token's order: once, or with a subscription."""

from typing import Any

from oneclick.models import ActionToken
from oneclick.redemption import parameters
from oneclick.redemption.link_actions.link_action import (
    Frequency,
    Message,
    Parameters,
    Result,
    affected_rows,
    token_order,
)
from subscriptions.actions import item as verbs
from subscriptions.actions import subscription as subscriptions
from subscriptions.actors import Actor
from subscriptions.calendar import Period
from subscriptions.models import Item, Subscription

MOST = 99  # pieces by one click
LONGEST = 999  # periods


def add_product(token: ActionToken, given: Parameters, actor: Actor) -> Result:
    parameters.require_parameters(given, "og_product_id")
    wish = _wish(token, given)
    order = token_order(token)
    act = verbs.add(order, actor=actor, **wish)
    told = Message({"product_name": wish["product"].name, "date": order.place_date})
    return Result(act, told, {**affected_rows(order), "item": act.result.pk}, act.subject)


def undo_add_product(token: ActionToken, actor: Actor) -> Message:
    facts = token.undo_facts or {}
    act = verbs.remove(Item(pk=facts["item"], merchant=token.merchant, order=token_order(token)), actor=actor)
    return Message({"product_name": act.subject.product.name}, "product_upsell")


def subscribe(token: ActionToken, given: Parameters, actor: Actor) -> Result:
    """With the order's payment and address; the first item joins the order."""
    parameters.require_parameters(given, "og_product_id", "og_every", "og_every_period")
    wish = _wish(token, given, autoship_enabled=True)
    often = Frequency(
        parameters.read_whole_number(given, "og_every", LONGEST),
        parameters.read_whole_number(given, "og_every_period", len(Period)),
    )
    order = token_order(token)
    act = verbs.add_with_subscription(order, actor=actor, **wish, **often._asdict())
    told = Message({"product_name": wish["product"].name, "frequency_description": often})
    made = act.result.subscription_id
    return Result(act, told, {**affected_rows(order), "item": act.result.pk, "subscription": made}, act.subject)


def undo_subscribe(token: ActionToken, actor: Actor) -> Message:
    """The subscription stays on record as cancelled; its item leaves the order."""
    made = Subscription(pk=(token.undo_facts or {})["subscription"], customer=token.customer, merchant=token.merchant)
    act = subscriptions.cancel(made, actor=actor)
    return Message({"product_name": act.subject.product.name}, "subscription_upsell")


def _wish(token: ActionToken, given: Parameters, **traits: bool) -> dict[str, Any]:
    return {
        "product": parameters.find_product(token.merchant, given, **traits),
        "offer": parameters.find_offer(token.merchant, given),
        "quantity": parameters.read_whole_number(given, "og_quantity", MOST),
    }
