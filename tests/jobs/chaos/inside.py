"""Calls of the chaos tests in the portal's own database, run by `manage.py shell`.

It is about noon where the merchants live. A customer has one order due today, one of a card that ends before it,
five days ahead, and one that waits for stock that is back.
"""

import json
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, connection
from django.db.models import Count, Q
from django_q.tasks import async_task

from integrations.models import Delivery, SandboxEvent
from integrations.sandbox import private_keys
from subscriptions import calendar
from subscriptions.actions import upcoming_order
from subscriptions.jobs import runs
from subscriptions.jobs.catalogue import JOBS
from subscriptions.models import (
    Customer,
    Event,
    GatewaySettings,
    JobRun,
    Merchant,
    Order,
    OrderStatus,
    Payment,
    PlacementAttempt,
    Product,
    SimulatedPlacement,
)
from tests import factories as f

TICKS = ["subscriptions.jobs.engine.tick", "subscriptions.jobs.engine.tick", "integrations.outbox.sweep"]
KEY = "0123456789abcdef0123456789abcdef"


def seed_days(url: str, merchants: int, customers: int) -> None:
    """One merchant in five has simulator and sandbox; the others are live, with their platform at `url`."""
    for number in range(merchants):
        merchant = _merchant(url if number % 5 else "")
        product = f.ProductFactory(merchant=merchant)
        for _ in range(customers):
            _customer(product)
        Product.objects.filter(name="Back again").update(live=True)


def seed_due(url: str, number: int) -> None:
    """One live merchant with `number` orders due, one customer each."""
    merchant = _merchant(url)
    product = f.ProductFactory(merchant=merchant)
    for _ in range(number):
        _order(f.CustomerFactory(merchant=merchant), product, 0)


def tick_until_done(seconds: float) -> None:
    """Queue the ticks of both clusters' schedulers often, until everything is done or the time is up."""
    ends = time.monotonic() + seconds
    begun = False
    while time.monotonic() < ends:
        try:
            begun = begun or _begin()
            for task in TICKS:
                async_task(task, save=False)
            if _is_done():
                return
        except (InterfaceError, OperationalError):
            connection.close()
        time.sleep(0.7)


def _begin() -> bool:
    for merchant in Merchant.objects.all():
        runs.begin_run(merchant, JOBS["cards"])  # today is rarely a day on which cards are checked
    return True


def report() -> None:
    """Print the results as JSON."""
    customers = Customer.objects.annotate(
        placed=Count("orders", filter=Q(orders__status=OrderStatus.SUCCESS)),
    )
    told = Event.objects.values_list("customer", "kind").annotate(Count("pk"))
    found: dict[str, Any] = {
        "runs": Counter(f"{run.job} {run.state}" for run in JobRun.objects.all()),
        "failures": sum(JobRun.objects.values_list("failures", flat=True)),
        "died": sum(JobRun.objects.values_list("attempts", flat=True)),
        "placed": Counter(customers.values_list("placed", flat=True)),
        "unplaced": Counter(Order.objects.exclude(status=OrderStatus.SUCCESS).values_list("status", flat=True)),
        "told": Counter(f"{kind.rpartition('.')[2]} {times}" for _, kind, times in told),
        "sandbox": Counter(
            f"{metric.rpartition('.')[2]} {times}"
            for _, metric, times in SandboxEvent.objects.values_list("profile", "metric").annotate(Count("pk"))
        ),
        "simulated": list(SimulatedPlacement.objects.exclude(order_merchant_id="").values_list("pk", flat=True)),
        "live": [order.public_id.hex for order in _placed().filter(merchant__is_test=False)],
        "attempts": Counter(PlacementAttempt.objects.values_list("effect", flat=True)),
        "tries": {order.public_id.hex: order.tries for order in _placed()},
    }
    print(json.dumps(found))  # noqa: T201  # the test reads it


def _is_done() -> bool:
    left = [
        JobRun.objects.exclude(state=JobRun.State.DONE),
        Order.objects.filter(status__in=[OrderStatus.PENDING_PLACEMENT, OrderStatus.CONNECTION_ERROR_DURING_PLACEMENT]),
        Delivery.objects.filter(state=Delivery.State.PENDING),
    ]
    runs_made = JobRun.objects.filter(local_date__gte=datetime.now(UTC).date() - timedelta(days=1)).count()
    return runs_made >= len(JOBS) * Merchant.objects.count() and not any(rows.exists() for rows in left)


def _placed() -> Any:
    return Order.objects.filter(status=OrderStatus.SUCCESS)


def _merchant(url: str) -> Merchant:
    offset = 13 - datetime.now(UTC).hour
    merchant: Merchant = f.MerchantFactory(
        is_test=not url,
        storefront_key=KEY,
        time_zone=f"Etc/GMT{-offset:+d}",
        created=datetime.now(UTC) - timedelta(hours=12),
    )
    if url:
        GatewaySettings.objects.create(merchant=merchant, url=url)
    else:
        f.ConnectionFactory(
            merchant=merchant, base_url=private_keys.sandbox_url(), secret=private_keys.create_key(merchant)
        )
    return merchant


def _customer(product: Product) -> None:
    customer = f.CustomerFactory(merchant=product.merchant)
    today = calendar.today(customer.merchant.time_zone)
    _order(customer, product, 0)
    ending = _order(customer, product, 5)
    Payment.objects.filter(pk=ending.payment_id).update(expires_on=today + timedelta(days=1))
    gone = f.ProductFactory(merchant=product.merchant, name="Back again", live=False)
    with calendar.fixed_clock(calendar.now() - timedelta(days=1)):
        upcoming_order.set_aside(_order(customer, gone, -1), actor=f.STAFF)


def _order(customer: Customer, product: Product, ahead: int) -> Order:
    subscription = f.SubscriptionFactory(customer=customer, product=product)
    item = f.plan_item(subscription, calendar.today(customer.merchant.time_zone) + timedelta(days=ahead))
    made: Order = item.order
    return made
