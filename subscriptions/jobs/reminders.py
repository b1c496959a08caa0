"""Reminders of coming orders."""

from collections.abc import Sequence
from datetime import date, timedelta

from django.db.models import DateField, ExpressionWrapper, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest

from subscriptions.actions.bulk_reminders import remind_customers
from subscriptions.actors import Actor, ActorKind
from subscriptions.models import Customer, Item, Merchant, Order

ACTOR = Actor(ActorKind.JOB, "reminders", "Order reminders")


def affected_customers(customers: QuerySet[Customer], day: date) -> QuerySet[Customer]:
    wishes = Max("subscriptions__reminder_days", filter=Q(subscriptions__cancelled=None))
    longest = customers.aggregate(most=Greatest(wishes, Max("merchant__reminder_days")))["most"]
    # Each order's own lead time decides whether it is due; this upper bound lets an index find the few candidates.
    soon = orders_to_remind(customers, day).filter(place_date__lte=day + timedelta(days=longest or 0))
    return customers.filter(pk__in=soon.values("customer"))


def orders_to_remind(customers: QuerySet[Customer], day: date) -> QuerySet[Order]:
    """The open orders to remind `customers` of on `day`, once for each place date.

    The lead time is the longest among the subscriptions in the order; without any, it is the merchant's default.
    """
    wishes = Item.objects.filter(order=OuterRef("pk")).order_by().values("order")
    lead = Coalesce(Subquery(wishes.values(most=Max("subscription__reminder_days"))), F("merchant__reminder_days"))
    return (
        Order.objects.open()
        .filter(~Q(reminded_for=F("place_date")) | Q(reminded_for=None), customer__in=customers, place_date__gt=day)
        .alias(from_day=ExpressionWrapper(F("place_date") - lead, output_field=DateField()))
        .filter(from_day__lte=day)
    )


def remind_due_customers(keys: Sequence[int], merchant: Merchant, day: date) -> int:
    def due(held: QuerySet[Customer]) -> QuerySet[Order]:
        return orders_to_remind(held, day).order_by("place_date", "pk")

    return len(remind_customers(merchant, keys, due, actor=ACTOR))
