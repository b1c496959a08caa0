"""Why a customer got no reminder on a day, in sentences for staff.

The conditions are those of the job itself. They are asked of the rows as they are now: what happened to an order since
that day is told beside the answer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import BooleanField, Case, F, QuerySet, Value, When

from subscriptions import calendar
from subscriptions.events.catalogue import ORDER_REMINDER
from subscriptions.jobs import reminders, runs
from subscriptions.jobs.catalogue import JOBS
from subscriptions.jobs.job import Days
from subscriptions.jobs.reminders import CONDITIONS, Condition
from subscriptions.models import Activity, Customer, Event, JobRun, Merchant, Order, OrderStatus

JOB = JOBS["reminders"]
MOST_ORDERS = 10
MOST_CHANGES = 5
# What moves an order to another day, or changes when its reminder is due.
MOVES = (
    *("order.change_date", "order.skip", "order.skip_subscription", "order.unskip", "order.send_now"),
    *("subscription.change_next_order_date", "subscription.change_reminder_days", "subscription.change_frequency"),
    *("subscription.reactivate", "subscription.cancel", "subscription.create", "checkout"),
)


@dataclass(frozen=True, slots=True)
class OrderReason:
    order: Order
    sentence: str


@dataclass(frozen=True, slots=True)
class ReminderAnswer:
    """`sent` are the reminders of that day; the rest says why there was none."""

    day: date
    sent: list[Event]
    run: str
    """What became of that day's run; empty if it is done."""
    orders: list[OrderReason]
    changes: list[Activity]
    """What moved an order since, newest first."""


def explain_day(customer: Customer, day: date) -> ReminderAnswer:
    """The answer for one customer and one day in the merchant's zone. Seven queries at most."""
    merchant = customer.merchant
    begin, end = day_limits(merchant, day)
    reminded = Event.objects.filter(merchant=merchant, customer=customer, kind=ORDER_REMINDER)
    run = JobRun.objects.filter(merchant=merchant, job=JOB.name, local_date=day).first()
    moves = customer.activities.filter(merchant=merchant, verb__in=MOVES, at__gte=begin)
    return ReminderAnswer(
        day,
        sent=list(reminded.filter(at__gte=begin, at__lt=end).select_related("order").order_by("pk")),
        run=explain_run(customer, day, run),
        orders=explain_orders(customer, days_of_run(merchant, day), run),
        changes=list(moves.order_by("-pk")[:MOST_CHANGES]),
    )


def day_limits(merchant: Merchant, day: date) -> tuple[datetime, datetime]:
    zone = merchant.time_zone
    return calendar.local_midnight(day, zone), calendar.local_midnight(day + timedelta(days=1), zone)


def days_of_run(merchant: Merchant, day: date) -> Days:
    """The days that the run of `day` covers or covered; with it those of missed runs before."""
    return runs.days_to_cover(merchant, JOB, day, until=day)


def explain_run(customer: Customer, day: date, run: JobRun | None) -> str:
    """Why the run of `day` did not remind this customer, whatever their orders; empty if it should have."""
    merchant = customer.merchant
    moment = JOB.moment(merchant, day)
    assert moment is not None  # reminders are on for every merchant
    hour = f"{calendar.human_date(day)} at {clock_time(moment)}"
    if customer.clock is not None:
        return (
            "This test customer has a clock of their own, and the daily runs leave them out. "
            "Reminders come when the clock is moved forward."
        )
    if run is None:
        return explain_missing_run(merchant, moment, hour)
    match run.state:
        case JobRun.State.MISSED:
            return f"The run of {hour} was missed: no worker was available in time. The next run covers that day too."
        case JobRun.State.FAILED:
            return f"The run of that day failed: {run.error}"
        case JobRun.State.WAITING | JobRun.State.RUNNING:
            return "The run of that day is still under way."
    if run.failures and f"Customer {customer.merchant_user_id}:" in run.error:
        return "The run of that day skipped this customer because of an error."
    if run.finished and customer.created > run.finished:
        return f"The customer was added {local_moment(customer.created, merchant)}, after the run of that day."
    return ""


def explain_missing_run(merchant: Merchant, moment: datetime, hour: str) -> str:
    if moment > calendar.now():
        return f"The run of that day has not begun yet: it begins on {hour}."
    if moment < merchant.created:
        return f"Your account was set up after the run of that day, on {hour}, would have begun."
    return f"No run of {hour} is recorded: automation was not running, or the record is older than 400 days."


def explain_orders(customer: Customer, days: Days, run: JobRun | None) -> list[OrderReason]:
    """Each order from that day on, with the first condition of the job that it does not meet."""
    orders = customer.orders.filter(merchant=customer.merchant_id).select_related("merchant")
    coming = with_conditions(orders.filter(place_date__gte=days.last), days).order_by("place_date", "pk")[:MOST_ORDERS]
    found = list(coming) or list(with_conditions(orders, days).order_by("-place_date", "-pk")[:1])
    sent = reminded_at(customer, found)
    return [OrderReason(order, explain_order(order, days, run, sent.get(order.pk))) for order in found]


def with_conditions(orders: QuerySet[Order], days: Days) -> QuerySet[Order]:
    """Each order with what it meets of the job's conditions, and with its reminder day."""
    met = {
        f"meets_{name}": Case(
            When(condition(days), then=Value(True)), default=Value(False), output_field=BooleanField()
        )
        for name, condition in CONDITIONS.items()
    }
    return reminders.with_reminder_day(orders).annotate(reminder_day=F("reminder_day"), **met)


def reminded_at(customer: Customer, orders: list[Order]) -> dict[int, datetime]:
    """When the customer was last reminded of each order."""
    events = Event.objects.filter(merchant=customer.merchant_id, customer=customer, kind=ORDER_REMINDER)
    return dict(events.filter(order__in=orders).order_by("pk").values_list("order", "at"))


def explain_order(order: Order, days: Days, run: JobRun | None, reminded: datetime | None) -> str:
    unmet = [
        name for name in CONDITIONS if not getattr(order, f"meets_{name}") and not was_met(order, name, days, reminded)
    ]
    if unmet:
        return REASONS[unmet[0]](order, days, reminded)
    if run and run.finished and order.created > run.finished:
        return f"It was made {local_moment(order.created, order.merchant)}, after the run of that day."
    if run and run.state == JobRun.State.DONE:
        return "It meets every condition as it is now. What changed since that day is below."
    return "Its reminder is due in the run of that day."


def was_met(order: Order, condition: Condition, days: Days, reminded: datetime | None) -> bool:
    """Whether the order met the condition on that day, though it does no more: it was placed or reminded of later."""
    ended = {Condition.OPEN: order.cancelled or order.tried_at, Condition.UNREMINDED: reminded}.get(condition)
    return ended is not None and calendar.local_time(ended, order.merchant.time_zone).date() > days.last


def explain_closed(order: Order, days: Days, reminded: datetime | None) -> str:
    if order.status != OrderStatus.UNSENT:
        return f"It is no longer upcoming but “{order.get_status_display()}”."
    if order.oos_free_shipping:
        return "It waits for products that are out of stock; customers are told of that instead."
    return "It is locked, because it is being placed."


def explain_reminded(order: Order, days: Days, reminded: datetime | None) -> str:
    when = f" {local_moment(reminded, order.merchant)}" if reminded else ""
    return f"The customer was already reminded of it{when}. There is one reminder for each date of an order."


def explain_too_late(order: Order, days: Days, reminded: datetime | None) -> str:
    if order.place_date == days.last:
        return "It was to be placed that very day; reminders come before the day of the order."
    return "It was to be placed before that day."


def explain_lead_time(order: Order, days: Days, reminded: datetime | None) -> str:
    begins: date = order.reminder_day  # type: ignore[attr-defined]  # an annotation of `with_conditions`
    lead = f"{calendar.human_date(begins)}, {(order.place_date - begins).days} days before the order"
    if begins > days.last:
        return f"Its reminder is due later: on {lead}."
    return (
        f"Its reminder was due earlier: on {lead}. An order that comes nearer than that, by a new date, an import or a "
        "reactivation, gets none, because “remind of near orders” is off in the merchant's settings."
    )


REASONS: dict[Condition, Callable[[Order, Days, datetime | None], str]] = {
    Condition.OPEN: explain_closed,
    Condition.UNREMINDED: explain_reminded,
    Condition.AHEAD: explain_too_late,
    Condition.BEGUN: explain_lead_time,
}


def local_moment(moment: datetime, merchant: Merchant) -> str:
    """`on November 20, 2026 at 10:02 AM`, in the merchant's time."""
    local = calendar.local_time(moment, merchant.time_zone)
    return f"on {calendar.human_date(local.date())} at {clock_time(local)}"


def clock_time(local: datetime) -> str:
    return f"{local:%I:%M %p}".lstrip("0")
