"""Runs of the daily jobs: each merchant's day once, whatever dies, comes late or breaks meanwhile."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import IntegrityError, OperationalError
from django.db.models import QuerySet
from django_q.models import OrmQ

from subscriptions.errors import Busy
from subscriptions.jobs import runs
from subscriptions.jobs.catalogue import JOBS
from subscriptions.jobs.job import Job
from subscriptions.models import Customer, JobRun, Merchant
from tests import factories as f
from tests.races import at_once

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


class Killed(BaseException):
    """The worker dies."""


class Work:
    """What the job of these tests does: it notes whom it came to, and fails at whom it is told to."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.faults: dict[int, BaseException] = {}

    def concerned(self, customers: QuerySet[Customer], day: date) -> QuerySet[Customer]:
        return customers

    def act(self, keys: Sequence[int], merchant: Merchant, day: date) -> int:
        for key in keys:
            if fault := self.faults.get(key):
                raise fault
        self.seen += keys
        return len(keys)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    work = Work()
    use(monkeypatch, work)
    return work


def use(monkeypatch: pytest.MonkeyPatch, work: Work, **fields: Any) -> None:
    """Let this be the only job there is."""
    rules = {"hour": lambda merchant: 10, "concerned": work.concerned, "act": work.act, **fields}
    for name in list(JOBS):
        monkeypatch.delitem(JOBS, name)
    monkeypatch.setitem(JOBS, "count", Job("count", "Counting", **rules))


@pytest.fixture
def merchant(noon: object) -> Merchant:
    made: Merchant = f.MerchantFactory(created=LONG_AGO)
    return made


@pytest.fixture
def customers(merchant: Merchant) -> list[int]:
    return [f.CustomerFactory(merchant=merchant).pk for _ in range(4)]


@pytest.fixture
def run(merchant: Merchant, customers: list[int]) -> JobRun:
    return JobRun.objects.create(merchant=merchant, job="count", local_date=DAY)


def counts() -> tuple[Any, ...]:
    (row,) = JobRun.objects.values_list("state", "total", "customers", "done", "failures", "attempts")
    return row


def rows() -> list[tuple[Any, ...]]:
    return list(JobRun.objects.order_by("local_date", "merchant").values_list("local_date", "state"))


def expire() -> None:
    JobRun.objects.update(lease_until=datetime.now(UTC) - timedelta(seconds=1))


# The days


def test_a_day_is_run_once_however_often_the_clock_ticks(work: Work, merchant: Merchant) -> None:
    JobRun.objects.create(merchant=merchant, job="count", local_date=DAY - timedelta(1), state="done")
    JobRun.objects.create(merchant=merchant, job="count", local_date=DAY - timedelta(2), state="done")
    for _ in range(3):
        runs.tick()
    assert rows()[2:] == [(DAY, "waiting")]


@pytest.mark.django_db(transaction=True)
def test_many_ticks_at_once_make_one_run(work: Work, merchant: Merchant) -> None:
    at_once(4, runs.tick)
    assert JobRun.objects.filter(local_date=DAY).count() == 1


def test_nothing_is_run_before_its_hour_nor_for_days_before_the_merchant(work: Work, noon: Any) -> None:
    noon.move_to(datetime(2026, 11, 20, 14, 59, tzinfo=UTC))
    f.MerchantFactory(created=datetime(2026, 11, 20, 3, tzinfo=UTC))
    runs.tick()
    assert rows() == []
    noon.move_to(datetime(2026, 11, 20, 15, tzinfo=UTC))
    runs.tick()
    assert rows() == [(DAY, "waiting")]


def test_a_late_start_catches_up_until_the_deadline_and_reports_the_rest_as_missed(
    work: Work, merchant: Merchant, monkeypatch: pytest.MonkeyPatch, noon: Any
) -> None:
    use(monkeypatch, work, ends=20)
    noon.move_to(datetime(2026, 11, 21, 0, 59, 59, tzinfo=UTC))  # 19:59 in New York
    runs.tick()
    before = [(DAY - timedelta(2), "missed"), (DAY - timedelta(1), "missed")]
    assert rows() == [*before, (DAY, "waiting")]
    JobRun.objects.all().delete()
    noon.move_to(datetime(2026, 11, 21, 1, tzinfo=UTC))
    runs.tick()
    assert rows() == [*before, (DAY, "missed")]


def test_a_check_may_come_two_days_late(
    work: Work, merchant: Merchant, monkeypatch: pytest.MonkeyPatch, noon: Any
) -> None:
    use(monkeypatch, work, days=(18,), lasts=timedelta(days=2))
    noon.move_to(datetime(2026, 11, 20, 14, 59, tzinfo=UTC))
    runs.tick()
    assert rows() == [(date(2026, 11, 18), "waiting")]
    JobRun.objects.all().delete()
    noon.move_to(datetime(2026, 11, 20, 15, tzinfo=UTC))
    runs.tick()
    assert rows() == [(date(2026, 11, 18), "missed")]


def test_reminders_at_a_late_hour_still_have_an_hour_to_begin(merchant: Merchant, noon: Any) -> None:
    Merchant.objects.update(reminder_hour=22)
    noon.move_to(datetime(2026, 11, 21, 3, 30, tzinfo=UTC))
    runs.tick()
    assert JobRun.objects.get(job="reminders", local_date=DAY).state == "waiting"


def test_a_merchant_without_the_hour_has_no_run(
    work: Work, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, work, hour=lambda merchant: None)
    runs.tick()
    assert rows() == []


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


@pytest.mark.parametrize(("zone", "day", "hour"), CHANGES)
def test_a_change_of_the_clocks_neither_skips_nor_doubles_a_day(
    work: Work, monkeypatch: pytest.MonkeyPatch, zone: str, day: date, hour: int
) -> None:
    use(monkeypatch, work, hour=lambda merchant: hour)
    first = day - timedelta(days=3)
    start = datetime.combine(first, datetime.min.time(), ZoneInfo(zone)).astimezone(UTC)
    f.MerchantFactory(time_zone=zone, created=start)
    begun = []
    with time_machine.travel(start, tick=False) as clock:
        for _ in range(6 * 24 * 4):  # each quarter of an hour for six days
            runs.tick()
            begun += [(row, datetime.now(ZoneInfo(zone))) for row in JobRun.objects.filter(state="waiting")]
            JobRun.objects.update(state="done")
            clock.shift(timedelta(minutes=15))
    days = [row.local_date for row, _ in begun]
    assert days == [first + timedelta(days=n) for n in range(len(days))]
    assert len(days) >= 5
    assert all(at.date() == row.local_date for row, at in begun)
    gap = datetime.combine(day, datetime.min.time().replace(hour=hour), ZoneInfo(zone))
    is_skipped = gap.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != gap.replace(tzinfo=None)
    late = [row.local_date for row, at in begun if (at.hour, at.minute) != (hour, 0)]
    assert late == ([day] if is_skipped else [])


# The work


def test_a_run_comes_to_each_customer_of_its_merchant_once(work: Work, run: JobRun, customers: list[int]) -> None:
    f.CustomerFactory()  # somebody else's
    runs.run(run.pk)
    assert work.seen == customers
    assert counts() == ("done", 4, 4, 4, 0, 0)
    runs.run(run.pk)
    assert work.seen == customers


def test_test_customers_with_a_clock_are_left_to_it(work: Work, run: JobRun, customers: list[int]) -> None:
    Customer.objects.filter(pk=customers[0]).update(is_test=True, clock=LONG_AGO)
    Customer.objects.filter(pk=customers[1]).update(is_test=True)
    runs.run(run.pk)
    assert work.seen == customers[1:]


@pytest.mark.parametrize("fault", [ValueError("a fault"), IntegrityError("a key"), ValueError("nul \0")])
@pytest.mark.parametrize("at_once", [1, 3])
def test_a_customer_that_breaks_does_not_stop_the_others(
    work: Work,
    run: JobRun,
    customers: list[int],
    monkeypatch: pytest.MonkeyPatch,
    fault: Exception,
    at_once: int,
) -> None:
    use(monkeypatch, work, at_once=at_once)
    work.faults[customers[1]] = fault
    runs.run(run.pk)
    assert work.seen == [customers[0], *customers[2:]]
    assert counts() == ("done", 4, 4, 3, 1, 0)
    assert JobRun.objects.get().error == f"Customer {customers[1]}: {fault!r}"


def test_what_a_broken_customer_wrote_is_undone(
    work: Work, run: JobRun, customers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def act(keys: Sequence[int], merchant: Merchant, day: date) -> int:
        Merchant.objects.filter(pk=merchant.pk).update(name=str(keys))
        if keys != [customers[0]]:
            raise ValueError
        return 1

    use(monkeypatch, work, act=act)
    runs.run(run.pk)
    assert Merchant.objects.get().name == str([customers[0]])


def test_a_customer_held_by_another_write_is_waited_for(work: Work, run: JobRun, customers: list[int]) -> None:
    work.faults[customers[2]] = Busy()
    runs.run(run.pk)
    assert work.seen == customers[:2]
    assert counts() == ("waiting", 4, 2, 2, 0, 0)
    assert JobRun.objects.get().lease_until == datetime.now(UTC) + runs.REST
    work.faults.clear()
    runs.run(run.pk)
    assert work.seen == customers[:2]  # it rests
    expire()
    runs.run(run.pk)
    assert work.seen == customers
    assert counts() == ("done", 4, 4, 4, 0, 0)


@pytest.mark.parametrize("end", [Killed(), OperationalError("the database is gone")])
def test_a_dead_workers_run_is_taken_up_behind_its_last_customer(
    work: Work, run: JobRun, customers: list[int], end: BaseException
) -> None:
    work.faults[customers[2]] = end
    with pytest.raises(type(end)):
        runs.run(run.pk)
    assert counts() == ("running", 4, 2, 2, 0, 0)
    work.faults.clear()
    runs.run(run.pk)
    assert work.seen == customers[:2]  # the dead worker's lease still stands
    expire()
    runs.run(run.pk)
    assert work.seen == customers
    assert counts() == ("done", 4, 4, 4, 0, 1)


def test_after_ten_dead_workers_a_run_has_failed(work: Work, run: JobRun, customers: list[int]) -> None:
    work.faults[customers[1]] = Killed()
    for _ in range(10):
        with pytest.raises(Killed):
            runs.run(run.pk)
        expire()
    runs.run(run.pk)
    assert counts() == ("failed", 4, 1, 1, 0, 10)
    assert JobRun.objects.get().error == "The worker died over it each time."
    runs.tick()
    assert OrmQ.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_worker_taken_for_dead_undoes_its_step(
    work: Work, run: JobRun, customers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen_by_slow: list[int] = []

    def overtake() -> None:
        expire()
        runs.run(run.pk)

    def act(keys: Sequence[int], merchant: Merchant, day: date) -> int:
        monkeypatch.setitem(JOBS, "count", other)
        seen_by_slow.extend(keys)
        Merchant.objects.filter(pk=merchant.pk).update(name="Changed")
        at_once(1, overtake)
        return 100

    other = JOBS["count"]
    use(monkeypatch, work, act=act)
    runs.run(run.pk)
    assert seen_by_slow == [customers[0]]
    assert Merchant.objects.get().name != "Changed"
    assert work.seen == customers[1:]  # the other left the customer who was held for later
    assert counts() == ("waiting", 4, 3, 3, 0, 1)
    monkeypatch.setitem(JOBS, "count", other)
    expire()
    runs.run(run.pk)
    assert work.seen[3] == customers[0]
    assert JobRun.objects.get(pk=run.pk).state == "done"


def test_a_run_that_takes_long_gives_others_their_turn(
    work: Work, run: JobRun, customers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "TURN_SECONDS", -1)
    runs.run(run.pk)
    assert work.seen == customers[:1]
    assert counts() == ("waiting", 4, 1, 1, 0, 0)
    assert OrmQ.objects.count() == 1
    for _ in range(4):
        runs.run(run.pk)
    assert work.seen == customers
    assert counts() == ("done", 4, 4, 4, 0, 0)


def test_the_tick_wakes_what_a_lost_task_or_a_dead_worker_left(work: Work, run: JobRun) -> None:
    JobRun.objects.filter(local_date__lt=DAY).delete()
    for state, lease, rung in [
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
        runs.tick()
        JobRun.objects.exclude(pk=run.pk).update(state="done")
        assert (state, OrmQ.objects.count()) == (state, rung)


# Run now, and each hour


@pytest.mark.parametrize("state", ["done", "missed", "failed"])
def test_staff_may_run_a_job_of_today_once_more(
    work: Work, run: JobRun, merchant: Merchant, customers: list[int], state: str
) -> None:
    values = {"attempts": 10, "cursor": customers[-1], "total": 9, "customers": 9, "done": 9, "failures": 1}
    JobRun.objects.update(state=state, error="It broke.", finished=datetime.now(UTC), **values)
    begun = runs.begin(merchant, JOBS["count"])
    assert (begun.pk, begun.state, begun.error, begun.total, begun.attempts) == (run.pk, "waiting", "", None, 0)
    assert OrmQ.objects.count() == 1
    runs.run(run.pk)
    assert work.seen == customers
    assert counts() == ("done", 4, 4, 4, 0, 0)


def test_run_now_makes_the_days_run_and_leaves_one_under_way_alone(work: Work, merchant: Merchant) -> None:
    made = runs.begin(merchant, JOBS["count"])
    assert (made.local_date, made.state) == (DAY, "waiting")
    JobRun.objects.update(cursor=7, state="running")
    again = runs.begin(merchant, JOBS["count"])
    assert (again.pk, again.cursor, again.state) == (made.pk, 7, "running")


def hours_run(clock: Any, hours: int) -> Iterator[int]:
    """The local hours at which a run begins, looked at four times an hour."""
    for _ in range(hours * 4):
        runs.tick()
        if JobRun.objects.filter(state="waiting").exists():
            yield datetime.now(ZoneInfo("America/New_York")).hour
            JobRun.objects.filter(state="waiting").update(state="done", finished=datetime.now(UTC))
        clock.shift(timedelta(minutes=15))


def test_an_hourly_job_comes_round_from_its_hour_until_the_day_ends(
    work: Work, merchant: Merchant, monkeypatch: pytest.MonkeyPatch, noon: Any
) -> None:
    use(monkeypatch, work, hourly=lambda merchant: merchant.placed_hourly)
    Merchant.objects.update(placed_hourly=True, created=datetime(2026, 11, 20, 6, tzinfo=UTC))
    noon.move_to(datetime(2026, 11, 20, 13, 0, 30, tzinfo=UTC))
    assert list(hours_run(noon, 28)) == [*range(10, 24), 10, 11]
    assert JobRun.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_an_hour_is_begun_once_by_many_ticks(
    work: Work, run: JobRun, customers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, work, hourly=lambda merchant: merchant.placed_hourly)
    Merchant.objects.update(placed_hourly=True)
    JobRun.objects.update(state="done", finished=datetime(2026, 11, 20, 16, 59, tzinfo=UTC))
    at_once(4, runs.tick)
    at_once(4, lambda: runs.run(run.pk))
    runs.tick()
    runs.run(run.pk)
    assert sorted(work.seen) == customers
    assert JobRun.objects.get(pk=run.pk).state == "done"


def test_a_slow_run_skips_the_hours_it_took(
    work: Work, run: JobRun, merchant: Merchant, monkeypatch: pytest.MonkeyPatch, noon: Any
) -> None:
    use(monkeypatch, work, hourly=lambda merchant: True)
    JobRun.objects.update(state="running", lease_until=datetime(2026, 11, 20, 17, 20, tzinfo=UTC))
    runs.tick()
    assert JobRun.objects.get(pk=run.pk).state == "running"
    JobRun.objects.filter(pk=run.pk).update(state="done", finished=datetime(2026, 11, 20, 17, 10, tzinfo=UTC))
    noon.move_to(datetime(2026, 11, 20, 17, 59, tzinfo=UTC))
    runs.tick()
    assert JobRun.objects.get(pk=run.pk).state == "done"
    noon.move_to(datetime(2026, 11, 20, 18, tzinfo=UTC))
    runs.tick()
    assert JobRun.objects.get(pk=run.pk).state == "waiting"
