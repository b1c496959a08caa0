"""Finds live subscriptions without a next order.

There should be none, and no index can hold what is missing: finding them takes seconds where a million are live. So
they are looked for each hour, and the list of staff shows those found that are still so.
"""

from itertools import islice

from django.db.models import Exists, OuterRef, Q, QuerySet

from subscriptions.models import Item, Subscription, UnplannedSubscription

CHUNK = 2000


def find_unplanned() -> None:
    """Hourly task."""
    is_planned = Exists(_upcoming_items("subscription"))
    UnplannedSubscription.objects.filter(Q(is_planned) | Q(subscription__cancelled__isnull=False)).delete()
    found = Subscription.objects.live().filter(~Exists(_upcoming_items("pk"))).order_by()
    rows = found.values_list("pk", "merchant").iterator(chunk_size=CHUNK)
    while chunk := list(islice(rows, CHUNK)):
        made = [UnplannedSubscription(subscription_id=pk, merchant_id=merchant) for pk, merchant in chunk]
        UnplannedSubscription.objects.bulk_create(made, ignore_conflicts=True)


def _upcoming_items(subscription: str) -> QuerySet[Item]:
    return Item.objects.filter(merchant=OuterRef("merchant"), subscription=OuterRef(subscription), upcoming=True)
