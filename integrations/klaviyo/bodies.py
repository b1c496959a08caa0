"""The bodies of requests to Klaviyo, which refuses keys it does not know."""

import json
from collections.abc import Sequence
from typing import Any

from integrations.esp.late import Clock, format_time
from integrations.esp.recipient import Recipient
from integrations.esp.statuses import STATUS_PROPERTY
from subscriptions.events import catalogue
from subscriptions.models import Event
from subscriptions.normal_forms import parse_email

MAX_EMAIL_LENGTH = 99
# Klaviyo accepts these with 202 and then drops them without notice.
DROPPED_DOMAINS = ("@example.com", "@test.com")
ENCODER = json.JSONEncoder(allow_nan=False, ensure_ascii=False, check_circular=False, separators=(",", ":"))


class Profile(Recipient):
    """Whom the event is about, as Klaviyo knows people."""

    __slots__ = ()
    longest_email = MAX_EMAIL_LENGTH

    def resource(self, status: str | None) -> dict[str, Any]:
        fields = {
            "email": self.email,
            "phone_number": self.phone_number,
            "first_name": self.first_name,
            "last_name": self.last_name,
        }
        # An empty field would clear what the profile has.
        attributes: dict[str, Any] = {name: value for name, value in fields.items() if value}
        if status:
            attributes["properties"] = {STATUS_PROPERTY: status}
        return {"type": "profile", "attributes": attributes}


def event_body(
    event: Event, profile: Profile, *, status: str | None, one_click: dict[str, str], clock: Clock
) -> dict[str, Any]:
    """The body of `POST /api/events`.

    `status` is `active` or `inactive` where the event's kind sets it. `one_click` are the properties beside the
    payload that carry the usable token.
    """
    attributes = _event_attributes(event, one_click, clock)
    attributes["profile"] = {"data": profile.resource(status)}
    return {"data": {"type": "event", "attributes": attributes}}


def bulk_entry(
    event: Event, profile: Profile, *, status: str | None, one_click: dict[str, str], clock: Clock
) -> dict[str, Any]:
    """The event as one entry of a bulk request."""
    data = {"type": "event", "attributes": _event_attributes(event, one_click, clock)}
    attributes = {"profile": {"data": profile.resource(status)}, "events": {"data": [data]}}
    return {"type": "event-bulk-create", "attributes": attributes}


def bulk_body(entries: Sequence[bytes]) -> bytes:
    """The body of `POST /api/event-bulk-create-jobs`, of encoded entries."""
    return (
        b'{"data":{"type":"event-bulk-create-job","attributes":{"events-bulk-create":{"data":['
        + b",".join(entries)
        + b"]}}}}"
    )


def _event_attributes(event: Event, one_click: dict[str, str], clock: Clock) -> dict[str, Any]:
    properties = {**event.payload, **one_click}
    if clock.is_restated(event):
        properties["occurred_at"] = format_time(event.at)
    attributes: dict[str, Any] = {
        "properties": properties,
        "time": format_time(clock.stated_time(event)),
        "unique_id": event.public_id.hex,
        "metric": {"data": {"type": "metric", "attributes": {"name": event.kind}}},
    }
    # On any other event Klaviyo would count the same revenue twice.
    if event.kind == catalogue.ORDER_SUCCESS:
        attributes["value"] = event.payload["total"]
        attributes["value_currency"] = event.payload["currency_code"]
    return attributes


def encode_json(body: dict[str, Any]) -> bytes:
    """Raises ValueError for NaN and infinity, which JSON does not have."""
    return ENCODER.encode(body).encode()


def event_warnings(event: Event, profile: Profile, clock: Clock) -> list[str]:
    """What staff should know about an event that Klaviyo accepts."""
    found = profile.list_omissions(event)
    if profile.email and profile.email.endswith(DROPPED_DOMAINS):
        found.append("Klaviyo drops events of example.com and test.com addresses.")
    if clock.is_late(event) and not clock.is_restated(event):
        found.append("Late: the event is more than 3.5 hours old and may not start a flow.")
    return found


def parse_profile_email(text: str | None) -> str | None:
    email = parse_email(text)
    return email if email and len(email) <= MAX_EMAIL_LENGTH else None
