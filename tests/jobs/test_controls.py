"""Controls: without the unique keys, the lease and the fencing token, each race is real."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.db.models import F

from common.work import lease
from subscriptions.jobs import runs
from subscriptions.jobs.catalogue import JOBS
from subscriptions.jobs.job import Days, Job
from subscriptions.models import Customer, JobRun, Merchant, PlacementAttempt
from tests import factories as f
from tests.jobs.situations import DAY, create_order
from tests.races import run_at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("noon")]
LONG_AGO = datetime(2026, 11, 20, 6, tzinfo=UTC)


@pytest.fixture
def merchant(noon: Any) -> Merchant:
    made: Merchant = f.MerchantFactory(created=LONG_AGO, reminder_days=5)
    return made


@pytest.fixture
def run(merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> JobRun:
    """A run of a slow job that adds one to the merchant's `reminder_days` for its only customer."""

    step = runs._step

    def slow(*given: Any) -> None:
        time.sleep(0.6)
        step(*given)

    def perform(keys: Sequence[int], merchant: Merchant, days: Days) -> int:
        Merchant.objects.filter(pk=merchant.pk).update(reminder_days=F("reminder_days") + 1)
        return len(keys)

    f.CustomerFactory(merchant=merchant)
    rules = {"hour": lambda merchant: 10, "affected_customers": lambda customers, days: customers, "perform": perform}
    monkeypatch.setattr(runs, "_step", slow)
    monkeypatch.setitem(JOBS, "count", Job("count", "Counting", **rules))
    return JobRun.objects.create(merchant=merchant, job="count", local_date=DAY)


@contextmanager
def without_constraint(model: Any, name: str) -> Iterator[None]:
    """The table without its unique key within the block; empty afterwards."""
    (key,) = (each for each in model._meta.constraints if each.name == name)
    with connection.schema_editor() as editor:
        editor.remove_constraint(model, key)
    try:
        yield
    finally:
        model.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(model, key)


def times_handled() -> int:
    return Merchant.objects.get().reminder_days - 5


def overtake_run(run: JobRun) -> None:
    """A second worker takes the run over while the first is about to handle its customer."""
    delays = iter([0, 0.2])

    def work() -> None:
        time.sleep(next(delays))
        runs.continue_run(run.pk)

    run_at_once(2, work)


def test_with_lease_and_fencing_token_a_customer_is_handled_once(run: JobRun) -> None:
    overtake_run(run)
    assert times_handled() == 1


def test_with_the_fencing_token_alone_a_customer_is_handled_once(run: JobRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "unleased_rows", lambda rows: rows)
    overtake_run(run)
    assert times_handled() == 1


def test_without_lease_and_fencing_token_a_customer_is_handled_twice(
    run: JobRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def advance(run: JobRun, cursor: int, **changes: Any) -> None:
        JobRun.objects.filter(pk=run.pk).update(cursor=cursor, **changes)
        run.cursor = cursor

    monkeypatch.setattr(lease, "unleased_rows", lambda rows: rows)
    monkeypatch.setattr(JobRun, "advance", advance)
    overtake_run(run)
    assert times_handled() == 2


def test_without_its_unique_key_a_day_is_run_several_times(merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    due = runs._due

    def slow(now: datetime) -> list[JobRun]:
        found = due(now)
        time.sleep(0.3)
        return found

    monkeypatch.setattr(runs, "_due", slow)
    run_at_once(2, runs.begin_due_runs)
    once = JobRun.objects.count()
    JobRun.objects.all().delete()
    with without_constraint(JobRun, "job_run_once_a_day"):
        run_at_once(2, runs.begin_due_runs)
        assert JobRun.objects.count() == 2 * once


def test_without_its_unique_key_an_attempt_is_claimed_twice(merchant: Merchant) -> None:
    due = create_order(customer=f.CustomerFactory(merchant=merchant))
    claim = {"merchant": merchant, "order": due, "tries": 1}

    def claimed() -> int:
        made = PlacementAttempt.objects.bulk_create([PlacementAttempt(**claim)], ignore_conflicts=True)
        return len(made)

    run_at_once(2, claimed)
    assert PlacementAttempt.objects.count() == 1
    with without_constraint(PlacementAttempt, "placement_attempt_once"):
        run_at_once(2, claimed)
        assert PlacementAttempt.objects.count() == 3
    assert Customer.objects.count() == 1
