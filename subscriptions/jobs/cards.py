"""Warns customers whose card expires before the order that it pays for."""

from collections.abc import Sequence
from datetime import date
from functools import partial

from django.db.models import F, Q, QuerySet

from subscriptions.actions import upcoming_order
from subscriptions.actors import Actor, ActorKind
from subscriptions.jobs.job import Days, try_action
from subscriptions.models import Customer, Merchant, Order

ACTOR = Actor(ActorKind.JOB, "cards", "Card expiry check")


def affected_customers(customers: QuerySet[Customer], days: Days) -> QuerySet[Customer]:
    return customers.filter(pk__in=_due_orders(customers, days.last).values("customer"))


def warn_customers(keys: Sequence[int], merchant: Merchant, days: Days) -> int:
    orders = list(_due_orders(merchant.customers.filter(pk__in=keys), days.last).order_by("place_date", "pk"))
    return sum(try_action(partial(upcoming_order.warn_of_card, order, actor=ACTOR, day=days.last)) for order in orders)


def _due_orders(customers: QuerySet[Customer], day: date) -> QuerySet[Order]:
    unwarned = ~Q(warned_of_card_on=day) | Q(warned_of_card_on=None)
    warned_for_good = Q(merchant__warn_once_per_card=True, warned_of_card=F("payment"))
    ending = Q(payment__expires_on__lt=F("place_date"))
    open_orders = Order.objects.open().filter(
        unwarned, ending, customer__in=customers, place_date__gte=day, merchant__card_recycling=False
    )
    return open_orders.exclude(warned_for_good)
