from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscriptions import calendar
from subscriptions.calendar import Period

DAYS = st.dates(date(2000, 1, 1), date(2100, 12, 31))
EVERY = st.integers(1, 24)
PERIODS = st.sampled_from(Period)


@pytest.mark.parametrize(
    ("every", "period", "days", "text"),
    [
        (1, Period.DAYS, 1, "Every day"),
        (2, Period.WEEKS, 14, "Every 2 weeks"),
        (1, Period.MONTHS, 30, "Every month"),
        (1, Period.YEARS, 365, "Every year"),
    ],
)
def test_a_frequency_reads_as_people_say_it(every, period, days, text):
    assert calendar.frequency_days(every, period) == days
    assert calendar.frequency_description(every, period) == text


@pytest.mark.parametrize(
    ("start", "every", "period", "day"),
    [
        (date(2026, 1, 31), 1, Period.MONTHS, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, Period.MONTHS, date(2028, 2, 29)),
        (date(2028, 2, 29), 1, Period.YEARS, date(2029, 2, 28)),
        (date(2026, 11, 30), 3, Period.MONTHS, date(2027, 2, 28)),
        (date(2026, 12, 31), 1, Period.MONTHS, date(2027, 1, 31)),
        (date(2026, 11, 20), 2, Period.WEEKS, date(2026, 12, 4)),
    ],
)
def test_months_and_years_are_calendar_units_and_their_ends_clamp(start, every, period, day):
    assert calendar.add_frequency(start, every, period) == day


@given(DAYS, EVERY, PERIODS, DAYS)
def test_the_next_date_is_the_first_past_today(start, every, period, today):
    day = calendar.next_date(start, every, period, today)
    dates = [calendar.add_frequency(start, every * steps, period) for steps in (1, 2)]
    assert day > today and day >= dates[0]
    if dates[0] > today:
        assert day == dates[0]
    else:
        steps = next(n for n in range(1, 40_000) if calendar.add_frequency(start, every * n, period) == day)
        assert calendar.add_frequency(start, every * (steps - 1), period) <= today


def test_midnight_that_the_clocks_skip_is_the_first_moment_after():
    # Santiago goes from 23:59:59 on September 5 to 01:00 on September 6.
    assert calendar.midnight(date(2026, 9, 6), "America/Santiago").isoformat() == "2026-09-06T01:00:00-03:00"
    assert calendar.midnight(date(2026, 11, 20), "America/New_York").isoformat() == "2026-11-20T00:00:00-05:00"
