"""The clock of test customers: moved forward, the engine does for them what it would have done by then."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from subscriptions import calendar
from subscriptions.actions.customer import move_clock
from subscriptions.actors import Actor
from subscriptions.errors import refused
from subscriptions.jobs import posting, prompt
from subscriptions.jobs.catalogue import JOBS
from subscriptions.jobs.job import Job
from subscriptions.models import Customer, Merchant, Order


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


def _moments(
    merchant: Merchant, rows: QuerySet[Customer], start: datetime, to: datetime
) -> Iterator[tuple[datetime, list[Job]]]:
    """When something may be due from `start` until `to`: the hours of the jobs, and what comes between."""
    yield start, []
    now, day = start, calendar.local(start, merchant.time_zone).date()
    while day <= calendar.local(to, merchant.time_zone).date():
        for hour, jobs in sorted(_timetable(merchant, day).items()):
            while (between := prompt.next_moment(rows, now)) and between < min(hour, to):
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
    day = calendar.local(moment, merchant.time_zone).date()
    with calendar.at(moment):
        for job in jobs:
            keys = list(job.concerned(rows, day).order_by("pk").values_list("pk", flat=True))
            for begin in range(0, len(keys), job.at_once):
                with transaction.atomic():
                    job.act(keys[begin : begin + job.at_once], merchant, day)
        prompt.act(rows)
        posting.post_all(Order.objects.filter(customer__in=rows))
