"""The bodies of requests to Attentive, which accepts nearly anything: what journeys cannot use is refused here."""

import json
import re
from collections.abc import Iterable
from typing import Any

from integrations.attentive.flat_copy import flatten_payload
from integrations.esp.late import Clock, format_time
from integrations.esp.recipient import Recipient
from integrations.esp.statuses import STATUS_PROPERTY
from oneclick.links.link_urls import MAX_SHORTENED_LENGTH
from subscriptions.models import Event

MOST_PROPERTIES = 200
NOT_IN_TYPES = re.compile(r"""["'(){}\[\]\\,|]""")
NOT_IN_KEYS = re.compile(r"""["{}\[\]\\.|]""")


def event_body(event: Event, recipient: Recipient, one_click: dict[str, str], clock: Clock) -> bytes:
    """The body of `POST /events/custom`. Raises ValueError for what Attentive would accept and no journey could use.

    `one_click` are the token and the finished links.
    """
    # Attentive keeps no names of people, so a message finds them here.
    names = {"first_name": recipient.first_name, "last_name": recipient.last_name}
    properties = names | flatten_payload(event.payload) | one_click
    if clock.is_restated(event):
        properties["occurred_at"] = format_time(event.at)
    _check_names(event.kind, properties)
    body = {
        "type": event.kind,
        "externalEventId": str(event.public_id),
        "occurredAt": format_time(clock.stated_time(event)),
        "user": _user(recipient),
        "properties": properties,
    }
    return _encode(body)


def status_body(recipient: Recipient, status: str) -> bytes:
    """The body of `POST /attributes/custom`. A text always: the first value of an attribute fixes its type."""
    return _encode({"properties": {STATUS_PROPERTY: status}, "user": _user(recipient)})


def list_long_links(one_click: dict[str, str]) -> list[str]:
    """For staff: the links that Attentive's shortener leaves as they are."""
    too_long = [name for name, text in one_click.items() if len(text) > MAX_SHORTENED_LENGTH]
    return [f"{name} is longer than {MAX_SHORTENED_LENGTH} characters, so texts show it in full." for name in too_long]


def _user(recipient: Recipient) -> dict[str, str]:
    # Any other key, and an empty one, is refused.
    found = {"phone": recipient.phone_number, "email": recipient.email}
    return {name: text for name, text in found.items() if text}


def _check_names(kind: str, names: Iterable[str]) -> None:
    names = list(names)
    if NOT_IN_TYPES.search(kind):
        raise ValueError(f"{kind} cannot be the name of an event at Attentive")
    if wrong := [name for name in names if NOT_IN_KEYS.search(name)]:
        raise ValueError(f"{wrong} cannot be names of properties at Attentive")
    if len(names) > MOST_PROPERTIES:
        raise ValueError(f"{len(names)} properties are more than Attentive's journeys can use")


def _encode(body: dict[str, Any]) -> bytes:
    """Raises ValueError for NaN and infinity, which JSON does not have."""
    return json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
