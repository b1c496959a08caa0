"""What the customer's page shows of deliveries: the state of each, beside the event it carries."""

from collections import defaultdict
from typing import Any

from django.db.models import Max
from django.http import HttpRequest

from integrations.admin.deliveries import LABELS
from integrations.models import Delivery, SentProfile
from subscriptions.models import Customer
from subscriptions.staff.site import site

MOST_EVENTS = 100
SHOWN = 15


def customer_panel(request: HttpRequest, customer: Customer) -> tuple[str, dict[str, Any]]:
    events = customer.events.filter(merchant=customer.merchant_id).order_by("-pk").values("pk")[:MOST_EVENTS]
    rows = (
        Delivery.objects.filter(merchant=customer.merchant_id, event__in=events)
        .select_related("event", "connection")
        .annotate(last_attempt=Max("attempts__at"))
        .order_by("-pk")
    )
    buttons = site.get_model_admin(Delivery).offered_buttons
    deliveries = [
        {"row": row, "label": LABELS[row.get_state_display()], "buttons": buttons(request, row)} for row in rows
    ]
    notes: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for delivery in deliveries:
        notes[delivery["row"].event_id].append(delivery)
    erased = SentProfile.objects.filter(connection__merchant=customer.merchant_id, customer=customer)
    return "admin/panels/deliveries.html", {
        "deliveries": deliveries[:SHOWN],
        "event_notes": notes,
        "erased": erased.exclude(erased_at=None).select_related("connection").order_by("connection__name"),
    }
