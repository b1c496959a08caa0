"""Rows to change many of at once, and runs that do."""

from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet

from subscriptions import calendar
from subscriptions.actions.bulk import BULK_KINDS
from subscriptions.actions.bulk.run import start_run, start_undo
from subscriptions.jobs.bulk_runs import continue_run
from subscriptions.models import BulkRun, Item, Merchant, Subscription
from tests import factories as f

WEEK = {"days": 7}


def day_in(days: int, merchant: Merchant) -> date:
    return calendar.today(merchant.time_zone) + timedelta(days=days)


def make_subscription(merchant: Merchant, days: int = 3, **fields: Any) -> Subscription:
    customer = fields.pop("customer", None) or f.CustomerFactory(merchant=merchant)
    return f.subscription_with_order(customer=customer, place_date=day_in(days, merchant), **fields)


def begin(merchant: Merchant, name: str, rows: QuerySet[Any], answers: dict[str, Any] | None = None) -> BulkRun:
    return start_run(merchant, BULK_KINDS[name], rows, answers or {}, f.STAFF)


def run_all(merchant: Merchant, name: str, rows: QuerySet[Any], answers: dict[str, Any] | None = None) -> BulkRun:
    run = begin(merchant, name, rows, answers)
    continue_run(run.pk)
    run.refresh_from_db()
    return run


def undo_all(run: BulkRun) -> BulkRun:
    start_undo(run, f.STAFF)
    continue_run(run.pk)
    run.refresh_from_db()
    return run


def counts(run: BulkRun) -> tuple[object, ...]:
    return run.state, run.total, run.done, run.refused, run.undone, run.kept


def plan(merchant: Merchant) -> list[tuple[object, ...]]:
    """Which order each item is on, and of which day and status that is."""
    items = Item.objects.filter(merchant=merchant, upcoming=True).order_by("subscription")
    return list(items.values_list("subscription", "order", "order__place_date", "order__status", "order__total"))
