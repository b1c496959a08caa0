"""The clock of test customers. When it moves forward, the jobs do what they would have done by then."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from common.work import claim_lease, queue_task
from subscriptions import calendar
from subscriptions.actions import upcoming_order
from subscriptions.actions.customer import move_clock
from subscriptions.actors import Actor
from subscriptions.errors import Busy, refused
from subscriptions.jobs import dispatch, reminders, timed_tasks
from subscriptions.jobs.catalogue import JOBS
from subscriptions.jobs.job import Days, Job
from subscriptions.models import ClockMove, Customer, Merchant, Order

STEP_TASK = "subscriptions.jobs.clock.move_step"
STEP = timedelta(days=7)
SECONDS = 300  # the limit for one step


def advance_clocks(
    merchant: Merchant,
    customers: Sequence[Customer],
    to: datetime,
    *,
    actor: Actor,
    keep_lease: Callable[[], None] = lambda: None,
) -> None:
    """Move the clocks of these test customers of `merchant` to `to`, and do everything that is due until then.

    `keep_lease` is called before each moment at which something is due.
    Refused for customers who are no test customers, for clocks that differ, and when `move_clock` refuses.
    """
    rows = merchant.customers.filter(pk__in=[customer.pk for customer in customers])
    begins = set(rows.values_list("clock", flat=True))
    if len(begins) > 1:
        raise refused("clocks_differ")
    start = next(iter(begins), None) or calendar.now()
    with transaction.atomic():
        for customer in rows:
            move_clock(customer, actor=actor, to=to)
    for moment, jobs in _due_moments(merchant, rows, start, to):
        keep_lease()
        _do_due_work(merchant, rows, moment, jobs)
    _do_due_work(merchant, rows, to, [])


def begin_move(customer: Customer, to: datetime, *, actor: Actor) -> None:
    """Let workers move the clock of this test customer to `to`, a week per task. Refused for other customers."""
    _must_be_test(customer)
    seen = customer.clock.isoformat() if customer.clock else None
    # The queue's own time-out would cut off posts with slow answers.
    queue_task(STEP_TASK, customer.pk, seen, to.isoformat(), actor.as_json(), timeout=SECONDS)


def move_step(customer_id: int, seen: str | None, to: str, actor: dict[str, str]) -> None:
    """Task: move the clock by a week or to its target, and go on in a new task.

    `seen` is the time the clock showed. If it now shows another, a different move came in between, and this one ends.
    """
    customer = Customer.objects.select_related("merchant").get(pk=customer_id)
    if customer.clock != (datetime.fromisoformat(seen) if seen else None):
        return
    by, aim = Actor.from_json(actor), datetime.fromisoformat(to)
    if (move := _claim_clock(customer)) is None:
        # If that worker has died, the clock still shows the same time once its lease is over.
        return queue_task(
            STEP_TASK, customer_id, seen, to, actor, timeout=SECONDS, at=timezone.now() + ClockMove.lease_length
        )
    upto = min((customer.clock or calendar.now()) + STEP, aim)
    is_busy = False
    try:
        advance_clocks(customer.merchant, [customer], upto, actor=by, keep_lease=move.keep)
    except Busy:
        is_busy = True
    finally:
        move.release()
    customer.refresh_from_db(fields=["clock"])
    if is_busy or (customer.clock and customer.clock < aim):
        begin_move(customer, aim, actor=by)


def is_moving(customer: Customer) -> bool:
    """Whether a worker is moving this customer's clock. The clock shows the end of a step once the step starts."""
    return ClockMove.objects.filter(customer=customer, lease_until__gt=timezone.now()).exists()


def remind_test_customer(customer: Customer) -> Order | None:
    """Remind this test customer of their next order, whatever its date, even again.

    Returns that order; None if there is none. Refused for other customers.
    """
    _must_be_test(customer)
    order = customer.orders.open().order_by("place_date", "pk").first()
    return order and upcoming_order.remind(order, actor=reminders.ACTOR, again=True).subject


def _claim_clock(customer: Customer) -> ClockMove | None:
    move, _ = ClockMove.objects.get_or_create(customer=customer)
    return claim_lease(ClockMove.objects.all(), move.pk)


def _must_be_test(customer: Customer) -> None:
    if not customer.is_test:
        raise refused("not_a_test_customer")


def _due_moments(
    merchant: Merchant, rows: QuerySet[Customer], start: datetime, to: datetime
) -> Iterator[tuple[datetime, list[Job]]]:
    """When something may be due from `start` until `to`: the hours of the jobs, and moments of timed tasks between."""
    yield start, []
    now, day = start, calendar.local_time(start, merchant.time_zone).date()
    while day <= calendar.local_time(to, merchant.time_zone).date():
        for hour, jobs in sorted(_job_hours(merchant, day).items()):
            while (between := timed_tasks.next_moment(rows, now)) and between < min(hour, to):
                now = between
                yield now, []
            if start < hour <= to:
                now = hour
                yield now, jobs
        day += timedelta(days=1)


def _job_hours(merchant: Merchant, day: date) -> dict[datetime, list[Job]]:
    times: dict[datetime, list[Job]] = {}
    for job in JOBS.values():
        moments = (job.moment(merchant, day), *job.repeats(merchant, day))
        for moment in filter(None, moments):
            times.setdefault(moment, []).append(job)
    return times


def _do_due_work(merchant: Merchant, rows: QuerySet[Customer], moment: datetime, jobs: list[Job]) -> None:
    day = calendar.local_time(moment, merchant.time_zone).date()
    days = Days(day, day)  # the clock leaves no day out
    with calendar.fixed_clock(moment):
        for job in jobs:
            keys = list(job.affected_customers(rows, days).order_by("pk").values_list("pk", flat=True))
            for begin in range(0, len(keys), job.at_once):
                with transaction.atomic():
                    job.perform(keys[begin : begin + job.at_once], merchant, days)
        timed_tasks.do_timed_tasks(rows)
        dispatch.post_orders(Order.objects.filter(customer__in=rows))
