"""Bulk changes of subscriptions: move or skip their next order, cancel them."""

from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from subscriptions import calendar
from subscriptions.actions import order as order_verbs
from subscriptions.actions import order_items
from subscriptions.actions import subscription as verbs
from subscriptions.actions.bulk.kind import (
    Answers,
    BulkKind,
    Obstacle,
    describe_move,
    planned_before,
    target_day,
)
from subscriptions.actions.core import ActionContext
from subscriptions.actors import Actor
from subscriptions.errors import SENTENCES, refused
from subscriptions.models import Item, Merchant, Order, Subscription

CANCELLED = Q(cancelled__isnull=False)
NOT_ACTIVE = Obstacle(SENTENCES["subscription_not_active"], CANCELLED)
PAID_LEFT = Obstacle("Prepaid orders are still to be delivered.", Q(prepaid_orders_remaining__gt=0))


def planned_item(subscription: Subscription) -> Item:
    """The upcoming item. A cancelled subscription has none, and the sentence should say so."""
    if not subscription.live:
        raise refused("subscription_not_active")
    return order_items.upcoming_item(subscription)


def move_next_order(subscription: Subscription, answers: Answers, actor: Actor) -> ActionContext[Any]:
    day = target_day(planned_item(subscription).order.place_date, answers)
    return verbs.change_next_order_date(subscription, actor=actor, day=day)


def obstacles_of_move(merchant: Merchant, answers: Answers) -> list[Obstacle]:
    tomorrow = calendar.today(merchant.time_zone) + timedelta(days=1)
    early = _upcoming(merchant).filter(planned_before(tomorrow, "order__place_date", answers))
    return [*obstacles_of_skip(merchant, answers), Obstacle(SENTENCES["order_date_not_future"], Q(Exists(early)))]


def skip_next_order(subscription: Subscription, answers: Answers, actor: Actor) -> ActionContext[Any]:
    order = planned_item(subscription).order
    return order_verbs.skip_subscription(order, actor=actor, subscription=subscription)


def obstacles_of_skip(merchant: Merchant, answers: Answers) -> list[Obstacle]:
    planned = _upcoming(merchant).filter(order__in=Order.objects.open().filter(merchant=merchant))
    return [NOT_ACTIVE, Obstacle(SENTENCES["order_not_open"], ~Q(Exists(planned)))]


def cancel(subscription: Subscription, answers: Answers, actor: Actor) -> ActionContext[Any]:
    return verbs.cancel(subscription, actor=actor, reason=answers.get("reason", ""))


def describe_cancel(answers: Answers) -> str:
    return f"because of “{answers['label']}”" if answers.get("label") else ""


def _upcoming(merchant: Merchant) -> QuerySet[Item]:
    return Item.objects.filter(merchant=merchant, subscription=OuterRef("pk"), upcoming=True)


KINDS = [
    BulkKind(
        name="subscription.move",
        title="Move next order",
        icon="event",
        model=Subscription,
        change=move_next_order,
        describe=describe_move,
        obstacles=obstacles_of_move,
    ),
    BulkKind(
        name="subscription.skip",
        title="Skip next order",
        icon="redo",
        model=Subscription,
        change=skip_next_order,
        obstacles=obstacles_of_skip,
    ),
    BulkKind(
        name="subscription.cancel",
        title="Cancel",
        icon="cancel",
        model=Subscription,
        change=cancel,
        describe=describe_cancel,
        obstacles=lambda merchant, answers: [NOT_ACTIVE, PAID_LEFT],
        warning="No further orders are placed. Your connections receive an event for each subscription, which an undo "
        "does not take back.",
    ),
]
