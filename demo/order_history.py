"""Creates the orders and job runs of the weeks before the demo: placed, declined, retried, out of stock."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from subscriptions import calendar
from subscriptions.actions import upcoming_order
from subscriptions.jobs import placement_queue, record_results, reminders, stock
from subscriptions.models import (
    GatewaySettings,
    JobRun,
    Merchant,
    Order,
    OrderStatus,
    PlacementAttempt,
    Product,
    SimulatedOutcome,
    Subscription,
)
from subscriptions.placement.gateway import take_snapshot
from subscriptions.placement.registry import gateway_of

Outcome = SimulatedOutcome.Outcome
REMINDER_DAYS = 5
POST_DURATION = timedelta(milliseconds=420)


@dataclass(frozen=True, slots=True)
class PastOrder:
    """An order that was due `days` ago, of a subscription that shares its orders with no other."""

    subscription: str
    days: int
    outcome: Outcome = Outcome.APPROVE
    times: int | None = None


ORDERS = [
    PastOrder("S-5025", 21),
    PastOrder("S-5048", 16, Outcome.DECLINE, times=2),
    PastOrder("S-5053", 14, Outcome.DECLINE),
    PastOrder("S-5034", 12),
    PastOrder("S-5012", 6, Outcome.CARD_NUMBER),
    PastOrder("S-5044", 5),
    PastOrder("S-5045", 2, Outcome.DECLINE, times=1),
    PastOrder("S-5015", 1, Outcome.GARBAGE, times=1),
    PastOrder("S-5056", 1, Outcome.TEMPORARY, times=1),
]
OUT_OF_STOCK = PastOrder("S-5036", 4)
SUBSCRIPTIONS = [past.subscription for past in [*ORDERS, OUT_OF_STOCK]]
RUNS = [  # days ago, job, customers, done
    *((days, "reminders", 3 + days % 4, 3 + days % 4) for days in range(1, 11) if days != 6),
    *((days, "placement", 2 + days % 3, 2 + days % 3) for days in range(1, 11)),
    *((days, "stock", 1, 0) for days in range(1, 4)),
]
MISSED_DAYS_AGO = 6  # days ago


def create_order_history(merchant: Merchant) -> None:
    """Must run in a transaction, in which the simulator answers as well."""
    GatewaySettings.objects.create(merchant=merchant, kind=GatewaySettings.Kind.SIMULATOR)
    for past in ORDERS:
        _place_order(merchant, past)
    _run_out_of_stock(merchant)
    _create_job_runs(merchant)


def _place_order(merchant: Merchant, past: PastOrder) -> None:
    order, moment = _make_order_due(merchant, past)
    if past.outcome != Outcome.APPROVE:
        SimulatedOutcome.objects.create(
            merchant=merchant, payment=order.payment, outcome=past.outcome, times=past.times
        )
    place_order(order, moment)


def place_order(order: Order, moment: datetime) -> None:
    """Place the order at that time, and again when its retry plan says so, up to now."""
    while True:
        with calendar.fixed_clock(moment):
            upcoming_order.queue(order, actor=placement_queue.ACTOR)
            _post_order(order, moment)
        order.refresh_from_db()
        if order.status != OrderStatus.CREDIT_CARD_RETRY or not order.retry_at or order.retry_at > calendar.now():
            return
        moment = order.retry_at


def _make_order_due(merchant: Merchant, past: PastOrder) -> tuple[Order, datetime]:
    """The subscription's order, due on that day and with its reminder sent, and the time of that day's placement."""
    reminded = calendar.today(merchant.time_zone) - timedelta(days=past.days + REMINDER_DAYS)
    order = make_due(merchant.subscriptions.get(external_id=past.subscription), reminded)
    with calendar.fixed_clock(calendar.local_hour(reminded, merchant.reminder_hour, merchant.time_zone)):
        upcoming_order.remind(order, actor=reminders.ACTOR)
    return order, calendar.local_hour(order.place_date, merchant.placement_hour or 0, merchant.time_zone)


def make_due(subscription: Subscription, reminded: date) -> Order:
    """The subscription's upcoming order, as if it had been imported for the day that is reminded of on `reminded`."""
    order: Order = subscription.items.select_related("order").get(upcoming=True).order
    order.place_date = reminded + timedelta(days=REMINDER_DAYS)
    order.save(update_fields=["place_date"])
    return order


def _post_order(order: Order, moment: datetime) -> None:
    order.refresh_from_db()
    attempt = PlacementAttempt.objects.create(merchant=order.merchant, order=order, tries=order.tries, started=moment)
    record_results.record_result(attempt, gateway_of(order).place(take_snapshot(order)))
    PlacementAttempt.objects.filter(pk=attempt.pk).update(finished=moment + POST_DURATION)


def _run_out_of_stock(merchant: Merchant) -> None:
    order, moment = _make_order_due(merchant, OUT_OF_STOCK)
    Product.objects.filter(pk__in=order.items.values("product")).update(live=False)
    for day in range(OUT_OF_STOCK.days):
        with calendar.fixed_clock(moment + timedelta(days=day)):
            upcoming_order.set_aside(order, actor=stock.ACTOR if day else placement_queue.ACTOR)


def _create_job_runs(merchant: Merchant) -> None:
    today = calendar.today(merchant.time_zone)
    rows = []
    for days, job, customers, done in RUNS:
        day = today - timedelta(days=days)
        hour = merchant.reminder_hour if job == "reminders" else merchant.placement_hour or 0
        begun = calendar.local_hour(day, hour, merchant.time_zone) + timedelta(seconds=14)
        rows.append(
            JobRun(
                merchant=merchant,
                job=job,
                local_date=day,
                state=JobRun.State.DONE,
                total=customers,
                customers=customers,
                done=done,
                created=begun,
                finished=begun + timedelta(seconds=2),
            )
        )
    missed = today - timedelta(days=MISSED_DAYS_AGO)
    begun = calendar.local_hour(missed + timedelta(days=1), merchant.placement_hour or 0, merchant.time_zone)
    rows.append(JobRun(merchant=merchant, job="reminders", local_date=missed, state="missed", created=begun))
    JobRun.objects.bulk_create(rows)
