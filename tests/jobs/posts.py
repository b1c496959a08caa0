"""Orders on their way to the platform, and what is known of them."""

from typing import Any

from django.test.utils import CaptureQueriesContext

from subscriptions.actions import upcoming_order
from subscriptions.models import Effect, Merchant, Order, PlacementAttempt
from subscriptions.placement.results import PlacementResult
from tests import factories as f
from tests.jobs.situations import order

PLACED = PlacementResult(Effect.PLACED, "000", "Placed.", "1224", 200)
DECLINED = PlacementResult(Effect.DECLINED, "140", "Declined.", http_status=200)


def queued(merchant: Merchant, number: int = 1) -> list[Order]:
    """Orders handed to placement."""
    made = [order(customer=f.CustomerFactory(merchant=merchant)) for _ in range(number)]
    for each in made:
        upcoming_order.queue(each, actor=f.STAFF)
        each.refresh_from_db()
    return made


def statuses() -> list[int]:
    return list(Order.objects.filter(tries__gt=0).order_by("pk").values_list("status", flat=True))


def log() -> list[tuple[int, str]]:
    return list(PlacementAttempt.objects.order_by("pk").values_list("tries", "effect"))


def statements(context: CaptureQueriesContext) -> list[str]:
    return [query["sql"] for query in context if query["sql"] not in ("BEGIN", "COMMIT")]


def claim(order: Order, **fields: Any) -> PlacementAttempt:
    return PlacementAttempt.objects.create(merchant=order.merchant, order=order, tries=order.tries, **fields)
