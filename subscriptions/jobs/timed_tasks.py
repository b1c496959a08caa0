"""Work that does not wait for a daily run: orders sent now, timed retries, retry instructions, ends of access."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import DateTimeField, ExpressionWrapper, F, Min, QuerySet, Value
from django.db.models.functions import Coalesce

from subscriptions import calendar
from subscriptions.actions import entitlement
from subscriptions.actions import order as orders
from subscriptions.actors import Actor, ActorKind
from subscriptions.errors import Busy
from subscriptions.jobs import placement_queue
from subscriptions.jobs.job import try_action
from subscriptions.models import Customer, Entitlement, Order, OrderStatus, statuses_where

log = logging.getLogger(__name__)

ACTOR = Actor(ActorKind.JOB, "prompt", "Automation")
MOST = 500  # of each kind per run; the next minute takes the rest


def do_timed_tasks(customers: QuerySet[Customer] | None = None) -> None:
    """Do what is due now for `customers`; by default, as in the minute tick, for all without a test clock."""
    customers = Customer.objects.filter(clock=None) if customers is None else customers
    now = calendar.now()
    for order in _timed_orders(customers).filter(retry_at__lte=now)[:MOST]:
        waits = order.status == OrderStatus.AWAITING_RETRY_INSTRUCTIONS
        _try(partial(orders.give_up if waits else placement_queue.queue_order, order, actor=ACTOR))
    for order in Order.objects.filter(status=OrderStatus.SEND_NOW, customer__in=customers).order_by("pk")[:MOST]:
        _try(partial(placement_queue.queue_order, order, actor=ACTOR))
    for held in _ending_access(customers).filter(ends__lte=now)[:MOST]:
        _try(partial(entitlement.expire, held, actor=ACTOR))


def next_moment(customers: QuerySet[Customer], after: datetime) -> datetime | None:
    """When the next of these tasks after `after` is due for `customers`; orders to be sent now do not count."""
    retry = _timed_orders(customers).filter(retry_at__gt=after).order_by().aggregate(at=Min("retry_at"))["at"]
    end = _ending_access(customers).filter(ends__gt=after).order_by().aggregate(at=Min("ends"))["at"]
    return min((moment for moment in (retry, end) if moment), default=None)


def _timed_orders(customers: QuerySet[Customer]) -> QuerySet[Order]:
    timed = statuses_where(lambda row: row.timed)
    return Order.objects.filter(status__in=timed, customer__in=customers).order_by("retry_at", "pk")


def _ending_access(customers: QuerySet[Customer]) -> QuerySet[Any]:
    """Access that ends at a set moment, with that moment as `ends`."""
    grace = ExpressionWrapper(
        F("expiration") + Coalesce(F("grace_period"), 0) * Value(timedelta(seconds=1)), output_field=DateTimeField()
    )
    return Entitlement.objects.filter(live=True, customer__in=customers).annotate(ends=grace).order_by("ends", "pk")


def _try(action: Callable[[], object]) -> None:
    try:
        try_action(action)
    except Busy:
        pass  # the next minute tries again
    except Exception:
        log.exception("%s failed", action)
