"""What happened to a customer."""

from collections import defaultdict
from typing import Any

from django.db.models import Prefetch

from subscriptions.models import Customer, Event

MOST_ACTIVITIES = 50


def activity_lines(customer: Customer, panels: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """The activities, newest first, each with its events and the panels' labels for them (`event_notes`)."""
    notes: dict[int, list[Any]] = defaultdict(list)
    for _template, context in panels:
        for event, labels in context.get("event_notes", {}).items():
            notes[event] += labels
    events = Event.objects.only("id", "kind", "activity_id").order_by("pk")
    rows = customer.activities.filter(merchant=customer.merchant_id).prefetch_related(Prefetch("events", events))
    return [
        {"row": row, "events": [(event, notes[event.pk]) for event in row.events.all()]}
        for row in rows.order_by("-pk")[:MOST_ACTIVITIES]
    ]
