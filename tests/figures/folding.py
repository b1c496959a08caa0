"""Folding by hand, and what the roll-ups must say."""

from collections import Counter
from datetime import date
from typing import Any

from django.db.models import Q

from subscriptions import calendar
from subscriptions.figures import active, roll_ups
from subscriptions.figures.business import CANCELLED, read_business
from subscriptions.figures.cancellations import read_cancellations
from subscriptions.figures.cohorts import make_cohorts, read_cohort_parts
from subscriptions.figures.roll_ups import all_kinds, read_figures
from subscriptions.figures.spans import ALWAYS, span_of_days
from subscriptions.models import Merchant, RollUp, Subscription

FIRST, LAST = date(2026, 7, 1), date(2027, 3, 31)


def fold(merchant: Merchant) -> None:
    """Fold all kinds of the merchant's figures, as workers do."""
    for name in all_kinds():
        row, _ = RollUp.objects.get_or_create(merchant=merchant, name=name)
        roll_ups.continue_fold(row.pk)
    active.fold_changes()


def assert_exact(merchant: Merchant) -> None:
    """Whatever is folded, the figures are those that the rows give."""
    merchant.refresh_from_db()
    days = [span_of_days(FIRST, LAST, merchant.time_zone)]
    for kind in all_kinds().values():
        counted = roll_ups._add_up(kind.count(merchant, ALWAYS, days, Q()))
        found = read_figures(kind, merchant, FIRST, LAST)
        assert without_zeros(found) == without_zeros(counted), kind.name
    assert_cancellations_agree(merchant)
    assert_cohorts_exact(merchant)
    live = Subscription.objects.live().filter(merchant=merchant, customer__is_test=False)
    expected = (live.count(), live.values("customer").distinct().count())
    assert tuple(active.count_active(merchant)) == expected


def assert_cancellations_agree(merchant: Merchant) -> None:
    """The cuts by reason and product have the sums of Home's figures."""
    business, reasons = read_business(merchant, FIRST, LAST), Counter[str]()
    found = read_cancellations(merchant, FIRST, LAST)
    for each in found:
        reasons[each.reason] += each.n
    assert dict(reasons) == business.reasons and reasons.total() == business.count(CANCELLED)
    assert sum(each.amount for each in found) == business.lost.get(CANCELLED, 0)
    one = [each for each in found if each.reason == "4"]
    assert read_cancellations(merchant, FIRST, LAST, Q(reason="4")) == one


def assert_cohorts_exact(merchant: Merchant) -> None:
    """The months in which subscriptions began and ended, and those still live, are those of the rows."""
    expected, zone = Counter[tuple[int, date, date | None]](), merchant.time_zone
    for row in Subscription.objects.filter(merchant=merchant, customer__is_test=False):
        began, ended = (
            at and calendar.local_time(at, zone).date().replace(day=1) for at in (row.created, row.cancelled)
        )
        expected[(row.product_id, began, ended)] += 1
    parts = read_cohort_parts(merchant, FIRST, LAST)
    assert {(part.product, part.started, part.ended): part.n for part in parts} == dict(expected)
    months = sorted({part.started for part in parts})
    live = sum(cohort.live for cohort in make_cohorts(months, parts))
    assert live == active.count_active(merchant).subscriptions


def without_zeros(found: dict[Any, list[Any]]) -> dict[Any, list[Any]]:
    return {key: sums for key, sums in found.items() if any(sums)}
