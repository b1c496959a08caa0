"""Roll-ups: facts folded into sums by day of the merchant's zone.

A kind (`RollUpKind`) counts the facts of a span of time. Its fold adds what it counted to the stored rows of their
days, up to a moment before which no fact can appear any more (`complete_until`), and moves `folded_until` in the same
transaction; a killed fold goes on from there. Reading adds up the stored rows and counts the facts since. So nothing
that writes facts has to write sums too.

A fact that changes after it was folded leaves a `StaleFact` in the transaction of its change. Until that day is folded
anew, readers count it from the rows. A change within `LAG` of the fact needs no mark, as folds stay that far behind.
Where the merchant's zone changed, all is folded anew, and counted from the rows meanwhile.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from itertools import chain
from typing import Any

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection, models, transaction
from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone
from django.utils.module_loading import import_string

from common.db.open_transactions import complete_until
from common.work import LeaseLost, Turn, claim_lease, sweep_rows, yield_turn
from subscriptions import calendar
from subscriptions.figures import active
from subscriptions.figures.spans import ALWAYS, Span, span_of_days
from subscriptions.models import Merchant, RollUp, StaleFact

TASK = "subscriptions.figures.roll_ups.continue_fold"
LAG = timedelta(minutes=5)
STEP = timedelta(days=7)  # what is folded in one transaction while a merchant's roll-up is built
MARKS_AT_ONCE = 10_000

Key = tuple[Any, ...]
Sums = tuple[Any, ...]
Counted = Iterable[tuple[Key, Sums]]


@dataclass(frozen=True, slots=True)
class RollUpKind:
    """`model` stores the sums by merchant and `keys`, the first of which is the day.

    `facts` are the models of its facts, each with its column of time.
    `count(merchant, facts, days, only)` counts facts within the span `facts` that concern days of the spans `days`, by
    key; a key may come several times. `only` filters by keys.
    `unique` is how the unique index of `model` names the keys.
    """

    name: str
    model: type[models.Model]
    keys: tuple[str, ...]
    sums: tuple[str, ...]
    facts: Mapping[type[models.Model], str]
    count: Callable[[Merchant, Span, Sequence[Span], Q], Counted]
    unique: str


@cache
def all_kinds() -> dict[str, RollUpKind]:
    kinds: list[RollUpKind] = [import_string(path) for path in settings.ROLL_UPS]
    return {kind.name: kind for kind in kinds}


@contextmanager
def use_custom_plans() -> Iterator[None]:
    """Plan each statement in the block for its own days, even if the connection has prepared it.

    For many days, a generic plan looks items up one by one, which takes seconds; a custom plan reads them all in one.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        yield


# Reading


def read_figures(
    kind: RollUpKind, merchant: Merchant, first: date, last: date, only: Q | None = None, by: Sequence[str] = ()
) -> dict[Key, list[Any]]:
    """The sums of these days by the keys named in `by`, or by all."""
    only, by = only or Q(), by or kind.keys
    period, days = span_of_days(first, last, merchant.time_zone), Q(day__gte=first, day__lte=last)
    state = RollUp.objects.filter(merchant=merchant, name=kind.name, time_zone=merchant.time_zone)
    # Before the stored rows: a day that is folded anew in between is counted from the rows all the same.
    known, stale = _read_state(state, merchant, period)
    if known is None:
        return _count_all(kind, merchant, period, only, by)
    rows = kind.model._default_manager.filter(only, days, merchant=merchant).exclude(day__in=stale)
    # Read with the rows, so that it fits them, whatever a fold commits before or after.
    grouped = rows.values_list(Subquery(state.values("folded_until")), *by).order_by()
    stored = list(grouped.annotate(**{f"sum_of_{name}": Sum(name) for name in kind.sums}))
    until = stored[0][0] if stored else known
    if until is None:
        return _count_all(kind, merchant, period, only, by)
    counted = [kind.count(merchant, Span(until), [period], only)]
    if stale:
        spans = [span_of_days(day, day, merchant.time_zone) for day in sorted(stale)]
        counted.append(kind.count(merchant, Span(ends=until), spans, only))
    number = 1 + len(by)
    return _add_up(chain(((row[1:number], row[number:]) for row in stored), _group(kind, chain(*counted), by)))


def _count_all(kind: RollUpKind, merchant: Merchant, period: Span, only: Q, by: Sequence[str]) -> dict[Key, list[Any]]:
    with use_custom_plans():
        return _add_up(_group(kind, kind.count(merchant, ALWAYS, [period], only), by))


def _group(kind: RollUpKind, counted: Counted, by: Sequence[str]) -> Iterator[tuple[Key, Sums]]:
    """What was counted by all keys, by those named in `by`."""
    places = [kind.keys.index(name) for name in by]
    return ((tuple(key[place] for place in places), sums) for key, sums in counted)


def _read_state(state: QuerySet[RollUp], merchant: Merchant, period: Span) -> tuple[datetime | None, set[date]]:
    """How far the roll-up is folded, and the stale days of the period."""
    marks = StaleFact.objects.filter(period.covers("at"), merchant=OuterRef("merchant"), name=OuterRef("name"))
    found = state.values_list("folded_until", ArraySubquery(marks.values("at"))).first()
    until, stale = found or (None, [])
    return until, {calendar.local_time(at, merchant.time_zone).date() for at in stale}


def _add_up(counted: Counted) -> dict[Key, list[Any]]:
    found: dict[Key, list[Any]] = {}
    for key, sums in counted:
        known = found.setdefault(key, [0] * len(sums))
        for number, value in enumerate(sums):
            known[number] += value
    return found


# Folding


def sweep() -> None:
    """Each minute: fold the counts of live subscriptions, and wake workers for the roll-ups with something to fold."""
    active.fold_changes()
    _create_missing()
    behind = timezone.now() - LAG
    for kind in all_kinds().values():
        newer = [
            Exists(model._default_manager.filter(_since_fold(column, behind), merchant=OuterRef("merchant")))
            for model, column in kind.facts.items()
        ]
        marks = StaleFact.objects.filter(merchant=OuterRef("merchant"), name=kind.name)
        needs = Q(folded_until=None) | ~Q(time_zone=F("merchant__time_zone")) | Q(Exists(marks))
        for condition in newer:
            needs |= Q(condition)
        sweep_rows(RollUp.objects.filter(needs, name=kind.name), TASK)


def _since_fold(column: str, behind: datetime) -> Q:
    return Q(**{f"{column}__gte": OuterRef("folded_until"), f"{column}__lt": behind})


def _create_missing() -> None:
    for name in all_kinds():
        known = RollUp.objects.filter(merchant=OuterRef("pk"), name=name)
        rows = [RollUp(merchant=merchant, name=name) for merchant in Merchant.objects.exclude(Exists(known))]
        RollUp.objects.bulk_create(rows, ignore_conflicts=True)


def continue_fold(roll_up_id: int) -> None:
    """Task: fold what is complete, and fold the stale days anew, until both are done or the turn is over."""
    row = claim_lease(RollUp.objects.select_related("merchant"), roll_up_id)
    if row is not None:
        with suppress(LeaseLost):  # another worker continues it
            _fold_all(row, all_kinds()[row.name], Turn())


def _fold_all(row: RollUp, kind: RollUpKind, turn: Turn) -> None:
    if row.time_zone != row.merchant.time_zone:
        _begin_anew(row, kind)
    until = complete_until() - LAG
    if row.folded_until is None:
        row.folded_until = min(_first_fact(kind, row.merchant) or until, until)
    while row.folded_until < until:
        _fold(row, kind, min(until, row.folded_until + STEP))
        if turn.is_over:
            return yield_turn(row, TASK)
    for day, marks in _marks_by_day(row).items():
        _fold_day_anew(row, kind, day, marks)
        if turn.is_over:
            return yield_turn(row, TASK)
    row.release(folded_until=row.folded_until)


def _begin_anew(row: RollUp, kind: RollUpKind) -> None:
    zone = row.merchant.time_zone
    with transaction.atomic():
        kind.model._default_manager.filter(merchant=row.merchant).delete()
        row.renew(folded_until=None, time_zone=zone)
    row.folded_until, row.time_zone = None, zone


def _first_fact(kind: RollUpKind, merchant: Merchant) -> datetime | None:
    """Just the earliest time of any fact; folding begins there."""
    found = (
        model._default_manager.filter(merchant=merchant).aggregate(at=Min(column))["at"]
        for model, column in kind.facts.items()
    )
    return min((at for at in found if at), default=None)


def _fold(row: RollUp, kind: RollUpKind, until: datetime) -> None:
    with use_custom_plans():
        _store(kind, row.merchant, kind.count(row.merchant, Span(row.folded_until, until), [ALWAYS], Q()))
        row.renew(folded_until=until)
    row.folded_until = until


def _marks_by_day(row: RollUp) -> dict[date, list[int]]:
    marks = StaleFact.objects.filter(merchant=row.merchant, name=row.name).order_by("pk")
    found: dict[date, list[int]] = defaultdict(list)
    for pk, at in marks.values_list("pk", "at")[:MARKS_AT_ONCE]:
        found[calendar.local_time(at, row.time_zone).date()].append(pk)
    return found


def _fold_day_anew(row: RollUp, kind: RollUpKind, day: date, marks: list[int]) -> None:
    # What these marks stand for is committed, so it is counted; a change from now on has a mark of its own.
    days = [span_of_days(day, day, row.time_zone)]
    with use_custom_plans():
        kind.model._default_manager.filter(merchant=row.merchant, day=day).delete()
        _store(kind, row.merchant, kind.count(row.merchant, Span(ends=row.folded_until), days, Q()))
        StaleFact.objects.filter(pk__in=marks).delete()
        row.renew()


def _store(kind: RollUpKind, merchant: Merchant, counted: Counted) -> None:
    """Add the sums to the stored rows."""
    rows = [(merchant.pk, *key, *sums) for key, sums in _add_up(counted).items()]
    table, columns = kind.model._meta.db_table, [column_of(kind.model, name) for name in kind.keys]
    added = ", ".join(f"{name} = {table}.{name} + EXCLUDED.{name}" for name in kind.sums)
    names = ["merchant_id", *columns, *kind.sums]
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))}) "
            f"ON CONFLICT (merchant_id, {kind.unique}) DO UPDATE SET {added}",
            rows,
        )


def column_of(model: type[models.Model], name: str) -> str:
    field: Any = model._meta.get_field(name)
    return str(field.column)
