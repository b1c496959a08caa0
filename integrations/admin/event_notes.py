"""The deliveries of events, for the feed of activities."""

from collections.abc import Collection, Iterator

from django.http import HttpRequest
from django.urls import reverse

from integrations.admin.deliveries import LABELS
from integrations.models import Delivery
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.event_notes import EventNote


def note_deliveries(request: HttpRequest, events: Collection[int]) -> Iterator[tuple[int, EventNote]]:
    """Each delivery of these events, with the event's key. One query."""
    rows = Delivery.objects.filter(merchant=merchant_of(request), event__in=events).select_related("connection")
    for row in rows.order_by("pk"):
        state = row.get_state_display()
        url = reverse("admin:integrations_delivery_change", args=[row.pk])
        settled = row.state != Delivery.State.PENDING
        yield row.event_id, EventNote(f"{row.connection}: {state}", LABELS[state], row.error, url, settled)
