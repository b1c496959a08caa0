"""Removes the history that is older than a merchant wants to keep.

Figures stay as they are, and exact when they are counted anew: of the events that they are counted from,
what they read stays. So do notes, and events as long as they have a delivery.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL

from integrations.models import Delivery
from subscriptions.actions.customer_erasure import FACTS, KEPT_FACTS
from subscriptions.figures.business import COUNTED_KINDS
from subscriptions.models import Activity, Event, Merchant
from subscriptions.models.record import NOTE

BEGIN = datetime.min.replace(tzinfo=UTC)
CHUNK = 1000  # activities of one transaction, each with an event or two


def remove_history(now: datetime) -> Iterator[int]:
    """Remove a chunk, yield the number of its rows, and so on; the merchant of the oldest history comes first."""
    for merchant in Merchant.objects.exclude(history_days=None).order_by(F("history_until").asc(nulls_first=True)):
        assert merchant.history_days is not None
        limit = now - timedelta(days=merchant.history_days)
        while (merchant.history_until or BEGIN) < limit:
            yield remove_chunk(merchant, limit)


def remove_chunk(merchant: Merchant, limit: datetime) -> int:
    """Remove what follows `history_until`, at most until `limit`, and move it on; it may be repeated."""
    after = Q(merchant=merchant, at__gt=merchant.history_until or BEGIN)
    activities = Activity.objects.filter(after, at__lte=limit)
    last = list(activities.order_by("at").values_list("at", flat=True)[CHUNK - 1 : CHUNK])
    merchant.history_until = last[0] if last else limit
    span = after & Q(at__lte=merchant.history_until)
    with transaction.atomic():
        removed = _remove(Activity.objects.filter(span).exclude(verb=NOTE)) + _remove_events(Event.objects.filter(span))
        Merchant.objects.filter(pk=merchant.pk).update(history_until=merchant.history_until)
    return removed


def remove_deliveries(deliveries: QuerySet[Delivery]) -> None:
    """With the events that only these deliveries have kept, as the merchant's history ends after them."""
    with transaction.atomic():
        kept = Event.objects.filter(deliveries__in=deliveries, at__lte=F("merchant__history_until"))
        keys = list(kept.values_list("pk", flat=True))
        deliveries.delete()
        _remove_events(Event.objects.filter(pk__in=keys))


def _remove_events(events: QuerySet[Event]) -> int:
    """Of those without a delivery. The number of rows that are gone or emptied."""
    events = events.exclude(Exists(Delivery.objects.filter(event=OuterRef("pk"))))
    removed = _remove(events.exclude(kind__in=COUNTED_KINDS))
    return removed + events.exclude(recipient={}).update(payload=RawSQL(FACTS, [KEPT_FACTS]), recipient={})


def _remove(rows: QuerySet[Any]) -> int:
    """Without the rows that lose a pointer to them."""
    return rows.only("pk").delete()[1].get(rows.model._meta.label, 0)
