"""Sample events: Klaviyo offers a metric to flows only once it has an event of it."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django.utils import timezone

from integrations import pace
from integrations.base import Answer, Outcome
from integrations.esp.calls import answer_of
from integrations.esp.late import format_time
from integrations.klaviyo import answers, bodies, client
from integrations.klaviyo.roads import BULK_EVENTS
from integrations.models import Connection
from subscriptions.events.catalogue import KINDS
from subscriptions.events.payloads import Payload
from subscriptions.events.samples import sample_payloads

TOKEN = "sample-token"  # it opens nothing


def send_samples(connection: Connection, email: str, kinds: Sequence[str]) -> Answer:
    """Send one event of each of `kinds` about `email`, in one request; none of them starts a flow."""
    if not pace.reserve_requests(pace.account_key(connection), BULK_EVENTS, 1).count:
        return Answer(Outcome.THROTTLED, detail="Klaviyo's limit is used up just now.")
    payloads = sample_payloads([KINDS[name] for name in kinds], connection.merchant, email)
    entries = [_sample_entry(name, payload, email) for name, payload in payloads.items()]
    content = bodies.bulk_body([bodies.encode_json(entry) for entry in entries])
    return answer_of(lambda: client.create_events(connection, content), answers.read_reply)


def _sample_entry(name: str, payload: Payload, email: str) -> dict[str, Any]:
    event = {
        "properties": payload | ({"action_token": TOKEN} if KINDS[name].token_scope else {}),
        "time": format_time(timezone.now()),
        "unique_id": uuid4().hex,
        "metric": {"data": {"type": "metric", "attributes": {"name": name}}},
    }
    profile = {"type": "profile", "attributes": {"email": email}}
    attributes = {
        "backfill": True,
        "profile": {"data": profile},
        "events": {"data": [{"type": "event", "attributes": event}]},
    }
    return {"type": "event-bulk-create", "attributes": attributes}
