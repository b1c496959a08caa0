from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from subscriptions import calendar
from subscriptions.calendar import Period

DAYS = st.dates(date(2000, 1, 1), date(2100, 12, 31))
EVERY = st.integers(1, 24)
PERIODS = st.sampled_from(Period)
ZONES = st.sampled_from(
    ["America/New_York", "America/Santiago", "Europe/Paris", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Chatham"]
)


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
        (date(2026, 12, 14), 999, Period.YEARS, calendar.LAST_DAY),
        (date(2998, 12, 31), 1, Period.YEARS, date(2999, 12, 31)),
        (date(2998, 12, 31), 2, Period.YEARS, calendar.LAST_DAY),
        (date(2999, 11, 30), 1, Period.MONTHS, date(2999, 12, 30)),
        (date(2999, 12, 1), 1, Period.MONTHS, calendar.LAST_DAY),
        (date(2999, 12, 29), 1, Period.DAYS, date(2999, 12, 30)),
        (date(2999, 12, 29), 999, Period.WEEKS, calendar.LAST_DAY),
        (date.max, 1, Period.DAYS, calendar.LAST_DAY),
    ],
)
def test_no_frequency_leads_beyond_the_last_day(start, every, period, day):
    assert calendar.add_frequency(start, every, period) == day


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


@pytest.mark.parametrize(
    ("every", "period", "today", "day"),
    [
        (7, 1, date(2026, 11, 26), date(2026, 11, 27)),
        (7, 1, date(2026, 11, 27), date(2026, 12, 4)),
        (1, 2, date(2026, 11, 27), date(2026, 12, 4)),
        (1, 3, date(2026, 12, 20), date(2027, 1, 20)),
        (1, 4, date(2027, 11, 20), date(2028, 11, 20)),
        (1, 1, date(2026, 11, 20), date(2026, 11, 21)),
        (1, 3, date(2026, 1, 1), date(2026, 12, 20)),
        (1, 3, date(2036, 11, 19), date(2036, 11, 20)),  # months of 31 days must not be taken for 30
    ],
)
def test_the_next_date_is_after_today_and_one_frequency_later_at_least(every, period, today, day):
    assert calendar.next_date(date(2026, 11, 20), every, period, today) == day


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
    assert calendar.local_midnight(date(2026, 9, 6), "America/Santiago").isoformat() == "2026-09-06T01:00:00-03:00"
    assert calendar.local_midnight(date(2026, 11, 20), "America/New_York").isoformat() == "2026-11-20T00:00:00-05:00"


@given(DAYS, EVERY, st.sampled_from([Period.MONTHS, Period.YEARS]))
def test_a_month_later_is_the_same_day_or_the_last_of_a_shorter_month(start, every, period):
    day = calendar.add_frequency(start, every, period)
    months = every * (12 if period is Period.YEARS else 1)
    assert (day.year * 12 + day.month) - (start.year * 12 + start.month) == months
    last = (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    assert day.day == min(start.day, last.day)


@given(DAYS, EVERY, st.sampled_from([Period.DAYS, Period.WEEKS]))
def test_days_and_weeks_are_exactly_as_long_as_they_say(start, every, period):
    assert (calendar.add_frequency(start, every, period) - start).days == calendar.frequency_days(every, period)


@given(DAYS, EVERY, PERIODS)
def test_a_longer_frequency_never_comes_earlier(start, every, period):
    assert start < calendar.add_frequency(start, every, period) < calendar.add_frequency(start, every + 1, period)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)), ZONES)
def test_today_is_the_day_that_has_begun_there_and_not_ended(moment, zone):
    with time_machine.travel(moment, tick=False):
        today = calendar.today(zone)
    assert calendar.local_midnight(today, zone) <= moment < calendar.local_midnight(today + timedelta(days=1), zone)


@given(DAYS, ZONES)
def test_a_day_begins_when_the_clocks_there_first_show_it(day, zone):
    begin = calendar.local_midnight(day, zone)
    assert calendar.local_time(begin, zone).date() == day
    before = begin.astimezone(UTC) - timedelta(microseconds=1)
    assert calendar.local_time(before, zone).date() < day


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-03-08T04:59:59Z", date(2026, 3, 7)),  # the night the clocks go forward
        ("2026-03-08T05:00:00Z", date(2026, 3, 8)),
        ("2026-11-01T03:59:59Z", date(2026, 10, 31)),  # the night they go back
        ("2026-11-01T04:00:00Z", date(2026, 11, 1)),
        ("2026-11-02T04:59:59Z", date(2026, 11, 1)),
    ],
)
def test_today_follows_daylight_saving(moment, day):
    with time_machine.travel(moment, tick=False):
        assert calendar.today("America/New_York") == day
