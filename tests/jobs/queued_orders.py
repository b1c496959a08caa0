"""Orders in placement, and what is recorded of their attempts."""

from typing import Any

from django.test.utils import CaptureQueriesContext

from subscriptions.actions import upcoming_order
from subscriptions.models import Effect, Merchant, Order, PlacementAttempt
from subscriptions.placement.results import PlacementResult
from tests import factories as f
from tests.jobs.situations import create_order

PLACED = PlacementResult(Effect.PLACED, "000", "Placed.", "1224", 200)
DECLINED = PlacementResult(Effect.DECLINED, "140", "Declined.", http_status=200)


def create_queued_orders(merchant: Merchant, number: int = 1) -> list[Order]:
    """Orders queued for placement, one customer each."""
    made = [create_order(customer=f.CustomerFactory(merchant=merchant)) for _ in range(number)]
    for each in made:
        upcoming_order.queue(each, actor=f.STAFF)
        each.refresh_from_db()
    return made


def order_statuses() -> list[int]:
    return list(Order.objects.filter(tries__gt=0).order_by("pk").values_list("status", flat=True))


def attempt_log() -> list[tuple[int, str]]:
    return list(PlacementAttempt.objects.order_by("pk").values_list("tries", "effect"))


def sql_statements(context: CaptureQueriesContext) -> list[str]:
    return [query["sql"] for query in context if query["sql"] not in ("BEGIN", "COMMIT")]


def create_attempt(order: Order, **fields: Any) -> PlacementAttempt:
    return PlacementAttempt.objects.create(merchant=order.merchant, order=order, tries=order.tries, **fields)
