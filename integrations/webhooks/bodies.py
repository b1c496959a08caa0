"""The bodies of webhooks. They are built in the transaction of the events, and every try sends the same bytes.

An action token is stored nowhere, so a body gets it when it is sent.
"""

import json
from collections.abc import Collection, Sequence
from typing import Any

from integrations.webhooks.event_context import describe_context
from integrations.webhooks.object_types import ITEM, ORDER, SUBSCRIBER, SUBSCRIPTION
from integrations.webhooks.snapshots import write_snapshots
from integrations.webhooks.subjects import load_subjects
from subscriptions.events.catalogue import ALL_KINDS, SUBSCRIPTIONS_CREATED
from subscriptions.models import Event

OBJECT_TYPES = {"subscriber": SUBSCRIBER, "subscription": SUBSCRIPTION, "order": ORDER, "item": ITEM}
TOKEN_KEY = "one_click_token"
MASK = "••••"


def build_bodies(wanted: Sequence[tuple[Event, Collection[str]]]) -> list[str]:
    """The body of each event with these parts of `SNAPSHOTS`, as JSON text without the token.

    The events must be those that a sink got, in its transaction. The number of queries does not depend on theirs.
    """
    events = list({event.pk: event for event, _ in wanted}.values())
    rows = dict(zip((event.pk for event in events), load_subjects(events), strict=True))
    objects = {event.pk: write_object(event, rows[event.pk]) for event in events}
    snapshots = write_snapshots([(event, rows[event.pk], parts) for event, parts in wanted])
    return [
        write_body(event, objects[event.pk], describe_context(event), snapshot)
        for (event, _), snapshot in zip(wanted, snapshots, strict=True)
    ]


def write_object(event: Event, row: Any) -> dict[str, Any]:
    """The object of the event's `data`; `row` is what it is about, with the rows it refers to."""
    base = ALL_KINDS[event.kind].base
    written = OBJECT_TYPES[base].write(row, event.merchant)
    return written | _named_subscriptions(event) if base == "subscriber" else written


def write_body(event: Event, written: dict[str, Any], context: dict[str, Any], snapshot: dict[str, Any]) -> str:
    return _encode(
        {
            "id": event.public_id.hex,
            "type": ALL_KINDS[event.kind].webhook_type,
            "created": int(event.at.timestamp()),
            "data": {"object": written},
            "context": context,
            "snapshot": snapshot,
        }
    )


def add_token(body: str, token: str | None) -> str:
    """`body` with the text of its action token; without one, as it is. The same bytes each time."""
    return body if token is None else _with_token(json.loads(body), token)


def mask_token(body: str) -> str:
    """`body` for people: with a mask where it has an action token."""
    content = json.loads(body)
    return _with_token(content, MASK) if TOKEN_KEY in content["data"]["object"] else body


def _with_token(content: dict[str, Any], token: str) -> str:
    content["data"]["object"][TOKEN_KEY] = token
    return _encode(content)


def _encode(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _named_subscriptions(event: Event) -> dict[str, Any]:
    """A customer's event names the subscription that made it happen, or all of a checkout."""
    ids = [subscription.public_id.hex for subscription in event.about_subscriptions]
    if event.kind == SUBSCRIPTIONS_CREATED:
        return {"subscriptions": ids}
    return {"subscription": ids[0] if ids else None}
