"""Every date rule: frequencies, next dates and the merchant's own days."""

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
    """The unit of a delivery frequency; the numbers are the REST API's `every_period`."""

    DAYS = 1, "days"
    WEEKS = 2, "weeks"
    MONTHS = 3, "months"
    YEARS = 4, "years"


_set: ContextVar[datetime | None] = ContextVar("set_clock", default=None)
DAYS_IN_PERIOD = {Period.DAYS: 1, Period.WEEKS: 7, Period.MONTHS: 30, Period.YEARS: 365}
LONGEST_PERIOD = {Period.DAYS: 1, Period.WEEKS: 7, Period.MONTHS: 31, Period.YEARS: 366}
SINGULAR = {Period.DAYS: "day", Period.WEEKS: "week", Period.MONTHS: "month", Period.YEARS: "year"}


def frequency_days(every: int, period: int) -> int:
    """The frequency in nominal days (month 30, year 365); for display, never for reckoning dates."""
    return every * DAYS_IN_PERIOD[Period(period)]


def frequency_description(every: int, period: int) -> str:
    """`Every week`, `Every 2 weeks`."""
    unit = Period(period)
    return f"Every {SINGULAR[unit]}" if every == 1 else f"Every {every} {unit.label}"


def add_frequency(day: date, every: int, period: int) -> date:
    """`day` plus one frequency in calendar units; a day the month does not have becomes its last day."""
    unit = Period(period)
    if unit in (Period.DAYS, Period.WEEKS):
        return day + timedelta(days=every * DAYS_IN_PERIOD[unit])
    months = every * (12 if unit is Period.YEARS else 1)
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def next_date(start: date, every: int, period: int, today: date) -> date:
    """The first day after `today` that lies one or more whole frequencies after `start`."""
    # A lower bound first, so that a daily subscription of many years is not counted day by day.
    steps = max(1, (today - start).days // (every * LONGEST_PERIOD[Period(period)]))
    while (day := add_frequency(start, every * steps, period)) <= today:
        steps += 1
    return day


def now() -> datetime:
    """The moment it is; for what is done to a test customer with a clock, the moment that shows."""
    return _set.get() or timezone.now()


@contextmanager
def fixed_clock(moment: datetime | None) -> Iterator[None]:
    """Inside, it is `moment`, and stays so; None, and a time set around it already, change nothing."""
    token = _set.set(_set.get() or moment)
    try:
        yield
    finally:
        _set.reset(token)


def today(zone: str) -> date:
    """The date it now is in `zone`, an IANA name."""
    return now().astimezone(ZoneInfo(zone)).date()


def local_time(moment: datetime, zone: str) -> datetime:
    """`moment` in `zone`."""
    return moment.astimezone(ZoneInfo(zone))


def local_midnight(day: date, zone: str) -> datetime:
    """The start of `day` in `zone`; where clocks skip midnight, the first moment after."""
    return local_hour(day, 0, zone)


@lru_cache
def local_hour(day: date, hour: int, zone: str) -> datetime:
    """That full hour of `day` in `zone`; one the clocks skip is the hour after, of a doubled one it is the first."""
    # Through UTC and back, so that a wall time the clocks skip becomes the one that exists.
    return datetime.combine(day, time(hour), ZoneInfo(zone)).astimezone(ZoneInfo("UTC")).astimezone(ZoneInfo(zone))


def human_date(day: date) -> str:
    """`November 21, 2026`: how customers read a date in English."""
    return f"{day:%B} {day.day}, {day.year}"


def card_expiry(text: str) -> date | None:
    """The last day a card is good for, from `MM/YYYY`, `M/YYYY` or `MM/YY`; None for anything else."""
    match = re.fullmatch(r"(0?[1-9]|1[0-2])/((?:20)?\d\d)", text, re.ASCII)
    if not match:
        return None
    month, year = int(match[1]), int(match[2]) % 100 + 2000
    return date(year, month, calendar.monthrange(year, month)[1])
