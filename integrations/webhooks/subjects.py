"""The rows that events are about, as they are at the end of the action."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet, prefetch_related_objects

from subscriptions.api.views.customers import Customers
from subscriptions.models import Customer, Event, Item, Order, Subscription

# Each kind of row, and the rows it refers to that its object is written from.
ROWS: dict[type[Any], tuple[QuerySet[Any], tuple[str, ...]]] = {
    Customer: (Customers.queryset, ("merchant",)),
    Subscription: (Subscription.objects.all(), ("customer", "product", "payment", "shipping_address", "offer")),
    Order: (Order.objects.all(), ("customer", "payment", "shipping_address")),
    Item: (Item.objects.all(), ("order__customer", "offer", "subscription", "product")),
}


def load_subjects(events: Sequence[Event]) -> list[Any]:
    """The row of each event, in a few queries. A row that the action has deleted is as it was before.

    Read again, because actions do not load all columns, nor everything that a row refers to.
    """
    merchants = {event.merchant_id for event in events}
    stored: dict[tuple[type[Any], int | None], Any] = {}
    for model, (queryset, related) in ROWS.items():
        known = [event.subject for event in events if isinstance(event.subject, model)]
        keys = {row.pk for row in known if row.pk is not None}
        rows = queryset.filter(merchant__in=merchants).select_related(*related).in_bulk(keys) if keys else {}
        prefetch_related_objects([row for row in known if row.pk not in rows], *related)
        stored |= {(model, key): row for key, row in rows.items()}
    return [stored.get((type(event.subject), event.subject.pk), event.subject) for event in events]
