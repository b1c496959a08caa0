"""Spans of time, and days of a merchant as such spans."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import Q

from subscriptions import calendar


@dataclass(frozen=True, slots=True)
class Span:
    """From `begins` until just before `ends`; None is open."""

    begins: datetime | None = None
    ends: datetime | None = None

    def covers(self, column: str) -> Q:
        """Selects rows whose `column` is in the span."""
        bounds = {f"{column}__gte": self.begins, f"{column}__lt": self.ends}
        return Q(**{name: bound for name, bound in bounds.items() if bound is not None})


ALWAYS = Span()


def span_of_days(first: date, last: date, zone: str) -> Span:
    """Both days included."""
    return Span(calendar.local_midnight(first, zone), calendar.local_midnight(last + timedelta(days=1), zone))


def any_covers(spans: Iterable[Span], column: str) -> Q:
    """Selects rows whose `column` is in one of at least one `spans`."""
    return reduce(or_, (span.covers(column) for span in spans))
