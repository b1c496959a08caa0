"""How fast the hourly task removes what reminders have left, beside how fast a worker makes them."""

import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import chain

from django.utils import timezone

from benchmarks.figure import Figure
from benchmarks.reminders import run_worker
from benchmarks.reminders_seed import create_subscribers
from benchmarks.seed import settle_database
from config.history import remove_history
from config.retention import remove_expired
from integrations.models import Delivery
from oneclick.models import ActionToken
from subscriptions.models import Activity, Event, Merchant, Order, OrderStatus

NUMBER = 100_000


def measure_figures() -> Iterator[Figure]:
    merchant = create_subscribers(NUMBER)
    made = run_worker(merchant, NUMBER)["seconds"]
    Delivery.objects.update(state=Delivery.State.DONE)
    Order.objects.update(status=OrderStatus.SUCCESS)
    Merchant.objects.filter(pk=merchant.pk).update(history_days=365)
    settle_database()
    note = "activities, events, tokens and deliveries; reference: a worker's rate of writing them"
    yield Figure("history_removed", NUMBER / _removal_seconds(), NUMBER / made, "reminders/s", note)


def _removal_seconds() -> float:
    later = timezone.now() + timedelta(days=2 * 365)
    begun = time.perf_counter()
    removed = sum(chain(remove_expired(later), remove_history(later)))
    taken = time.perf_counter() - begun
    left = {model.__name__: model._base_manager.count() for model in (Activity, Event, ActionToken, Delivery)}
    if any(left.values()):
        sys.exit(f"{removed} rows were removed, and these are left: {left}")
    return taken
