"""Dates and times: frequencies, next dates, the merchant's local days and the clocks of test customers."""

import calendar
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.db import models
from django.utils import timezone


class Period(models.IntegerChoices):
    """The unit of a frequency; the numbers are the `every_period` of the REST API."""

    DAYS = 1, "days"
    WEEKS = 2, "weeks"
    MONTHS = 3, "months"
    YEARS = 4, "years"


_fixed: ContextVar[datetime | None] = ContextVar("fixed_clock", default=None)
DAYS_IN_PERIOD = {Period.DAYS: 1, Period.WEEKS: 7, Period.MONTHS: 30, Period.YEARS: 365}
LONGEST_PERIOD = {Period.DAYS: 1, Period.WEEKS: 7, Period.MONTHS: 31, Period.YEARS: 366}
LAST_DAY = date(2999, 12, 31)  # of any order; in every time zone, years are left for times around it
SINGULAR = {Period.DAYS: "day", Period.WEEKS: "week", Period.MONTHS: "month", Period.YEARS: "year"}


def frequency_days(every: int, period: int) -> int:
    """The frequency in nominal days (a month has 30, a year 365); for display, never to calculate dates."""
    return every * DAYS_IN_PERIOD[Period(period)]


def frequency_description(every: int, period: int) -> str:
    """`Every week`, `Every 2 weeks`."""
    unit = Period(period)
    return f"Every {SINGULAR[unit]}" if every == 1 else f"Every {every} {unit.label}"


def add_frequency(day: date, every: int, period: int) -> date:
    """`day` plus one frequency in calendar units, at most LAST_DAY.

    A day that the month does not have becomes the month's last.
    """
    unit = Period(period)
    if unit in (Period.DAYS, Period.WEEKS):
        return day + min(timedelta(days=every * DAYS_IN_PERIOD[unit]), LAST_DAY - day)
    months = every * (12 if unit is Period.YEARS else 1)
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > LAST_DAY.year:
        return LAST_DAY
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def next_date(start: date, every: int, period: int, today: date) -> date:
    """The first day after `today` that is one or more whole frequencies after `start`."""
    # Start from a lower bound: a daily subscription of many years would otherwise take thousands of steps.
    steps = max(1, (today - start).days // (every * LONGEST_PERIOD[Period(period)]))
    while (day := add_frequency(start, every * steps, period)) <= today:
        steps += 1
    return day


def now() -> datetime:
    """The current time; inside `fixed_clock`, the time of that clock."""
    return _fixed.get() or timezone.now()


@contextmanager
def fixed_clock(moment: datetime | None) -> Iterator[None]:
    """Inside the block, `now()` is `moment`. None changes nothing, and neither does a nested clock."""
    token = _fixed.set(_fixed.get() or moment)
    try:
        yield
    finally:
        _fixed.reset(token)


def today(zone: str) -> date:
    """The current date in `zone`, an IANA name."""
    return now().astimezone(ZoneInfo(zone)).date()


def local_time(moment: datetime, zone: str) -> datetime:
    """`moment` in `zone`."""
    return moment.astimezone(ZoneInfo(zone))


def local_midnight(day: date, zone: str) -> datetime:
    """The start of `day` in `zone`; on a day whose midnight the clocks skip, the first moment after it."""
    return local_hour(day, 0, zone)


@lru_cache
def local_hour(day: date, hour: int, zone: str) -> datetime:
    """The full hour `hour` of `day` in `zone`: the next one if the clocks skip it, the first one if they repeat it."""
    # Converting to UTC and back turns a wall time that the clocks skip into one that exists.
    return datetime.combine(day, time(hour), ZoneInfo(zone)).astimezone(ZoneInfo("UTC")).astimezone(ZoneInfo(zone))


def human_date(day: date) -> str:
    """`November 21, 2026`, as customers and staff read a date in English."""
    return f"{day:%B} {day.day}, {day.year}"


def card_expiry(text: str) -> date | None:
    """The last day on which a card is valid, from `MM/YYYY`, `M/YYYY` or `MM/YY`; None for any other text."""
    match = re.fullmatch(r"(0?[1-9]|1[0-2])/((?:20)?\d\d)", text, re.ASCII)
    if not match:
        return None
    month, year = int(match[1]), int(match[2]) % 100 + 2000
    return date(year, month, calendar.monthrange(year, month)[1])
