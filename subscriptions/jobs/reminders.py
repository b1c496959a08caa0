"""Reminders of coming orders."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from enum import StrEnum

from django.db.models import DateField, ExpressionWrapper, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest

from subscriptions import calendar
from subscriptions.actions.bulk_reminders import remind_customers
from subscriptions.actors import Actor, ActorKind
from subscriptions.jobs.job import Days
from subscriptions.models import Customer, Item, Merchant, Order
from subscriptions.models.order import OPEN

ACTOR = Actor(ActorKind.JOB, "reminders", "Order reminders")


def affected_customers(customers: QuerySet[Customer], days: Days) -> QuerySet[Customer]:
    wishes = Max("subscriptions__reminder_days", filter=Q(subscriptions__cancelled=None))
    longest = customers.aggregate(most=Greatest(wishes, Max("merchant__reminder_days")))["most"]
    # Each order's own lead time decides whether it is due; this upper bound lets an index find the few candidates.
    soon = orders_to_remind(customers, days).filter(place_date__lte=days.last + timedelta(days=longest or 0))
    return customers.filter(pk__in=soon.values("customer"))


def orders_to_remind(customers: QuerySet[Customer], days: Days) -> QuerySet[Order]:
    """The orders to remind `customers` of on `days`, once for each place date."""
    orders = with_reminder_day(Order.objects.filter(customer__in=customers))
    return orders.filter(*(condition(days) for condition in CONDITIONS.values()))


def with_reminder_day(orders: QuerySet[Order]) -> QuerySet[Order]:
    """With `reminder_day`, the place date minus the lead time.

    The lead time is the longest among the subscriptions in the order; without any, it is the merchant's default.
    """
    wishes = Item.objects.filter(order=OuterRef("pk")).order_by().values("order")
    lead = Coalesce(Subquery(wishes.values(most=Max("subscription__reminder_days"))), F("merchant__reminder_days"))
    return orders.alias(reminder_day=ExpressionWrapper(F("place_date") - lead, output_field=DateField()))


def reminder_begins(days: Days) -> Q:
    """Orders that are nearer than their lead time are reminded of only if the merchant wants it."""
    # The lead time is looked up once: PostgreSQL stops at the setting that is off, and would look it up for both ends
    # of a range.
    near = Q(merchant__remind_near_orders=True) & Q(reminder_day__lte=days.last)
    return near | Q(reminder_day__in=days.each())


class Condition(StrEnum):
    """What must be true of an order for a reminder on given days; `reminder_reasons` says which one was not."""

    OPEN = "open"
    UNREMINDED = "unreminded"
    AHEAD = "ahead"
    BEGUN = "begun"


CONDITIONS: dict[Condition, Callable[[Days], Q]] = {
    Condition.OPEN: lambda days: OPEN,
    Condition.UNREMINDED: lambda days: ~Q(reminded_for=F("place_date")) | Q(reminded_for=None),
    Condition.AHEAD: lambda days: Q(place_date__gt=days.last),
    Condition.BEGUN: reminder_begins,
}


def remind_due_customers(keys: Sequence[int], merchant: Merchant, days: Days) -> int:
    today = calendar.today(merchant.time_zone)

    def due(held: QuerySet[Customer]) -> QuerySet[Order]:
        # A run that goes on after midnight must not remind of orders that are placed on the new day.
        return orders_to_remind(held, days).filter(place_date__gt=today).order_by("place_date", "pk")

    with _no_garbage_collection():
        return len(remind_customers(merchant, keys, due, actor=ACTOR))


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """All objects of a chunk live until its end, and none needs the collector then: it would only find them alive."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
