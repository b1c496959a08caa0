"""What agents read on the timeline of a change: the body of a conversation item."""

import json
from collections.abc import Iterator
from datetime import UTC, date, timedelta
from typing import Any

from django.utils.html import format_html

from subscriptions import calendar
from subscriptions.actors import ActorKind
from subscriptions.events.catalogue import KINDS, SUBSCRIPTION_CANCEL
from subscriptions.models import Activity, Event

SOURCE = "Reprise"
LONGEST_TITLE = 100
LONGEST_BODY = 25_000
LONGEST_LINE = 1_000
"""Of the text in one line, before its special characters are escaped."""
OLDEST = timedelta(days=365)
# Gladly spells it so in the entries of its own actions.
TITLES = {SUBSCRIPTION_CANCEL: "Subscription cancelled"}
DOERS = {
    ActorKind.STAFF: "your team",
    ActorKind.CUSTOMER: "the customer",
    ActorKind.LINK: "the customer, with a 1-click link",
    ActorKind.API_KEY: "another program of yours",
    ActorKind.AGENT: "an agent",
    ActorKind.JOB: "an automatic job",
}


def item_body(event: Event, email: str) -> bytes:
    """The body of `POST /conversation-items`. The ID makes a repeated request harmless."""
    body = {
        "id": str(event.public_id),
        "customer": {"emailAddress": email},
        "content": {
            "type": "CUSTOMER_ACTIVITY",
            "activityType": "ISSUE",
            "title": entry_title(event.kind),
            "body": entry_html(event),
            "sourceName": SOURCE,
            "occurredAt": event.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        },
    }
    return json.dumps(body, ensure_ascii=False).encode()


def entry_title(kind: str) -> str:
    """`Order skipped`."""
    first, *others = KINDS[kind].title.split()
    words = [word if word.isupper() else word.lower() for word in others]
    return TITLES.get(kind, " ".join([first, *words]))[:LONGEST_TITLE]


def entry_html(event: Event) -> str:
    """A paragraph for each fact, as many as Gladly takes; customers' and shops' texts are escaped."""
    found, length = [], 0
    for name, text in _list_facts(event):
        words = text.strip()[:LONGEST_LINE]
        line = format_html("<p>{}: {}</p>", name, words) if name else format_html("<p>{}</p>", words)
        length += len(line)
        if words and length <= LONGEST_BODY:
            found.append(line)
    return "".join(found)


def _list_facts(event: Event) -> Iterator[tuple[str, str]]:
    """Each fact with its name, or "" for a whole sentence."""
    payload, activity = event.payload, event.activity
    if activity:
        yield "", activity.sentence
    if names := _product_names(payload):
        yield "Products" if len(names) > 1 else "Product", ", ".join(names)
    if frequency := payload.get("frequency_description"):
        yield "Frequency", frequency
    if day := payload.get("place_date"):
        yield "Order date", calendar.human_date(date.fromisoformat(day))
    if reason := payload.get("cancel_reason_message") or payload.get("rejected_message"):
        yield "Reason", reason
    if activity:
        yield "Changed by", _doer(activity)


def _product_names(payload: dict[str, Any]) -> list[str]:
    """Of an order, its items; of a customer, their subscriptions; of anything else, its own product."""
    found = [payload] if payload.get("product") else payload.get("items_subset") or payload.get("subscriptions_subset")
    return [_counted(each["product"]["name"], each.get("quantity")) for each in found or ()]


def _counted(name: str, quantity: int | None) -> str:
    return f"{quantity} × {name}" if quantity and quantity > 1 else name


def _doer(activity: Activity) -> str:
    doer = DOERS.get(ActorKind(activity.actor_kind), "")
    return f"{activity.actor_name} ({doer})" if activity.actor_kind == ActorKind.STAFF else doer
