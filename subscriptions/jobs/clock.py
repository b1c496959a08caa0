"""The clock of test customers: moved forward, the engine does for them what it would have done by then."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import QuerySet
from django_q.tasks import async_task

from subscriptions import calendar
from subscriptions.actions.customer import move_clock
from subscriptions.actors import Actor
from subscriptions.errors import Busy, refused
from subscriptions.jobs import dispatch, timed_tasks
from subscriptions.jobs.catalogue import JOBS
from subscriptions.jobs.job import Job
from subscriptions.models import Customer, Merchant, Order

STEP = timedelta(days=7)
SECONDS = 300  # one step may take
HANDS = 0x434C4F43  # of pg_advisory_lock; any number nobody else uses
MOVING = """
SELECT EXISTS (
    SELECT FROM pg_locks
    WHERE locktype = 'advisory' AND classid = %s AND objid = %s
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
)
"""


def advance(merchant: Merchant, customers: Sequence[Customer], to: datetime, *, actor: Actor) -> None:
    """Let it become `to` for these test customers of `merchant`; their clocks show one time, or the real one as yet.

    Refused for customers who are no test customers, for clocks that differ, and as `move_clock` is.
    """
    rows = merchant.customers.filter(pk__in=[customer.pk for customer in customers])
    begins = set(rows.values_list("clock", flat=True))
    if len(begins) > 1:
        raise refused("clocks_differ")
    start = next(iter(begins), None) or calendar.now()
    with transaction.atomic():
        for customer in rows:
            move_clock(customer, actor=actor, to=to)
    for moment, jobs in _moments(merchant, rows, start, to):
        _live_through(merchant, rows, moment, jobs)
    _live_through(merchant, rows, to, [])


def begin(customer: Customer, to: datetime, *, actor: Actor) -> None:
    """Let workers move the clock of this test customer to `to`, a week at a time. Refused for any other customer."""
    _must_be_test(customer)
    seen = customer.clock.isoformat() if customer.clock else None
    # The queue's own time-out would end posts whose answers are slow.
    async_task(
        "subscriptions.jobs.clock.step", customer.pk, seen, to.isoformat(), actor.kept(), save=False, timeout=SECONDS
    )


def step(customer_id: int, seen: str | None, to: str, actor: dict[str, str]) -> None:
    """Task: move the clock by a week or to its aim, and go on in a task of its own.

    `seen` is what the clock showed; if it shows something else, another move has come in between, and this one ends.
    """
    customer = Customer.objects.select_related("merchant").get(pk=customer_id)
    if customer.clock != (datetime.fromisoformat(seen) if seen else None):
        return
    by, aim = Actor.of(actor), datetime.fromisoformat(to)
    with _noted(customer_id):
        try:
            advance(customer.merchant, [customer], min((customer.clock or calendar.now()) + STEP, aim), actor=by)
        except Busy:
            return begin(customer, aim, actor=by)
    customer.refresh_from_db(fields=["clock"])
    if customer.clock and customer.clock < aim:
        begin(customer, aim, actor=by)


def is_moving(customer: Customer) -> bool:
    """Whether a worker lets time pass for this customer just now; the clock shows the end of a step from its start."""
    with connection.cursor() as cursor:
        cursor.execute(MOVING, [HANDS, customer.pk])
        (found,) = cursor.fetchone()
    return bool(found)


def remind(customer: Customer) -> int:
    """Do for this test customer at once what the reminder job does at its hour; returns how many reminders it made.

    Refused for any other customer.
    """
    _must_be_test(customer)
    job = JOBS["reminders"]
    with transaction.atomic(), calendar.fixed_clock(customer.clock):
        today = calendar.today(customer.merchant.time_zone)
        keys = job.concerned(customer.merchant.customers.filter(pk=customer.pk), today).values_list("pk", flat=True)
        return job.act(list(keys), customer.merchant, today)


@contextmanager
def _noted(customer_id: int) -> Iterator[None]:
    """For `is_moving`; ends with the database session of a worker that died."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [HANDS, customer_id])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [HANDS, customer_id])


def _must_be_test(customer: Customer) -> None:
    if not customer.is_test:
        raise refused("not_a_test_customer")


def _moments(
    merchant: Merchant, rows: QuerySet[Customer], start: datetime, to: datetime
) -> Iterator[tuple[datetime, list[Job]]]:
    """When something may be due from `start` until `to`: the hours of the jobs, and what comes between."""
    yield start, []
    now, day = start, calendar.local_time(start, merchant.time_zone).date()
    while day <= calendar.local_time(to, merchant.time_zone).date():
        for hour, jobs in sorted(_timetable(merchant, day).items()):
            while (between := timed_tasks.next_moment(rows, now)) and between < min(hour, to):
                now = between
                yield now, []
            if start < hour <= to:
                now = hour
                yield now, jobs
        day += timedelta(days=1)


def _timetable(merchant: Merchant, day: date) -> dict[datetime, list[Job]]:
    times: dict[datetime, list[Job]] = {}
    for job in JOBS.values():
        moments = (job.moment(merchant, day), *job.repeats(merchant, day))
        for moment in filter(None, moments):
            times.setdefault(moment, []).append(job)
    return times


def _live_through(merchant: Merchant, rows: QuerySet[Customer], moment: datetime, jobs: list[Job]) -> None:
    day = calendar.local_time(moment, merchant.time_zone).date()
    with calendar.fixed_clock(moment):
        for job in jobs:
            keys = list(job.concerned(rows, day).order_by("pk").values_list("pk", flat=True))
            for begin in range(0, len(keys), job.at_once):
                with transaction.atomic():
                    job.act(keys[begin : begin + job.at_once], merchant, day)
        timed_tasks.act(rows)
        dispatch.post_all(Order.objects.filter(customer__in=rows))
