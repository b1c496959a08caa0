"""Bulk changes of subscriptions: move or skip their next order, cancel them."""

from datetime import date, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from subscriptions import calendar
from subscriptions.actions import order as order_verbs
from subscriptions.actions import order_items
from subscriptions.actions import subscription as verbs
from subscriptions.actions.bulk.kind import (
    Answers,
    BulkKind,
    Change,
    Facts,
    Obstacle,
    describe_move,
    planned_before,
    target_day,
)
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


def move_next_order(subscription: Subscription, answers: Answers, actor: Actor) -> Change:
    item = planned_item(subscription)
    was = item.order.place_date
    context = verbs.change_next_order_date(subscription, actor=actor, day=target_day(was, answers))
    to = context.result.place_date
    return Change(context, _moved(item.pk, was, to) if context.activity else {})


def move_next_order_back(subscription: Subscription, facts: Facts, actor: Actor) -> None:
    item = planned_item(subscription)
    if [item.pk, item.order.place_date.isoformat()] != [facts["item"], facts["to"]]:
        raise refused("order_not_restorable")
    verbs.change_next_order_date(subscription, actor=actor, day=date.fromisoformat(facts["from"]))


def obstacles_of_move(merchant: Merchant, answers: Answers) -> list[Obstacle]:
    tomorrow = calendar.today(merchant.time_zone) + timedelta(days=1)
    early = _upcoming(merchant).filter(planned_before(tomorrow, "order__place_date", answers))
    return [*obstacles_of_skip(merchant, answers), Obstacle(SENTENCES["order_date_not_future"], Q(Exists(early)))]


def skip_next_order(subscription: Subscription, answers: Answers, actor: Actor) -> Change:
    order = planned_item(subscription).order
    context = order_verbs.skip_subscription(order, actor=actor, subscription=subscription)
    planned: Item = context.result
    return Change(context, _moved(planned.pk, order.place_date, planned.order.place_date))


def obstacles_of_skip(merchant: Merchant, answers: Answers) -> list[Obstacle]:
    planned = _upcoming(merchant).filter(order__in=Order.objects.open().filter(merchant=merchant))
    return [NOT_ACTIVE, Obstacle(SENTENCES["order_not_open"], ~Q(Exists(planned)))]


def cancel(subscription: Subscription, answers: Answers, actor: Actor) -> Change:
    upcoming = Item.objects.filter(merchant=subscription.merchant_id, subscription=subscription, upcoming=True)
    day = upcoming.values_list("order__place_date", flat=True).first()
    context = verbs.cancel(subscription, actor=actor, reason=answers.get("reason", ""))
    cancelled = context.subject.cancelled
    assert cancelled is not None
    return Change(context, {"at": cancelled.isoformat(), "day": day.isoformat() if day else ""})


def reactivate(subscription: Subscription, facts: Facts, actor: Actor) -> None:
    """Active again, with the next order on its old day or, once that is over, tomorrow."""
    if subscription.cancelled is None or subscription.cancelled.isoformat() != facts["at"]:
        raise refused("subscription_already_active")
    tomorrow = calendar.today(subscription.merchant.time_zone) + timedelta(days=1)
    day = max(date.fromisoformat(facts["day"]), tomorrow) if facts["day"] else None
    verbs.reactivate(subscription, actor=actor, next_order_date=day)


def describe_cancel(answers: Answers) -> str:
    return f"because of “{answers['label']}”" if answers.get("label") else ""


def _moved(item: int, was: date, to: date) -> Facts:
    return {"item": item, "from": was.isoformat(), "to": to.isoformat()}


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
        undo=move_next_order_back,
        obstacles=obstacles_of_move,
    ),
    BulkKind(
        name="subscription.skip",
        title="Skip next order",
        icon="redo",
        model=Subscription,
        change=skip_next_order,
        undo=move_next_order_back,
        obstacles=obstacles_of_skip,
    ),
    BulkKind(
        name="subscription.cancel",
        title="Cancel",
        icon="cancel",
        model=Subscription,
        change=cancel,
        describe=describe_cancel,
        undo=reactivate,
        obstacles=lambda merchant, answers: [NOT_ACTIVE, PAID_LEFT],
        warning="No further orders are placed. Your connections receive an event for each subscription, which an undo "
        "does not take back.",
    ),
]
