"""Hands to placement the orders that are due or to be tried again."""

from collections.abc import Sequence
from datetime import date
from functools import partial

from django.db.models import Exists, OuterRef, Q, QuerySet

from subscriptions import calendar
from subscriptions.actions import upcoming_order
from subscriptions.actors import Actor, ActorKind
from subscriptions.jobs.job import Days, try_action
from subscriptions.models import Customer, Item, Merchant, Order, OrderStatus, statuses_where
from subscriptions.models.order import OPEN

ACTOR = Actor(ActorKind.JOB, "placement", "Placement")


def affected_customers(customers: QuerySet[Customer], days: Days) -> QuerySet[Customer]:
    return customers.filter(pk__in=_due_orders(customers, days.last).values("customer"))


def queue_due_orders(keys: Sequence[int], merchant: Merchant, days: Days) -> int:
    """Hand the due orders of these customers to placement, without their items that are out of stock."""
    orders = list(_due_orders(merchant.customers.filter(pk__in=keys), days.last).order_by("place_date", "pk"))
    return sum(queue_order(order, ACTOR) for order in orders)


def queue_order(order: Order, actor: Actor) -> bool:
    """Hand the items of `order` that are in stock to placement; the others wait. Returns whether any was handed over.

    Every road to placement leads through here: the runs, orders sent now, and timed retries.
    """
    if order.items.filter(product__live=False).exists():
        try_action(partial(upcoming_order.set_aside, order, actor=actor))
    return try_action(partial(upcoming_order.queue, order, actor=actor))


def _due_orders(customers: QuerySet[Customer], day: date) -> QuerySet[Order]:
    to_come = Q(OPEN, place_date__lte=day)
    retried = Q(status=OrderStatus.CREDIT_CARD_RETRY, retry_at__lte=calendar.now())
    each_run = Q(status__in=statuses_where(lambda row: row.each_run))
    orders = Order.objects.filter(to_come | each_run | retried, customer__in=customers)
    return orders.exclude(Exists(_unpaid_cycle()))


def _unpaid_cycle() -> QuerySet[Item]:
    """Items of an order that would charge for a prepaid cycle while an earlier order is still trying to charge."""
    trying = Order.objects.filter(
        status__in=statuses_where(lambda row: row.trying),
        items__subscription=OuterRef("subscription"),
        items__pk__lt=OuterRef("pk"),  # not the date: an order sent now and the next one may have the same
    )
    prepaid = Item.objects.filter(order=OuterRef("pk"), subscription__prepaid_orders_remaining=0)
    return prepaid.filter(Exists(trying))
