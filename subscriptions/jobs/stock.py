"""Orders that wait for stock: tried daily for 30 days."""

from collections.abc import Sequence
from datetime import date
from functools import partial

from django.db.models import QuerySet

from subscriptions.actions import upcoming_order
from subscriptions.actors import Actor, ActorKind
from subscriptions.jobs.job import try_action
from subscriptions.models import Customer, Merchant, Order, OrderStatus

ACTOR = Actor(ActorKind.JOB, "stock", "Orders waiting for stock")


def affected_customers(customers: QuerySet[Customer], day: date) -> QuerySet[Customer]:
    return customers.filter(pk__in=_waiting_orders(customers, day).values("customer"))


def retry_waiting_orders(keys: Sequence[int], merchant: Merchant, day: date) -> int:
    """Hand orders to placement once their items are in stock again, and remove items that have waited too long."""
    orders = list(_waiting_orders(merchant.customers.filter(pk__in=keys), day).order_by("place_date", "pk"))
    return sum(_retry_order(order) for order in orders)


def _retry_order(order: Order) -> bool:
    if (
        try_action(partial(upcoming_order.stop_waiting, order, actor=ACTOR))
        and not Order.objects.filter(pk=order.pk).exists()
    ):
        return True
    missing = order.items.filter(product__live=False).count()
    if missing == order.items.count():
        return False
    if missing:
        try_action(partial(upcoming_order.set_aside, order, actor=ACTOR))
    return try_action(partial(upcoming_order.queue, order, actor=ACTOR))


def _waiting_orders(customers: QuerySet[Customer], day: date) -> QuerySet[Order]:
    # The day on which the order was set aside was its first try.
    return Order.objects.filter(
        customer__in=customers, status=OrderStatus.UNSENT, oos_free_shipping=True, place_date__lt=day
    )
