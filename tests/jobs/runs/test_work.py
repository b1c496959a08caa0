"""A run handles each customer once, whatever dies or fails meanwhile."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, OperationalError
from django_q.models import OrmQ

from common.work import turn
from subscriptions.errors import Busy
from subscriptions.jobs import runs
from subscriptions.jobs.catalogue import JOBS
from subscriptions.models import Customer, JobRun, Merchant
from tests import factories as f
from tests.jobs.runs.counting import DAY, LONG_AGO, CountingWork, run_counts, use_only_job
from tests.races import run_at_once

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """The worker dies."""


def expire_leases() -> None:
    JobRun.objects.update(lease_until=datetime.now(UTC) - timedelta(seconds=1))


def test_a_run_handles_each_customer_of_its_merchant_once(
    work: CountingWork, run: JobRun, customers: list[int]
) -> None:
    f.CustomerFactory()  # of another merchant
    runs.continue_run(run.pk)
    assert work.seen == customers
    assert run_counts() == ("done", 4, 4, 4, 0, 0)
    runs.continue_run(run.pk)
    assert work.seen == customers


def test_test_customers_with_a_clock_are_left_out(work: CountingWork, run: JobRun, customers: list[int]) -> None:
    Customer.objects.filter(pk=customers[0]).update(is_test=True, clock=LONG_AGO)
    Customer.objects.filter(pk=customers[1]).update(is_test=True)
    runs.continue_run(run.pk)
    assert work.seen == customers[1:]


@pytest.mark.parametrize("fault", [ValueError("a fault"), IntegrityError("a key"), ValueError("nul \0")])
@pytest.mark.parametrize("at_once", [1, 3])
def test_a_customer_that_fails_does_not_stop_the_others(
    work: CountingWork,
    run: JobRun,
    customers: list[int],
    monkeypatch: pytest.MonkeyPatch,
    fault: Exception,
    at_once: int,
) -> None:
    use_only_job(monkeypatch, work, at_once=at_once)
    work.faults[customers[1]] = fault
    runs.continue_run(run.pk)
    assert work.seen == [customers[0], *customers[2:]]
    assert run_counts() == ("done", 4, 4, 3, 1, 0)
    name = Customer.objects.get(pk=customers[1]).merchant_user_id
    sentence = f"Customer {name}: something went wrong; the log of the task workers says what."
    assert JobRun.objects.get().error == sentence


def test_the_writes_of_a_failed_customer_are_undone(
    work: CountingWork, run: JobRun, customers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def perform(keys: Sequence[int], merchant: Merchant, day: date) -> int:
        Merchant.objects.filter(pk=merchant.pk).update(name=str(keys))
        if keys != [customers[0]]:
            raise ValueError
        return 1

    use_only_job(monkeypatch, work, perform=perform)
    runs.continue_run(run.pk)
    assert Merchant.objects.get().name == str([customers[0]])


def test_a_customer_held_by_another_write_is_handled_later(
    work: CountingWork, run: JobRun, customers: list[int]
) -> None:
    work.faults[customers[2]] = Busy()
    runs.continue_run(run.pk)
    assert work.seen == customers[:2]
    assert run_counts() == ("waiting", 4, 2, 2, 0, 0)
    assert JobRun.objects.get().lease_until == datetime.now(UTC) + runs.REST
    assert OrmQ.objects.get().lock == datetime.now(UTC) + runs.REST
    work.faults.clear()
    runs.continue_run(run.pk)
    assert work.seen == customers[:2]  # it rests
    expire_leases()
    runs.continue_run(run.pk)
    assert work.seen == customers
    assert run_counts() == ("done", 4, 4, 4, 0, 0)


@pytest.mark.parametrize("end", [Killed(), OperationalError("the database is gone")])
def test_a_dead_workers_run_resumes_after_its_last_customer(
    work: CountingWork, run: JobRun, customers: list[int], end: BaseException
) -> None:
    work.faults[customers[2]] = end
    with pytest.raises(type(end)):
        runs.continue_run(run.pk)
    assert run_counts() == ("running", 4, 2, 2, 0, 0)
    work.faults.clear()
    runs.continue_run(run.pk)
    assert work.seen == customers[:2]  # the dead worker's lease has not ended
    expire_leases()
    runs.continue_run(run.pk)
    assert work.seen == customers
    assert run_counts() == ("done", 4, 4, 4, 0, 1)


def test_after_ten_dead_workers_a_run_has_failed(work: CountingWork, run: JobRun, customers: list[int]) -> None:
    work.faults[customers[1]] = Killed()
    for _ in range(10):
        with pytest.raises(Killed):
            runs.continue_run(run.pk)
        expire_leases()
    runs.continue_run(run.pk)
    assert run_counts() == ("failed", 4, 1, 1, 0, 10)
    assert JobRun.objects.get().error == "The worker died over it each time."
    runs.begin_due_runs()
    assert OrmQ.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_worker_taken_for_dead_undoes_its_step(
    work: CountingWork, run: JobRun, customers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen_by_slow: list[int] = []

    def overtake() -> None:
        expire_leases()
        runs.continue_run(run.pk)

    def perform(keys: Sequence[int], merchant: Merchant, day: date) -> int:
        monkeypatch.setitem(JOBS, "count", other)
        seen_by_slow.extend(keys)
        Merchant.objects.filter(pk=merchant.pk).update(name="Changed")
        run_at_once(1, overtake)
        return 100

    other = JOBS["count"]
    use_only_job(monkeypatch, work, perform=perform)
    runs.continue_run(run.pk)
    assert seen_by_slow == [customers[0]]
    assert Merchant.objects.get().name != "Changed"
    assert work.seen == customers[1:]  # the other worker left the busy customer for later
    assert run_counts() == ("waiting", 4, 3, 3, 0, 1)
    monkeypatch.setitem(JOBS, "count", other)
    expire_leases()
    runs.continue_run(run.pk)
    assert work.seen[3] == customers[0]
    assert JobRun.objects.get(pk=run.pk).state == "done"


def test_a_long_run_yields_its_turn(
    work: CountingWork, run: JobRun, customers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "TURN_SECONDS", -1)
    runs.continue_run(run.pk)
    assert work.seen == customers[:1]
    assert run_counts() == ("waiting", 4, 1, 1, 0, 0)
    assert OrmQ.objects.count() == 1
    for _ in range(4):
        runs.continue_run(run.pk)
    assert work.seen == customers
    assert run_counts() == ("done", 4, 4, 4, 0, 0)


def test_the_tick_wakes_runs_left_by_a_lost_task_or_a_dead_worker(work: CountingWork, run: JobRun) -> None:
    JobRun.objects.filter(local_date__lt=DAY).delete()
    for state, lease, tasks in [
        ("waiting", None, 1),
        ("running", timedelta(seconds=1), 0),
        ("running", timedelta(seconds=-1), 1),
        ("done", None, 0),
        ("missed", None, 0),
        ("failed", None, 0),
    ]:
        OrmQ.objects.all().delete()
        until = lease and datetime.now(UTC) + lease
        JobRun.objects.filter(pk=run.pk).update(state=state, lease_until=until)
        runs.begin_due_runs()
        JobRun.objects.exclude(pk=run.pk).update(state="done")
        assert (state, OrmQ.objects.count()) == (state, tasks)
