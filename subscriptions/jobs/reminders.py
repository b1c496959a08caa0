"""Reminders of coming orders."""

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import DateField, ExpressionWrapper, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest

from subscriptions import calendar
from subscriptions.actions.bulk_reminders import remind_customers
from subscriptions.actors import Actor, ActorKind
from subscriptions.jobs.job import Days
from subscriptions.models import Customer, Item, Merchant, Order

ACTOR = Actor(ActorKind.JOB, "reminders", "Order reminders")


def affected_customers(customers: QuerySet[Customer], days: Days) -> QuerySet[Customer]:
    wishes = Max("subscriptions__reminder_days", filter=Q(subscriptions__cancelled=None))
    longest = customers.aggregate(most=Greatest(wishes, Max("merchant__reminder_days")))["most"]
    # Each order's own lead time decides whether it is due; this upper bound lets an index find the few candidates.
    soon = orders_to_remind(customers, days).filter(place_date__lte=days.last + timedelta(days=longest or 0))
    return customers.filter(pk__in=soon.values("customer"))


def orders_to_remind(customers: QuerySet[Customer], days: Days) -> QuerySet[Order]:
    """The open orders to remind `customers` of, once for each place date.

    These are the orders whose place date minus lead time is one of `days`; orders that are nearer only if the merchant
    wants it. The lead time is the longest among the subscriptions in the order; without any, it is the merchant's
    default.
    """
    wishes = Item.objects.filter(order=OuterRef("pk")).order_by().values("order")
    lead = Coalesce(Subquery(wishes.values(most=Max("subscription__reminder_days"))), F("merchant__reminder_days"))
    # The lead time is looked up once: PostgreSQL stops at the setting that is off, and would look it up for both ends
    # of a range.
    near = Q(merchant__remind_near_orders=True) & Q(from_day__lte=days.last)
    return (
        Order.objects.open()
        .filter(~Q(reminded_for=F("place_date")) | Q(reminded_for=None))
        .filter(customer__in=customers, place_date__gt=days.last)
        .alias(from_day=ExpressionWrapper(F("place_date") - lead, output_field=DateField()))
        .filter(near | Q(from_day__in=days.each()))
    )


def remind_due_customers(keys: Sequence[int], merchant: Merchant, days: Days) -> int:
    today = calendar.today(merchant.time_zone)

    def due(held: QuerySet[Customer]) -> QuerySet[Order]:
        # A run that goes on after midnight must not remind of orders that are placed on the new day.
        return orders_to_remind(held, days).filter(place_date__gt=today).order_by("place_date", "pk")

    return len(remind_customers(merchant, keys, due, actor=ACTOR))
