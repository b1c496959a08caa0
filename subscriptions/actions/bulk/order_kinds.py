"""Bulk changes of orders: move their dates, skip them, try them again."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce

from subscriptions import calendar
from subscriptions.actions import order as verbs
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
from subscriptions.errors import SENTENCES
from subscriptions.models import Item, Merchant, Order, OrderStatus, statuses_where
from subscriptions.models.order import OPEN

CHANGEABLE = Q(status__in=statuses_where(lambda row: row.changeable), locked=False)


def move_date(order: Order, answers: Answers, actor: Actor) -> ActionContext[Any]:
    return verbs.change_date(order, actor=actor, day=target_day(order.place_date, answers))


def obstacles_of_move(merchant: Merchant, answers: Answers) -> list[Obstacle]:
    today = calendar.today(merchant.time_zone)
    return [
        Obstacle(SENTENCES["order_not_open"], ~OPEN),
        Obstacle(SENTENCES["place_date_past"], planned_before(today, "place_date", answers)),
    ]


def skip(order: Order, answers: Answers, actor: Actor) -> ActionContext[Any]:
    return verbs.skip(order, actor=actor)


def retry(order: Order, answers: Answers, actor: Actor) -> ActionContext[Any]:
    if order.status == OrderStatus.REJECTED:
        return verbs.rescue(order, actor=actor)
    return verbs.retry(order, actor=actor, at=calendar.now())


def obstacles_of_retry(merchant: Merchant, answers: Answers) -> list[Obstacle]:
    """As `why_not_rescuable` says of one order."""
    rejected = Q(status=OrderStatus.REJECTED)
    items = Item.objects.filter(merchant=merchant, order=OuterRef("pk"))
    limit = calendar.now() - timedelta(days=verbs.RESCUE_DAYS)
    later = items.filter(
        subscription__items__first_placed__gt=Coalesce(OuterRef("tried_at"), OuterRef("created")),
    )
    reasons = [
        ("A later order was sent in its place.", Q(rejected_error_code=verbs.SUPERSEDED_CODE)),
        (f"It was rejected more than {verbs.RESCUE_DAYS} days ago.", _tried_before(limit)),
        ("A subscription of it is cancelled.", Q(Exists(items.filter(subscription__cancelled__isnull=False)))),
        ("A later order of it was placed.", Q(Exists(later))),
    ]
    return [
        Obstacle(
            SENTENCES["order_not_waiting"],
            ~(rejected | Q(status=OrderStatus.AWAITING_RETRY_INSTRUCTIONS, locked=False)),
        ),
        *(Obstacle(SENTENCES["order_not_rescuable"].format(why=why), rejected & rows) for why, rows in reasons),
    ]


def _tried_before(limit: datetime) -> Q:
    return Q(tried_at__lt=limit) | Q(tried_at__isnull=True, updated__lt=limit)


KINDS = [
    BulkKind(
        name="order.move",
        title="Move dates",
        icon="event",
        model=Order,
        change=move_date,
        describe=describe_move,
        obstacles=obstacles_of_move,
    ),
    BulkKind(
        name="order.skip",
        title="Skip",
        icon="redo",
        model=Order,
        change=skip,
        obstacles=lambda merchant, answers: [Obstacle(SENTENCES["order_not_open"], ~CHANGEABLE)],
        warning="Each subscription gets its next order one frequency later.",
    ),
    BulkKind(
        name="order.retry",
        title="Try again",
        icon="replay",
        model=Order,
        change=retry,
        is_undoable=False,
        obstacles=obstacles_of_retry,
        warning="The orders go to your platform within a minute, and customers are charged if that succeeds. "
        "This cannot be undone.",
    ),
]
