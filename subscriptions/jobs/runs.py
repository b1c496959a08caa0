"""Runs of the daily jobs: once per merchant and local day, even if a worker dies.

The minute tick creates the rows of the runs that are due; their unique key ensures one run per day. A run changes
customers and moves its cursor in one transaction. Customers who are held by another write are left for later; until
then the cursor stays before the first of them.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Max, QuerySet
from django.utils import timezone

from common.work import LeaseLost, Turn, claim_lease, notify_after_commit, sweep_rows, yield_turn
from subscriptions import calendar
from subscriptions.actions.customer_lock import lock_customers
from subscriptions.errors import Busy
from subscriptions.jobs.catalogue import JOBS
from subscriptions.jobs.job import Days, Job
from subscriptions.models import Customer, JobRun, Merchant

log = logging.getLogger(__name__)

TASK = "subscriptions.jobs.runs.continue_run"
BATCH = 50_000
REST = timedelta(seconds=10)  # before it tries customers who were held by another write again
MOST_ATTEMPTS = 10
UNFINISHED = [JobRun.State.WAITING, JobRun.State.RUNNING]
ANEW = {
    "state": JobRun.State.WAITING,
    "lease_token": None,
    "lease_until": None,
    "attempts": 0,
    "cursor": 0,
    "total": None,
    "customers": 0,
    "done": 0,
    "failures": 0,
    "error": "",
    "finished": None,
}
LOOKS_BACK = 3  # days; no job may begin later than that


def begin_due_runs() -> None:
    """Each minute: create the runs that are due, repeat the hourly ones, and wake workers for unleased runs."""
    now = timezone.now()
    JobRun.objects.bulk_create(_due(now), ignore_conflicts=True)
    _repeat(now)
    sweep_rows(JobRun.objects.filter(state__in=UNFINISHED, merchant__paused_at=None), TASK)


def begin_run(merchant: Merchant, job: Job) -> JobRun:
    """Run `job` now for today, again if it already ran; what is done is not repeated."""
    today = calendar.today(merchant.time_zone)
    run, _ = JobRun.objects.get_or_create(merchant=merchant, job=job.name, local_date=today)
    JobRun.objects.filter(pk=run.pk).exclude(state__in=UNFINISHED).update(**ANEW)
    run.refresh_from_db()
    notify_after_commit(TASK, run.pk)
    return run


def days_to_cover(merchant: Merchant, job: Job, day: date, until: date | None = None) -> Days:
    """The days for which the run of `day` works, whether it begins for the first time or again.

    The days before it that no finished run has covered are included, except before a merchant's first finished run.
    None are left (`first` is after `last`) if a later run has finished already. `until` leaves out the runs after it:
    then these are the days for which a run of the past worked.
    """
    finished = JobRun.objects.filter(merchant=merchant, job=job.name, state=JobRun.State.DONE)
    if until is not None:
        finished = finished.filter(local_date__lte=until)
    covered = finished.exclude(local_date=day).aggregate(last=Max("local_date"))["last"]
    return Days(covered + timedelta(days=1) if covered else day, day)


def continue_run(run_id: int) -> None:
    """Task: continue a run until it is done or the turn is over. After ten workers have died over it, the run fails."""
    rows = JobRun.objects.filter(state__in=UNFINISHED, merchant__paused_at=None).select_related("merchant")
    run = claim_lease(rows, run_id, state=JobRun.State.RUNNING)
    if run is None:
        return
    with suppress(LeaseLost):  # another worker continues it
        if run.attempts < MOST_ATTEMPTS:
            return _work(run, JOBS[run.job], Turn())
        error = run.error or "The worker died over it each time."
        run.release(state=JobRun.State.FAILED, finished=timezone.now(), error=error)
        log.error("%s of merchant %s has failed: %s", run.job, run.merchant_id, error)


def _due(now: datetime) -> list[JobRun]:
    """The runs that should have begun and have no row yet."""
    since = now.date() - timedelta(days=LOOKS_BACK + 1)
    known = set(JobRun.objects.filter(local_date__gte=since).values_list("merchant", "job", "local_date"))
    wanted = (
        (merchant, job, day)
        for merchant in Merchant.objects.filter(paused_at=None)
        for job in JOBS.values()
        for day in _days(calendar.local_time(now, merchant.time_zone).date())
        if (merchant.pk, job.name, day) not in known
    )
    return [
        JobRun(merchant=merchant, job=job.name, local_date=day, state=state)
        for merchant, job, day in wanted
        if (state := _state(job, merchant, day, now))
    ]


def _repeat(now: datetime) -> None:
    """Restart the finished runs of hourly jobs if a full hour has struck since."""
    hourly = [job.name for job in JOBS.values() if job.hourly]
    since = now.date() - timedelta(days=1)  # still today in some time zone
    finished = JobRun.objects.filter(state=JobRun.State.DONE, job__in=hourly, local_date__gte=since)
    for run in finished.select_related("merchant"):
        struck = [moment for moment in JOBS[run.job].repeats(run.merchant, run.local_date) if moment <= now]
        if struck and run.finished and run.finished < struck[-1]:
            JobRun.objects.filter(pk=run.pk, state=JobRun.State.DONE, finished=run.finished).update(**ANEW)


def _days(today: date) -> list[date]:
    return [today - timedelta(days=back) for back in range(LOOKS_BACK)]


def _state(job: Job, merchant: Merchant, day: date, now: datetime) -> JobRun.State | None:
    """The state in which the run of `day` begins now; None if it is not due, or was due before the merchant existed."""
    moment = job.moment(merchant, day)
    if moment is None or not merchant.created <= moment <= now:
        return None
    return JobRun.State.WAITING if now < job.deadline(merchant, day) else JobRun.State.MISSED


def _work(run: JobRun, job: Job, turn: Turn) -> None:
    days = days_to_cover(run.merchant, job, run.local_date)
    if run.total is None:
        run.renew(total=_affected(run, job, days).count())
    later: list[int] = []
    try:
        for keys in _chunks(run, job, days):
            _step(run, job, days, keys, later)
            if turn.is_over:
                return yield_turn(run, TASK, state=JobRun.State.WAITING)
    except Busy:
        return _rest(run)
    if later:
        return _rest(run)
    run.release(state=JobRun.State.DONE, finished=timezone.now())


def _rest(run: JobRun) -> None:
    yield_turn(run, TASK, at=timezone.now() + REST, rest=REST, state=JobRun.State.WAITING)


def _affected(run: JobRun, job: Job, days: Days, behind: int = 0) -> QuerySet[Customer]:
    # The jobs of a test customer with a clock run when the clock is moved.
    return job.affected_customers(run.merchant.customers.filter(clock=None, pk__gt=behind), days)


def _chunks(run: JobRun, job: Job, days: Days) -> Iterator[Sequence[int]]:
    """The customers after the cursor, in chunks of `job.at_once`."""
    reached = run.cursor
    while keys := list(_affected(run, job, days, reached).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        reached = keys[-1]
        for start in range(0, len(keys), job.at_once):
            yield keys[start : start + job.at_once]


def _step(run: JobRun, job: Job, days: Days, keys: Sequence[int], later: list[int]) -> None:
    """Do the job for these customers; those held by another write are added to `later`."""
    try:
        with transaction.atomic(), lock_customers(run.merchant, keys, only_free=True) as customers:
            free = [customer.pk for customer in customers]
            waiting = [*later, *sorted(set(keys) - set(free))]
            done = job.perform(free, run.merchant, days)
            _advance(run, free, waiting, done=F("done") + done)
    except (Busy, LeaseLost, OperationalError, InterfaceError):
        raise  # the customers are not at fault
    except Exception:
        if len(keys) == 1:
            return _pass_over(run, job, keys[0], later)
        # One faulty customer must not hold up the rest of the chunk.
        for key in keys:
            _step(run, job, days, [key], later)
    else:
        later[:] = waiting


def _pass_over(run: JobRun, job: Job, key: int, later: list[int]) -> None:
    log.exception("%s of merchant %s: customer %s", job.name, run.merchant_id, key)
    if later:
        # The cursor cannot pass this customer yet; they come up again, and the failure counts then.
        later.append(key)
    else:
        name = Customer.objects.values_list("merchant_user_id", flat=True).get(pk=key)
        error = f"Customer {name}: something went wrong; the log of the task workers says what."
        _advance(run, [key], [], failures=F("failures") + 1, error=error)


def _advance(run: JobRun, keys: Sequence[int], later: Sequence[int], **changes: object) -> None:
    """Count `keys` as processed. The cursor moves as far as it can without passing any of `later`."""
    cursor = max([run.cursor, *(key for key in keys if not later or key < later[0])])
    run.advance(cursor, customers=F("customers") + len(keys), **changes)
