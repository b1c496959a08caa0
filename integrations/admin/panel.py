"""What the customer's page shows of other systems: what each ESP was told of them, and the latest deliveries."""

from typing import Any

from django.db.models import Max, Prefetch
from django.http import HttpRequest

from integrations.admin.deliveries import LABELS
from integrations.esp.statuses import subscriber_statuses
from integrations.models import Connection, Delivery, SentProfile
from integrations.sandbox.private_keys import leads_to_sandbox
from subscriptions.models import Customer, Event
from subscriptions.normal_forms import parse_email
from subscriptions.staff.display import event_title
from subscriptions.staff.panels import Panel
from subscriptions.staff.site import site

MOST_EVENTS = 100
SHOWN = 15
ESPS = (Connection.Integration.KLAVIYO, Connection.Integration.ATTENTIVE)


def load_deliveries(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """The latest deliveries of the customer's latest events."""
    events = customer.events.filter(merchant=customer.merchant_id).order_by("-pk").values("pk")[:MOST_EVENTS]
    rows = (
        Delivery.objects.filter(merchant=customer.merchant_id, event__in=events)
        .select_related("event", "connection")
        .annotate(last_attempt=Max("attempts__at"))
        .order_by("-pk")[:SHOWN]
    )
    buttons = site.get_model_admin(Delivery).offered_buttons
    deliveries = [
        {
            "row": row,
            "title": event_title(row.event),
            "label": LABELS[row.get_state_display()],
            "buttons": buttons(request, row),
        }
        for row in rows
    ]
    return {"deliveries": deliveries, "customer": customer}


def load_profiles(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """What each ESP was last told of the customer, and what is true now. Four queries at most."""
    told = SentProfile.objects.filter(customer=customer)
    connections = Connection.objects.filter(merchant=customer.merchant_id, integration__in=ESPS, removed_at=None)
    rows = list(connections.prefetch_related(Prefetch("profiles", told, to_attr="told")).order_by("name", "pk"))
    if not rows:
        return {}
    profiles = {row.pk: row.told[0] for row in rows if row.told}
    events = Event.objects.filter(merchant=customer.merchant_id)
    latest = events.only("id", "kind", "at").in_bulk([each.last_event for each in profiles.values()])
    current = current_status(customer) if profiles else ""
    return {"profiles": [describe_profile(row, profiles.get(row.pk), latest, current) for row in rows]}


def current_status(customer: Customer) -> str:
    """`active` or `inactive`, as an ESP should be told now."""
    identity = (parse_email(customer.email), customer.pk)
    return subscriber_statuses(customer.merchant, {0: identity}, with_tests=customer.is_test)[0]


def describe_profile(
    connection: Connection, profile: SentProfile | None, events: dict[int, Event], current: str
) -> dict[str, Any]:
    event = events.get(profile.last_event) if profile else None
    status = profile.status if profile else ""
    return {
        "connection": connection,
        "profile": profile,
        "status": status,
        "differs": bool(status) and status != current and not (profile and profile.erased_at),
        "current": current,
        "event": event,
        "event_title": event_title(event) if event else "",
        "url": profile_url(connection, profile),
    }


def profile_url(connection: Connection, profile: SentProfile | None) -> str:
    """The profile's page at Klaviyo; empty where there is none."""
    is_klaviyo = connection.integration == Connection.Integration.KLAVIYO and not leads_to_sandbox(connection)
    has_page = is_klaviyo and profile is not None and profile.remote_id and not profile.erased_at
    return f"https://www.klaviyo.com/profile/{profile.remote_id}" if has_page and profile else ""


PROFILES = Panel("profiles", "What your marketing tools know", "side", "admin/panels/profiles.html", load_profiles)
DELIVERIES = Panel("deliveries", "Deliveries", "tab", "admin/panels/deliveries.html", load_deliveries)
