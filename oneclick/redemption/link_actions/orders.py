"""The deeds that move an order."""

from datetime import date, timedelta

from oneclick.models import ActionToken
from oneclick.redemption import parameters
from oneclick.redemption.link_actions.link_action import Message, Parameters, Result, affected_rows, token_order
from subscriptions.actions import order as verbs
from subscriptions.actions import restore_order
from subscriptions.actors import Actor
from subscriptions.models import OrderStatus

DAYS = 365


def delay(token: ActionToken, given: Parameters, actor: Actor) -> Result:
    """The order moves by `days` from its own date, and joins the one that is there already."""
    days = parameters.read_whole_number(given, "days", DAYS, token.merchant.one_click.delay_days)
    order = token_order(token)
    held = affected_rows(order)
    incentives = list(order.incentives.values_list("pk", flat=True))
    act = verbs.change_date(order, actor=actor, day=order.place_date + timedelta(days=days))
    held["orders"].append(act.result.pk)
    undo_facts = {**held, "incentives": incentives, "place_date": act.before.place_date.isoformat()}
    return Result(act, Message({"date": act.result.place_date}), undo_facts, act.result)


def undo_delay(token: ActionToken, actor: Actor) -> Message:
    order, facts = token_order(token), token.undo_facts or {}
    day = date.fromisoformat(facts["place_date"])
    if order.status == OrderStatus.MERGED:
        restore_order.unmerge(order, actor=actor, items=facts["items"], incentives=facts["incentives"])
    else:
        verbs.change_date(order, actor=actor, day=day)
    return Message({"date": day}, "delay")


def skip(token: ActionToken, given: Parameters, actor: Actor) -> Result:
    """The order is cancelled; each subscription on it gets its next one."""
    order = token_order(token)
    held = affected_rows(order)
    act = verbs.skip(order, actor=actor)
    coming = sorted({item.order for item in act.result}, key=lambda each: each.place_date)
    held["orders"] += [each.pk for each in coming]
    if not coming:
        return Result(act, Message({}, "success_last"), held, None)
    return Result(act, Message({"date": coming[0].place_date}), held, coming[0])


def undo_skip(token: ActionToken, actor: Actor) -> Message:
    order = restore_order.unskip(token_order(token), actor=actor).subject
    return Message({"date": order.place_date}, "skip")
