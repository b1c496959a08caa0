"""Bulk changes of orders: move their dates, skip them, try them again."""

from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce

from subscriptions import calendar
from subscriptions.actions import order as verbs
from subscriptions.actions import order_items, restore_order
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
from subscriptions.models import Item, Merchant, Order, OrderStatus, statuses_where
from subscriptions.models.order import OPEN

CHANGEABLE = Q(status__in=statuses_where(lambda row: row.changeable), locked=False)


def move_date(order: Order, answers: Answers, actor: Actor) -> Change:
    items = _item_keys(order)
    incentives = list(order.incentives.values_list("pk", flat=True))
    context = verbs.change_date(order, actor=actor, day=target_day(order.place_date, answers))
    if context.activity is None:
        return Change(context, {})
    moved: Order = context.result
    return Change(
        context,
        {
            "from": order.place_date.isoformat(),
            "to": moved.place_date.isoformat(),
            "merged": moved.pk != order.pk,
            "items": items,
            "incentives": incentives,
        },
    )


def move_back(order: Order, facts: Facts, actor: Actor) -> None:
    if facts["merged"]:
        restore_order.unmerge(order, actor=actor, items=facts["items"], incentives=facts["incentives"])
        return
    if order.place_date.isoformat() != facts["to"] or _item_keys(order) != facts["items"]:
        raise refused("order_not_restorable")
    verbs.change_date(order, actor=actor, day=date.fromisoformat(facts["from"]))


def obstacles_of_move(merchant: Merchant, answers: Answers) -> list[Obstacle]:
    today = calendar.today(merchant.time_zone)
    return [
        Obstacle(SENTENCES["order_not_open"], ~OPEN),
        Obstacle(SENTENCES["place_date_past"], planned_before(today, "place_date", answers)),
    ]


def skip(order: Order, answers: Answers, actor: Actor) -> Change:
    context = verbs.skip(order, actor=actor)
    planned = [[item.pk, item.order.place_date.isoformat()] for item in context.result]
    return Change(context, {"planned": sorted(planned)})


def unskip(order: Order, facts: Facts, actor: Actor) -> None:
    subscriptions = [item.subscription_id for item in order_items.load_items(order) if item.subscription_id]
    upcoming = Item.objects.filter(merchant=order.merchant_id, subscription__in=subscriptions, upcoming=True)
    planned = [[pk, day.isoformat()] for pk, day in upcoming.values_list("pk", "order__place_date")]
    if sorted(planned) != facts["planned"]:
        raise refused("order_not_restorable")
    restore_order.unskip(order, actor=actor)


def retry(order: Order, answers: Answers, actor: Actor) -> Change:
    if order.status == OrderStatus.REJECTED:
        return Change(verbs.rescue(order, actor=actor), {})
    return Change(verbs.retry(order, actor=actor, at=calendar.now()), {})


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


def _item_keys(order: Order) -> list[int]:
    items = Item.objects.filter(merchant=order.merchant_id, order=order)
    return list(items.order_by("pk").values_list("pk", flat=True))


KINDS = [
    BulkKind(
        name="order.move",
        title="Move dates",
        icon="event",
        model=Order,
        change=move_date,
        describe=describe_move,
        undo=move_back,
        obstacles=obstacles_of_move,
    ),
    BulkKind(
        name="order.skip",
        title="Skip",
        icon="redo",
        model=Order,
        change=skip,
        undo=unskip,
        obstacles=lambda merchant, answers: [Obstacle(SENTENCES["order_not_open"], ~CHANGEABLE)],
        warning="Each subscription gets its next order one frequency later.",
    ),
    BulkKind(
        name="order.retry",
        title="Try again",
        icon="replay",
        model=Order,
        change=retry,
        obstacles=obstacles_of_retry,
        warning="The orders go to your platform within a minute, and customers are charged if that succeeds. "
        "This cannot be undone.",
    ),
]
