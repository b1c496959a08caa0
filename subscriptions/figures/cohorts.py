"""Cohorts: the subscriptions that began in a month, and how many of them were still live some months later.

A subscription begins when it was created, and ends when it was cancelled. One that was reactivated has no end.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from common.db import fetch_rows
from subscriptions import calendar
from subscriptions.figures.active import LIVES, MONTHS
from subscriptions.models import Merchant

READ = f"""
SELECT (SELECT time_zone FROM subscriptions_activecount WHERE merchant_id = %s), product, started, ended, sum(n)::bigint
FROM (
    SELECT product_id AS product, started, ended, n FROM subscriptions_cohortcount
    WHERE merchant_id = %s AND started BETWEEN %s AND %s
    UNION ALL
    SELECT * FROM (
        SELECT product, {MONTHS.format(zone="%s")}, change FROM subscriptions_activechange WHERE merchant_id = %s
    ) changes WHERE started BETWEEN %s AND %s
) counts
GROUP BY product, started, ended HAVING sum(n) <> 0
"""
COUNT = f"""
SELECT '', product, started, ended, count(*) FROM (
    SELECT product, {MONTHS.format(zone="%s")} FROM ({LIVES}) lives
) months WHERE started BETWEEN %s AND %s
GROUP BY product, started, ended
"""


class CohortPart(NamedTuple):
    """`n` subscriptions to one product that began and ended in these months; None is still live."""

    product: int
    started: date
    ended: date | None
    n: int


@dataclass(slots=True)
class Cohort:
    """`losses` counts those that ended by how many months after the month of their start."""

    started: date
    size: int = 0
    losses: dict[int, int] = field(default_factory=dict)

    @property
    def live(self) -> int:
        return self.size - sum(self.losses.values())

    def live_after(self, months: int) -> int:
        """How many were live at the end of the month that came so many months after that of the start."""
        return self.size - sum(n for after, n in self.losses.items() if after <= months)


def read_cohort_parts(merchant: Merchant, first: date, last: date) -> list[CohortPart]:
    """Those that began in the months from `first` to `last`, both given by their first day."""
    months, zone = [first, last], merchant.time_zone
    values: list[Any] = [merchant.pk, merchant.pk, *months, zone, zone, merchant.pk, *months]
    rows = fetch_rows(READ, values)
    if any(stored not in (None, zone) for stored, *_ in rows[:1]):
        # The merchant's zone has changed since the last fold.
        rows = fetch_rows(COUNT, [zone, zone, merchant.pk, *months])
    return sorted((CohortPart(*rest) for _, *rest in rows), key=lambda part: (part.started, part.product))


def make_cohorts(months: list[date], parts: list[CohortPart]) -> list[Cohort]:
    """One for each of `months`, in their order."""
    cohorts = {month: Cohort(month) for month in months}
    for part in parts:
        cohort = cohorts[part.started]
        cohort.size += part.n
        if part.ended:
            after = max(0, months_between(part.started, part.ended))
            cohort.losses[after] = cohort.losses.get(after, 0) + part.n
    return list(cohorts.values())


def last_months(merchant: Merchant, number: int) -> list[date]:
    """The first days of the latest months, the present one last."""
    month = calendar.today(merchant.time_zone).replace(day=1)
    return [shift_month(month, -back) for back in reversed(range(number))]


def shift_month(month: date, by: int) -> date:
    year, index = divmod(month.year * 12 + month.month - 1 + by, 12)
    return date(year, index + 1, 1)


def months_between(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month
