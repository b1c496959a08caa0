"""The bodies of requests to Klaviyo, which refuses keys it does not know."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from subscriptions.events import catalogue
from subscriptions.models import Event
from subscriptions.normal_forms import parse_email, parse_phone

STATUS_PROPERTY = "Ordergroove Subscriber Status"
MAX_EMAIL_LENGTH = 99
# Klaviyo starts a flow for an event up to four hours old; the margin is for the transfer.
FLOW_WINDOW = timedelta(hours=3, minutes=30)
# These facts are still true hours later, so a late event may be dated now.
STILL_TRUE = {
    catalogue.ORDER_REMINDER,
    catalogue.ORDER_REJECT,
    catalogue.RETRYABLE_FAILURE,
    catalogue.CARD_EXPIRATION,
    catalogue.OUT_OF_STOCK,
}
# Klaviyo accepts these with 202 and then drops them without notice.
DROPPED_DOMAINS = ("@example.com", "@test.com")


@dataclass(frozen=True, slots=True)
class Profile:
    """Whom the event is about: by e-mail address, or by phone number in E.164."""

    email: str | None
    phone_number: str | None
    first_name: str
    last_name: str

    @classmethod
    def from_event(cls, event: Event) -> "Profile":
        """The recipient as stored with the event; an invalid address or number is left out."""
        recipient = event.recipient
        return cls(
            email=parse_profile_email(recipient.get("email")),
            phone_number=parse_phone(
                recipient.get("phone_number"), recipient.get("country_code") or event.merchant.country_code
            ),
            first_name=recipient.get("first_name") or "",
            last_name=recipient.get("last_name") or "",
        )

    @property
    def is_identified(self) -> bool:
        return bool(self.email or self.phone_number)

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
    event: Event, profile: Profile, *, status: str | None, one_click: dict[str, str], now: datetime
) -> dict[str, Any]:
    """The body of `POST /api/events`.

    `status` is `active` or `inactive` where the event's kind sets it. `one_click` are the properties beside the
    payload that carry the usable token.
    """
    attributes = _event_attributes(event, one_click, now)
    attributes["profile"] = {"data": profile.resource(status)}
    return {"data": {"type": "event", "attributes": attributes}}


def bulk_entry(
    event: Event, profile: Profile, *, status: str | None, one_click: dict[str, str], now: datetime
) -> dict[str, Any]:
    """The event as one entry of a bulk request."""
    data = {"type": "event", "attributes": _event_attributes(event, one_click, now)}
    attributes = {"profile": {"data": profile.resource(status)}, "events": {"data": [data]}}
    return {"type": "event-bulk-create", "attributes": attributes}


def bulk_body(entries: Sequence[bytes]) -> bytes:
    """The body of `POST /api/event-bulk-create-jobs`, of encoded entries."""
    return (
        b'{"data":{"type":"event-bulk-create-job","attributes":{"events-bulk-create":{"data":['
        + b",".join(entries)
        + b"]}}}}"
    )


def _event_attributes(event: Event, one_click: dict[str, str], now: datetime) -> dict[str, Any]:
    properties = {**event.payload, **one_click}
    restated = event.kind in STILL_TRUE and is_late_event(event, now)
    if restated:
        properties["occurred_at"] = format_time(event.at)
    attributes: dict[str, Any] = {
        "properties": properties,
        "time": format_time(now if restated else event.at),
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
    return json.dumps(body, allow_nan=False, ensure_ascii=False).encode()


def event_warnings(event: Event, profile: Profile, now: datetime) -> list[str]:
    """What staff should know about an event that Klaviyo accepts."""
    found = []
    if event.recipient.get("phone_number") and not profile.phone_number:
        found.append("The phone number is not valid and was left out.")
    if event.recipient.get("email") and not profile.email:
        found.append("The e-mail address is not valid and was left out.")
    if profile.email and profile.email.endswith(DROPPED_DOMAINS):
        found.append("Klaviyo drops events of example.com and test.com addresses.")
    if event.kind not in STILL_TRUE and is_late_event(event, now):
        found.append("Late: the event is more than 3.5 hours old and may not start a flow.")
    return found


def is_late_event(event: Event, now: datetime) -> bool:
    return now - event.at > FLOW_WINDOW


def format_time(at: datetime) -> str:
    """`2026-11-20T12:00:00.000Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_profile_email(text: str | None) -> str | None:
    email = parse_email(text)
    return email if email and len(email) <= MAX_EMAIL_LENGTH else None
