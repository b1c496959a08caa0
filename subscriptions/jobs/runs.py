"""Runs of the daily jobs: once per merchant and local day, whatever dies meanwhile.

The minute tick makes the rows of the runs that are due; their unique key makes a day happen once. A run is taken with
a lease. What it does to customers and the cursor that says so are one transaction, fenced by the lease. Customers who
are held by another write are left for later; meanwhile the cursor stays before the first of them.
"""

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from uuid import uuid4

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django_q.tasks import async_task

from subscriptions import calendar
from subscriptions.actions.core import lock_customers
from subscriptions.errors import Busy
from subscriptions.jobs.catalogue import JOBS
from subscriptions.jobs.job import Job
from subscriptions.models import Customer, JobRun, Merchant

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
# After this a run with more to do goes to the end of the queue, so that others get their turn.
TURN_SECONDS = 15
BATCH = 50_000
REST = timedelta(seconds=10)  # before it looks again after customers who were held by another write
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


class Overtaken(Exception):
    """Another worker goes on with this run; what this one was about to do is undone."""


def tick() -> None:
    """Each minute: make the runs that are due, repeat the hourly ones, and wake those that nobody works at."""
    now = timezone.now()
    JobRun.objects.bulk_create(_due(now), ignore_conflicts=True)
    _repeat(now)
    ring(JobRun.objects.filter(_free(now)))


def begin(merchant: Merchant, job: Job) -> JobRun:
    """Run `job` now for today, once more if it ran; it finds nothing to do where it was done."""
    today = calendar.today(merchant.time_zone)
    run, _ = JobRun.objects.get_or_create(merchant=merchant, job=job.name, local_date=today)
    JobRun.objects.filter(pk=run.pk).exclude(state__in=UNFINISHED).update(**ANEW)
    run.refresh_from_db()
    ring([run])
    return run


def ring(found: Iterable[JobRun]) -> None:
    for each in found:
        async_task("subscriptions.jobs.runs.run", each.pk, save=False)


def run(run_id: int) -> None:
    """Task: go on with a run until it is done or its turn is over."""
    held = _take(run_id)
    if held is None:
        return
    job, ends = JOBS[held.job], time.monotonic() + TURN_SECONDS
    later: list[int] = []
    try:
        for keys in _chunks(held, job):
            _step(held, job, keys, later)
            if time.monotonic() > ends:
                _release(held)
                return ring([held])
        if later:
            return _release(held, REST)
        _mine(held).update(state=JobRun.State.DONE, lease_token=None, finished=timezone.now())
    except Overtaken:
        return
    except Busy:
        _release(held, REST)


def _due(now: datetime) -> list[JobRun]:
    """The runs that should have begun and have no row yet."""
    since = now.date() - timedelta(days=LOOKS_BACK + 1)
    known = set(JobRun.objects.filter(local_date__gte=since).values_list("merchant", "job", "local_date"))
    wanted = (
        (merchant, job, day)
        for merchant in Merchant.objects.all()
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
    """Begin the finished runs of hourly jobs anew where a full hour has struck since."""
    hourly = [job.name for job in JOBS.values() if job.hourly]
    since = now.date() - timedelta(days=1)  # the date it still is somewhere
    finished = JobRun.objects.filter(state=JobRun.State.DONE, job__in=hourly, local_date__gte=since)
    for run in finished.select_related("merchant"):
        struck = [moment for moment in JOBS[run.job].repeats(run.merchant, run.local_date) if moment <= now]
        if struck and run.finished and run.finished < struck[-1]:
            JobRun.objects.filter(pk=run.pk, state=JobRun.State.DONE, finished=run.finished).update(**ANEW)


def _days(today: date) -> list[date]:
    return [today - timedelta(days=back) for back in range(LOOKS_BACK)]


def _state(job: Job, merchant: Merchant, day: date, now: datetime) -> JobRun.State | None:
    """How the run of `day` begins now, if at all. One that should have been before there was a merchant is none."""
    moment = job.moment(merchant, day)
    if moment is None or not merchant.created <= moment <= now:
        return None
    return JobRun.State.WAITING if now < job.deadline(merchant, day) else JobRun.State.MISSED


def _free(now: datetime) -> Q:
    return Q(state__in=UNFINISHED) & (Q(lease_until=None) | Q(lease_until__lte=now))


def _take(run_id: int) -> JobRun | None:
    """Take the run's lease. One found expired counts as a worker that died; after ten of them the run has failed."""
    now = timezone.now()
    with transaction.atomic():
        rows = JobRun.objects.select_for_update(skip_locked=True, of=("self",)).select_related("merchant")
        held = rows.filter(_free(now), pk=run_id).first()
        if held is None:
            return None
        held.attempts += held.state == JobRun.State.RUNNING
        if held.attempts >= MOST_ATTEMPTS:
            held.state, held.finished = JobRun.State.FAILED, now
            held.error = held.error or "The worker died over it each time."
            held.save()
            log.error("%s of merchant %s has failed: %s", held.job, held.merchant_id, held.error)
            return None
        held.state, held.lease_token, held.lease_until = JobRun.State.RUNNING, uuid4(), now + LEASE
        if held.total is None:
            held.total = _concerned(held, JOBS[held.job]).count()
        held.save()
    return held


def _concerned(held: JobRun, job: Job, behind: int = 0) -> QuerySet[Customer]:
    # A test customer with a clock lives by that.
    return job.concerned(held.merchant.customers.filter(clock=None, pk__gt=behind), held.local_date)


def _chunks(held: JobRun, job: Job) -> Iterator[Sequence[int]]:
    """The customers behind the cursor, so many as the job takes at once."""
    reached = held.cursor
    while keys := list(_concerned(held, job, reached).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        reached = keys[-1]
        for start in range(0, len(keys), job.at_once):
            yield keys[start : start + job.at_once]


def _step(held: JobRun, job: Job, keys: Sequence[int], later: list[int]) -> None:
    """Do what is to be done for these customers; those whose turn is still to come are added to `later`."""
    try:
        with transaction.atomic(), lock_customers(held.merchant, keys, only_free=True) as customers:
            free = [customer.pk for customer in customers]
            waiting = [*later, *sorted(set(keys) - set(free))]
            done = job.act(free, held.merchant, held.local_date)
            _advance(held, free, waiting, done=F("done") + done)
    except (Busy, Overtaken, OperationalError, InterfaceError):
        raise  # nothing that is the matter with these customers
    except Exception as error:
        if len(keys) == 1:
            return _pass_over(held, job, keys[0], later, error)
        # One that breaks must not keep the others of its chunk from their turn.
        for key in keys:
            _step(held, job, [key], later)
    else:
        later[:] = waiting


def _pass_over(held: JobRun, job: Job, key: int, later: list[int], error: Exception) -> None:
    log.exception("%s of merchant %s: customer %s", job.name, held.merchant_id, key)
    if later:
        # The cursor cannot pass it yet; it comes up once more, and counts then.
        later.append(key)
    else:
        _advance(held, [key], [], failures=F("failures") + 1, error=f"Customer {key}: {error!r}"[:1000])


def _advance(held: JobRun, keys: Sequence[int], later: Sequence[int], **changes: object) -> None:
    """Note `keys` as looked at. The cursor goes as far as none of `later` lies before it."""
    here = _mine(held).filter(cursor=held.cursor)
    cursor = max([held.cursor, *(key for key in keys if not later or key < later[0])])
    changes |= {"customers": F("customers") + len(keys), "lease_until": timezone.now() + LEASE}
    if not here.update(cursor=cursor, **changes):
        raise Overtaken
    held.cursor = cursor


def _release(held: JobRun, rest: timedelta = timedelta()) -> None:
    _mine(held).update(state=JobRun.State.WAITING, lease_token=None, lease_until=timezone.now() + rest)


def _mine(held: JobRun) -> QuerySet[JobRun]:
    """The run's row as long as this lease is good."""
    return JobRun.objects.filter(pk=held.pk, lease_token=held.lease_token)
