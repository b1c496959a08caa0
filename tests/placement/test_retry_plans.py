"""When failed orders are retried."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscriptions.calendar import Period, add_frequency
from subscriptions.models import RetryPlan
from subscriptions.placement.retry_plans import (
    gives_up_after_errors,
    gives_up_after_unknown,
    instruction_deadline,
    next_retry_day,
    retry_days,
    waits_for_instruction,
)

DAY = date(2026, 11, 20)
dates = st.dates(date(2026, 1, 1), date(2030, 12, 31))
plans = st.lists(st.integers(1, 90), unique=True, min_size=1, max_size=10).map(sorted)


def attempt_days(days: list[int], declined_on: date, late: list[int]) -> list[date]:
    """The days of the attempts of an order that is always declined, each attempt `late` days late."""
    found: list[date] = []
    today = declined_on
    while (planned := next_retry_day(days, declined_on, len(found) + 1, today)) is not None:
        today = planned + timedelta(late[len(found)] if len(found) < len(late) else 0)
        found.append(today)
    return found


@pytest.mark.parametrize(
    ("plan", "after"),
    [("classic", [3, 6]), ("optimizer", [1, 3, 6, 10, 15]), ("manual", [2, 9]), ("external", []), ("off", [])],
)
def test_a_plan_retries_on_its_days_after_the_first_decline(plan, after):
    assert attempt_days(retry_days(plan, [2, 9]), DAY, []) == [DAY + timedelta(days) for days in after]


@given(plans, dates, st.lists(st.integers(0, 20), max_size=10))
def test_a_plan_gives_one_attempt_per_day_each_later_than_the_last(days, start, late):
    found = attempt_days(days, start, late)
    assert len(found) == len(days)
    assert all(earlier < later for earlier, later in zip([start, *found], found, strict=False))
    assert all(day >= start + timedelta(after) for day, after in zip(found, days, strict=True))


@given(plans, dates)
def test_punctual_attempts_are_all_on_the_plans_days(days, start):
    assert attempt_days(days, start, []) == [start + timedelta(after) for after in days]


@given(plans, dates, st.integers(0, 200))
def test_the_next_attempt_is_never_today_or_earlier(days, start, later):
    today = start + timedelta(later)
    assert all((next_retry_day(days, start, declines, today) or date.max) > today for declines in range(1, 12))


def test_a_late_attempt_moves_the_next_only_if_necessary():
    assert attempt_days([3, 6], DAY, [1]) == [DAY + timedelta(4), DAY + timedelta(6)]
    assert attempt_days([3, 6], DAY, [5]) == [DAY + timedelta(8), DAY + timedelta(9)]


@pytest.mark.parametrize("plan", RetryPlan.values)
def test_only_the_external_plan_waits_for_an_instruction(plan):
    assert waits_for_instruction(plan) is (plan == "external")


def test_an_instruction_is_due_within_24_hours():
    moment = datetime(2026, 11, 1, 4, tzinfo=UTC)
    assert instruction_deadline(moment) == datetime(2026, 11, 2, 4, tzinfo=UTC)


@given(st.integers(0, 20))
def test_a_temporary_error_is_retried_as_often_as_configured(limit):
    errors = 1
    while not gives_up_after_errors(errors, limit):
        errors += 1
    assert errors == limit + 1


@pytest.mark.parametrize(
    ("frequencies", "last"),
    [
        ([], date(2027, 2, 27)),
        ([(1, Period.MONTHS)], date(2026, 12, 29)),
        ([(1, Period.YEARS)], date(2027, 2, 27)),
        ([(1, Period.YEARS), (2, Period.WEEKS)], date(2026, 12, 13)),
    ],
)
def test_an_unknown_result_is_retried_for_90_days_or_one_frequency(frequencies, last):
    first = date(2026, 11, 30)
    assert not gives_up_after_unknown(first, frequencies, last)
    assert gives_up_after_unknown(first, frequencies, last + timedelta(1))


@given(dates, st.lists(st.tuples(st.integers(1, 12), st.sampled_from(Period)), max_size=4), st.integers(0, 100))
def test_the_shortest_limit_ends_the_retries(first, frequencies, later):
    today = first + timedelta(later)
    over = later >= 90 or any(add_frequency(first, every, period) <= today for every, period in frequencies)
    assert gives_up_after_unknown(first, frequencies, today) is over
