"""What Klaviyo is told, from facts of ours. Klaviyo refuses keys it does not know, so each body is typed."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from subscriptions.events import catalogue
from subscriptions.models import Event

STATUS_PROPERTY = "Ordergroove Subscriber Status"
MAX_EMAIL_LENGTH = 99
# An event starts a flow within four hours of its time; the margin is for its way there.
FLOW_WINDOW = timedelta(hours=3, minutes=30)
# Still true hours later, so that a late one may count as of now.
STILL_TRUE = {
    catalogue.ORDER_REMINDER,
    catalogue.ORDER_REJECT,
    catalogue.RETRYABLE_FAILURE,
    catalogue.CARD_EXPIRATION,
    catalogue.OUT_OF_STOCK,
}
# Accepted with 202 and then dropped in silence.
DROPPED_DOMAINS = ("@example.com", "@test.com")


@dataclass(frozen=True, slots=True)
class Profile:
    """Has an e-mail address, or else a phone number in E.164."""

    email: str | None
    phone_number: str | None
    first_name: str
    last_name: str

    @classmethod
    def of(cls, event: Event) -> "Profile":
        """The event's frozen recipient; what is no valid address or number is left out."""
        frozen = event.recipient
        return cls(
            email=parse_email(frozen.get("email")),
            phone_number=parse_phone(
                frozen.get("phone_number"), frozen.get("country_code") or event.merchant.country_code
            ),
            first_name=frozen.get("first_name") or "",
            last_name=frozen.get("last_name") or "",
        )

    @property
    def identified(self) -> bool:
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
    event: Event, profile: Profile, *, status: str | None, given: dict[str, str], now: datetime
) -> dict[str, Any]:
    """The body of `POST /api/events`; `status`: `active` or `inactive`, where the kind sets it.

    `given` are properties beside the payload that hold the usable token.
    """
    properties = {**event.payload, **given}
    restated = event.kind in STILL_TRUE and is_late_event(event, now)
    if restated:
        properties["occurred_at"] = format_time(event.at)
    attributes: dict[str, Any] = {
        "properties": properties,
        "time": format_time(now if restated else event.at),
        "unique_id": event.public_id.hex,
        "metric": {"data": {"type": "metric", "attributes": {"name": event.kind}}},
        "profile": {"data": profile.resource(status)},
    }
    # On any other event the same revenue would be counted twice.
    if event.kind == catalogue.ORDER_SUCCESS:
        attributes["value"] = event.payload["total"]
        attributes["value_currency"] = event.payload["currency_code"]
    return {"data": {"type": "event", "attributes": attributes}}


def encode_body(body: dict[str, Any]) -> bytes:
    """Raises ValueError for NaN and infinity, which are no JSON."""
    return json.dumps(body, allow_nan=False, ensure_ascii=False).encode()


def event_warnings(event: Event, profile: Profile, now: datetime) -> list[str]:
    """What staff should know of an event Klaviyo accepts."""
    found = []
    if event.recipient.get("phone_number") and not profile.phone_number:
        found.append("The phone number is not valid and was left out.")
    if event.recipient.get("email") and not profile.email:
        found.append("The e-mail address is not valid and was left out.")
    if profile.email and profile.email.endswith(DROPPED_DOMAINS):
        found.append("Klaviyo drops events of example.com and test.com addresses.")
    if event.kind not in STILL_TRUE and is_late_event(event, now):
        found.append("Late: more than 3.5 hours old, it may start no flow.")
    return found


def is_late_event(event: Event, now: datetime) -> bool:
    return now - event.at > FLOW_WINDOW


def format_time(at: datetime) -> str:
    """`2026-11-20T12:00:00.000Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_email(text: str | None) -> str | None:
    email = (text or "").strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        return None
    return email if len(email) <= MAX_EMAIL_LENGTH else None


def parse_phone(text: str | None, region: str) -> str | None:
    """`+15013299800`; `region` (ISO 3166): of numbers without a country prefix. None: no valid number."""
    try:
        number = phonenumbers.parse(text or "", region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
