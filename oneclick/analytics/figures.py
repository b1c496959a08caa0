"""The figures of links: what clicks in a range of days led to, by day, action, link and landing page."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from oneclick.models import ActionToken, Click
from oneclick.models.click import NON_REFUSALS
from oneclick.redemption.link_actions.reactivate import REACTIVATE
from subscriptions import calendar
from subscriptions.models import Merchant, OrderStatus

GAIN_DAYS = 90
"""An order placed within this many days after the click counts as gained by it."""
KEPT_DAYS = 400
"""Clicks are removed after this many days."""
KEYS = ("day", "action", "link", "landing_page")
ACTED = Q(outcome="success", replayed=False)
KeyedFigures = tuple[tuple[Any, ...], "Figures"]


@dataclass(frozen=True, slots=True)
class Selection:
    """A range of days in the merchant's zone, both ends included; `only` filters the clicks."""

    first: date
    last: date
    only: Q = Q()


@dataclass(slots=True)
class Figures:
    """`refused` counts by code. `kept` counts placed orders that were delayed or that followed a skipped one.

    `orders` and `value` are gained by clicks that were not undone.
    """

    opened: int = 0
    acted: int = 0
    undone: int = 0
    replayed: int = 0
    machines: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    kept: int = 0
    orders: int = 0
    value: Decimal = Decimal(0)

    def add(self, other: "Figures") -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def refusals(self) -> int:
        return self.refused.total()


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one day, action, link and landing page; the last two by their keys."""

    day: date
    action: str
    link: int | None
    landing_page: int | None
    figures: Figures


def click_figures(merchant: Merchant, selection: Selection) -> list[Row]:
    """The rows that have any figure, by day, action, link and landing page. Takes five queries.

    Clicks of test customers do not count.
    """
    found: dict[tuple[Any, ...], Figures] = {}
    begins = calendar.local_midnight(selection.first, merchant.time_zone)
    clicks = _selected_clicks(merchant, selection, begins)
    lasting = clicks.filter(Click.not_undone(merchant))
    parts = [
        _count_clicks(clicks),
        _count_undone(clicks),
        _count_kept_orders(lasting),
        _sum_gains(_subscription_gains(lasting, merchant, begins)),
        _sum_gains(_item_gains(lasting)),
    ]
    with use_custom_plans():
        for key, figures in chain(*parts):
            found.setdefault(key, Figures()).add(figures)
    return [Row(*[*key, found[key]]) for key in sorted(found, key=_sort_key)]


def _sort_key(key: tuple[Any, ...]) -> list[tuple[bool, Any]]:
    """Sorts days by date and ids by number; clicks without a saved link or landing page come first."""
    return [(part is not None, part) for part in key]


@contextmanager
def use_custom_plans() -> Iterator[None]:
    """Plan each statement in the block for its own days, even if the connection has prepared it.

    For 90 days, a generic plan looks items up one by one, which takes seconds; a custom plan reads them all in one.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        yield


def sum_figures(found: Iterable[Row]) -> Figures:
    sums = Figures()
    for row in found:
        sums.add(row.figures)
    return sums


def group_figures(found: Iterable[Row], name: str) -> dict[Any, Figures]:
    """The figures by one of `KEYS`."""
    sums: dict[Any, Figures] = {}
    for row in found:
        sums.setdefault(getattr(row, name), Figures()).add(row.figures)
    return sums


def reactivations_by_day(merchant: Merchant, first: date, last: date) -> dict[date, int]:
    """The reactivations by links: what `click_figures` counts as `acted` for this action, in one query."""
    begins = calendar.local_midnight(first, merchant.time_zone)
    clicks = _selected_clicks(merchant, Selection(first, last, Q(action=REACTIVATE.name)), begins)
    [day] = KEYS[:1]
    return dict(clicks.filter(ACTED).values_list(day).annotate(n=Count("pk")))


def _selected_clicks(merchant: Merchant, selection: Selection, begins: datetime) -> QuerySet[Click]:
    ends = calendar.local_midnight(selection.last + timedelta(days=1), merchant.time_zone)
    clicks = Click.objects.filter(selection.only, merchant=merchant, at__gte=begins, at__lt=ends)
    # An undo is counted with the click that it undid.
    clicks = clicks.exclude(outcome="undone")
    clicks = clicks.exclude(token__in=ActionToken.objects.filter(merchant=merchant, customer__is_test=True))
    return clicks.annotate(day=TruncDate("at", tzinfo=ZoneInfo(merchant.time_zone))).order_by()


def _count_clicks(clicks: QuerySet[Click]) -> Iterator[KeyedFigures]:
    groups = clicks.values_list(*KEYS, "outcome").annotate(
        n=Count("pk"),
        opened=Count("pk", filter=Q(opens=True, likely_machine=False)),
        acted=Count("pk", filter=ACTED),
        replayed=Count("pk", filter=Q(replayed=True)),
        machines=Count("pk", filter=Q(likely_machine=True)),
    )
    for *key, outcome, n, opened, acted, replayed, machines in groups:
        refused = Counter() if outcome in NON_REFUSALS else Counter({outcome: n})
        yield tuple(key), Figures(opened, acted, 0, replayed, machines, refused)


def _count_undone(clicks: QuerySet[Click]) -> Iterator[KeyedFigures]:
    undone = clicks.filter(ACTED, token__undone_at__isnull=False)
    for *key, n in undone.values_list(*KEYS).annotate(n=Count("pk")):
        yield tuple(key), Figures(undone=n)


def _count_kept_orders(lasting: QuerySet[Click]) -> Iterator[KeyedFigures]:
    for *key, n in lasting.filter(order__status=OrderStatus.SUCCESS).values_list(*KEYS).annotate(n=Count("pk")):
        yield tuple(key), Figures(kept=n)


def _subscription_gains(lasting: QuerySet[Click], merchant: Merchant, begins: datetime) -> QuerySet[Click]:
    """Each placed item of a reactivated or created subscription, with the last such click before it."""
    # Items placed before the first click cannot be gained; the condition keeps the database from reading them.
    items = lasting.filter(
        Q(subscription__isnull=False, subscription__items__first_placed__gte=begins),
        subscription__items__first_placed__gte=F("at"),
        subscription__items__first_placed__lt=F("at") + timedelta(days=GAIN_DAYS),
    ).annotate(placed=F("subscription__items__first_placed"), amount=F("subscription__items__total_price"))
    later = Click.objects.filter(
        Click.not_undone(merchant),
        subscription=OuterRef("subscription"),
        at__gt=OuterRef("at"),
        at__lte=OuterRef("placed"),
    )
    return items.exclude(Exists(later))


def _item_gains(lasting: QuerySet[Click]) -> QuerySet[Click]:
    """The placed items that product upsells added to orders."""
    window = Q(item__first_placed__gte=F("at"), item__first_placed__lt=F("at") + timedelta(days=GAIN_DAYS))
    return lasting.filter(window).annotate(amount=F("item__total_price"))


def _sum_gains(items: QuerySet[Click]) -> Iterator[KeyedFigures]:
    for *key, orders, value in items.values_list(*KEYS).annotate(orders=Count("pk"), value=Sum("amount")):
        yield tuple(key), Figures(orders=orders, value=value)
