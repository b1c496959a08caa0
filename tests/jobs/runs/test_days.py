"""Each merchant's day is run once, across daylight saving changes and late starts."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from subscriptions.jobs import runs
from subscriptions.models import JobRun, Merchant
from tests import factories as f
from tests.jobs.runs.counting import DAY, CountingWork, use_only_job
from tests.races import run_at_once

pytestmark = pytest.mark.django_db


def run_rows() -> list[tuple[Any, ...]]:
    return list(JobRun.objects.order_by("local_date", "merchant").values_list("local_date", "state"))


def test_a_day_is_run_once_however_many_ticks_there_are(work: CountingWork, merchant: Merchant) -> None:
    JobRun.objects.create(merchant=merchant, job="count", local_date=DAY - timedelta(1), state="done")
    JobRun.objects.create(merchant=merchant, job="count", local_date=DAY - timedelta(2), state="done")
    for _ in range(3):
        runs.begin_due_runs()
    assert run_rows()[2:] == [(DAY, "waiting")]


@pytest.mark.django_db(transaction=True)
def test_simultaneous_ticks_create_one_run(work: CountingWork, merchant: Merchant) -> None:
    run_at_once(4, runs.begin_due_runs)
    assert JobRun.objects.filter(local_date=DAY).count() == 1


def test_nothing_is_run_before_its_hour_nor_for_days_before_the_merchant(work: CountingWork, noon: Any) -> None:
    noon.move_to(datetime(2026, 11, 20, 14, 59, tzinfo=UTC))
    f.MerchantFactory(created=datetime(2026, 11, 20, 3, tzinfo=UTC))
    runs.begin_due_runs()
    assert run_rows() == []
    noon.move_to(datetime(2026, 11, 20, 15, tzinfo=UTC))
    runs.begin_due_runs()
    assert run_rows() == [(DAY, "waiting")]


def test_a_late_start_catches_up_until_the_deadline_and_reports_the_rest_as_missed(
    work: CountingWork, merchant: Merchant, monkeypatch: pytest.MonkeyPatch, noon: Any
) -> None:
    use_only_job(monkeypatch, work, ends=20)
    noon.move_to(datetime(2026, 11, 21, 0, 59, 59, tzinfo=UTC))  # 19:59 in New York
    runs.begin_due_runs()
    before = [(DAY - timedelta(2), "missed"), (DAY - timedelta(1), "missed")]
    assert run_rows() == [*before, (DAY, "waiting")]
    JobRun.objects.all().delete()
    noon.move_to(datetime(2026, 11, 21, 1, tzinfo=UTC))
    runs.begin_due_runs()
    assert run_rows() == [*before, (DAY, "missed")]


def test_a_check_may_come_two_days_late(
    work: CountingWork, merchant: Merchant, monkeypatch: pytest.MonkeyPatch, noon: Any
) -> None:
    use_only_job(monkeypatch, work, days=(18,), lasts=timedelta(days=2))
    noon.move_to(datetime(2026, 11, 20, 14, 59, tzinfo=UTC))
    runs.begin_due_runs()
    assert run_rows() == [(date(2026, 11, 18), "waiting")]
    JobRun.objects.all().delete()
    noon.move_to(datetime(2026, 11, 20, 15, tzinfo=UTC))
    runs.begin_due_runs()
    assert run_rows() == [(date(2026, 11, 18), "missed")]


def test_reminders_at_a_late_hour_still_have_an_hour_to_begin(merchant: Merchant, noon: Any) -> None:
    Merchant.objects.update(reminder_hour=22)
    noon.move_to(datetime(2026, 11, 21, 3, 30, tzinfo=UTC))
    runs.begin_due_runs()
    assert JobRun.objects.get(job="reminders", local_date=DAY).state == "waiting"


def test_a_merchant_without_the_hour_has_no_run(
    work: CountingWork, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_only_job(monkeypatch, work, hour=lambda merchant: None)
    runs.begin_due_runs()
    assert run_rows() == []


CHANGES = [  # what the clocks do, and the hour of the job
    ("America/New_York", date(2026, 3, 8), 2),  # the hour is skipped
    ("America/New_York", date(2026, 11, 1), 1),  # the hour comes twice
    ("Australia/Lord_Howe", date(2026, 4, 5), 1),  # half of it comes twice
    ("Australia/Lord_Howe", date(2026, 10, 4), 2),  # half of it is skipped
    ("America/Santiago", date(2026, 4, 5), 0),
    ("America/Santiago", date(2026, 9, 6), 0),  # midnight is skipped
    ("Africa/Casablanca", date(2026, 3, 22), 2),
    ("Pacific/Chatham", date(2026, 9, 27), 2),
    ("Asia/Kathmandu", date(2026, 6, 1), 0),
]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("zone", "day", "hour"), CHANGES)
def test_a_daylight_saving_change_neither_skips_nor_doubles_a_day(
    work: CountingWork, monkeypatch: pytest.MonkeyPatch, zone: str, day: date, hour: int
) -> None:
    use_only_job(monkeypatch, work, hour=lambda merchant: hour)
    first = day - timedelta(days=3)
    start = datetime.combine(first, datetime.min.time(), ZoneInfo(zone)).astimezone(UTC)
    f.MerchantFactory(time_zone=zone, created=start)
    begun = []
    with time_machine.travel(start, tick=False) as clock:
        for _ in range(6 * 24 * 2):  # each half of an hour for six days, the smallest change there is
            runs.begin_due_runs()
            begun += [(row, datetime.now(ZoneInfo(zone))) for row in JobRun.objects.filter(state="waiting")]
            JobRun.objects.update(state="done")
            clock.shift(timedelta(minutes=30))
    days = [row.local_date for row, _ in begun]
    assert days == [first + timedelta(days=n) for n in range(len(days))]
    assert len(days) >= 5
    assert all(at.date() == row.local_date for row, at in begun)
    gap = datetime.combine(day, datetime.min.time().replace(hour=hour), ZoneInfo(zone))
    is_skipped = gap.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != gap.replace(tzinfo=None)
    late = [row.local_date for row, at in begun if (at.hour, at.minute) != (hour, 0)]
    assert late == ([day] if is_skipped else [])
