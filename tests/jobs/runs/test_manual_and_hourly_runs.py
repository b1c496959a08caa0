"""Runs that staff begin by hand, and hourly jobs."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django_q.models import OrmQ

from subscriptions.jobs import runs
from subscriptions.jobs.catalogue import JOBS
from subscriptions.models import JobRun, Merchant
from tests.jobs.runs.counting import DAY, CountingWork, run_counts, use_only_job
from tests.races import run_at_once

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("state", ["done", "missed", "failed"])
def test_staff_can_run_a_job_of_today_once_more(
    work: CountingWork,
    run: JobRun,
    merchant: Merchant,
    customers: list[int],
    state: str,
    django_capture_on_commit_callbacks: Any,
) -> None:
    values = {"attempts": 10, "cursor": customers[-1], "total": 9, "customers": 9, "done": 9, "failures": 1}
    JobRun.objects.update(state=state, error="It broke.", finished=datetime.now(UTC), **values)
    with django_capture_on_commit_callbacks(execute=True):
        begun = runs.begin_run(merchant, JOBS["count"])
    assert (begun.pk, begun.state, begun.error, begun.total, begun.attempts) == (run.pk, "waiting", "", None, 0)
    assert OrmQ.objects.count() == 1
    runs.continue_run(run.pk)
    assert work.seen == customers
    assert run_counts() == ("done", 4, 4, 4, 0, 0)


def test_run_now_creates_the_days_run_and_leaves_a_running_one_alone(work: CountingWork, merchant: Merchant) -> None:
    made = runs.begin_run(merchant, JOBS["count"])
    assert (made.local_date, made.state) == (DAY, "waiting")
    JobRun.objects.update(cursor=7, state="running")
    again = runs.begin_run(merchant, JOBS["count"])
    assert (again.pk, again.cursor, again.state) == (made.pk, 7, "running")


def hours_of_runs(clock: Any, hours: int) -> Iterator[int]:
    """The local hours at which a run begins, with four ticks an hour."""
    for _ in range(hours * 4):
        runs.begin_due_runs()
        if JobRun.objects.filter(state="waiting").exists():
            yield datetime.now(ZoneInfo("America/New_York")).hour
            JobRun.objects.filter(state="waiting").update(state="done", finished=datetime.now(UTC))
        clock.shift(timedelta(minutes=15))


def test_an_hourly_job_runs_from_its_hour_until_the_day_ends(
    work: CountingWork, merchant: Merchant, monkeypatch: pytest.MonkeyPatch, noon: Any
) -> None:
    use_only_job(monkeypatch, work, hourly=lambda merchant: merchant.placed_hourly)
    Merchant.objects.update(placed_hourly=True, created=datetime(2026, 11, 20, 6, tzinfo=UTC))
    noon.move_to(datetime(2026, 11, 20, 13, 0, 30, tzinfo=UTC))
    assert list(hours_of_runs(noon, 28)) == [*range(10, 24), 10, 11]
    assert JobRun.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_an_hour_is_begun_once_however_many_ticks_there_are(
    work: CountingWork, run: JobRun, customers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    use_only_job(monkeypatch, work, hourly=lambda merchant: merchant.placed_hourly)
    Merchant.objects.update(placed_hourly=True)
    JobRun.objects.update(state="done", finished=datetime(2026, 11, 20, 16, 59, tzinfo=UTC))
    run_at_once(4, runs.begin_due_runs)
    run_at_once(4, lambda: runs.continue_run(run.pk))
    runs.begin_due_runs()
    runs.continue_run(run.pk)
    assert sorted(work.seen) == customers
    assert JobRun.objects.get(pk=run.pk).state == "done"


def test_a_slow_run_skips_the_hours_it_took(
    work: CountingWork, run: JobRun, merchant: Merchant, monkeypatch: pytest.MonkeyPatch, noon: Any
) -> None:
    use_only_job(monkeypatch, work, hourly=lambda merchant: True)
    JobRun.objects.update(state="running", lease_until=datetime(2026, 11, 20, 17, 20, tzinfo=UTC))
    runs.begin_due_runs()
    assert JobRun.objects.get(pk=run.pk).state == "running"
    JobRun.objects.filter(pk=run.pk).update(state="done", finished=datetime(2026, 11, 20, 17, 10, tzinfo=UTC))
    noon.move_to(datetime(2026, 11, 20, 17, 59, tzinfo=UTC))
    runs.begin_due_runs()
    assert JobRun.objects.get(pk=run.pk).state == "done"
    noon.move_to(datetime(2026, 11, 20, 18, tzinfo=UTC))
    runs.begin_due_runs()
    assert JobRun.objects.get(pk=run.pk).state == "waiting"
