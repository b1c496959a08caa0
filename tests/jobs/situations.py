"""Orders for the daily jobs of a merchant in New York, and a run of one job."""

from datetime import date
from typing import Any

from subscriptions.jobs.catalogue import JOBS
from subscriptions.jobs.job import Days
from subscriptions.models import Customer, Merchant, Order
from tests import factories as f

DAY = date(2026, 11, 20)


def create_order(place_date: date = DAY, *, customer: Customer | None = None, **fields: Any) -> Order:
    """A subscriber's order with one item; `fields` are columns of the order."""
    given = {"customer": customer} if customer else {}
    subscription = f.subscription_with_order(place_date, **given)
    Order.objects.filter(items__subscription=subscription).update(**fields)
    found: Order = Order.objects.select_related("merchant", "customer").get(items__subscription=subscription)
    return found


def run_job(name: str, merchant: Merchant, day: date = DAY) -> int:
    """Perform the job `name` for all the merchant's customers on `day`; returns its count."""
    job = JOBS[name]
    keys = list(
        job.affected_customers(merchant.customers.all(), Days(day, day)).order_by("pk").values_list("pk", flat=True)
    )
    return job.perform(keys, merchant, Days(day, day)) if keys else 0
