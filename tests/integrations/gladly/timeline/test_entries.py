"""What agents read of a change, within Gladly's limits."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.gladly.timeline import entries
from integrations.sandbox.validation import validate_body
from subscriptions.actors import Actor, ActorKind
from subscriptions.events import catalogue
from subscriptions.models import Activity, Event
from tests.factories import ItemFactory
from tests.integrations.events import create_event

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)


def made_by(event: Event, actor: Actor, sentence: str) -> Event:
    event.activity = Activity(
        sentence=sentence, actor_kind=actor.kind, actor_id=actor.id, actor_name=actor.name, merchant=event.merchant
    )
    return event


def content_of(event: Event) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(entries.item_body(event, "ana@shop.test"))["content"]
    return found


@pytest.mark.parametrize("kind", catalogue.KINDS)
def test_every_kind_makes_an_entry_that_gladly_takes(kind: str) -> None:
    body = json.loads(entries.item_body(create_event(kind), "ana@shop.test"))
    validate_body(body, "gladly item")
    assert body["content"]["title"] and body["content"]["body"]


def test_a_cancellation_says_what_why_and_who() -> None:
    item = ItemFactory()
    event = create_event(catalogue.SUBSCRIPTION_CANCEL, item, at=AT)
    made_by(event, Actor(ActorKind.STAFF, "7", "Mia Berg"), "Cancelled the subscription to House blend.")
    event.payload["cancel_reason_message"] = "Too <b>much</b> & more"
    frequency = item.subscription.frequency_description
    assert content_of(event) == {
        "type": "CUSTOMER_ACTIVITY",
        "activityType": "ISSUE",
        "title": "Subscription cancelled",
        "body": "<p>Cancelled the subscription to House blend.</p><p>Product: 2 × House blend</p>"
        f"<p>Frequency: {frequency}</p><p>Reason: Too &lt;b&gt;much&lt;/b&gt; &amp; more</p>"
        "<p>Changed by: Mia Berg (your team)</p>",
        "sourceName": "Reprise",
        "occurredAt": "2026-11-20T12:30:00.000Z",
    }


def test_a_moved_order_says_its_products_and_its_new_date() -> None:
    event = create_event(catalogue.ORDER_CHANGE_DATE)
    made_by(event, Actor(ActorKind.LINK, "1", "1-Click"), "Moved the order.")
    item = {"product": {"name": "<Blend>"}, "quantity": 1}
    event.payload |= {"place_date": "2026-12-24", "items_subset": [item, item]}
    shown = content_of(event)
    assert shown["title"] == "Order date changed"
    assert "<p>Products: &lt;Blend&gt;, &lt;Blend&gt;</p><p>Order date: December 24, 2026</p>" in shown["body"]
    assert shown["body"].endswith("<p>Changed by: the customer, with a 1-click link</p>")


def test_long_texts_stay_within_the_limits_and_leave_no_tag_open() -> None:
    event = create_event(catalogue.SUBSCRIPTION_CANCEL)
    made_by(event, Actor(ActorKind.CUSTOMER, "1", "x"), "<" * 9_000)
    event.payload["product"]["name"] = event.payload["cancel_reason_message"] = "'" * 9_000
    event.payload["frequency_description"] = "&" * 9_000
    body = content_of(event)["body"]
    assert 10_000 < len(body) <= 25_000
    assert body.count("<p>") == body.count("</p>") == 5
    event.payload["product"]["name"] = "x"
    assert content_of(event)["body"].startswith(f"<p>{'&lt;' * 1_000}</p>")


def test_an_event_whose_activity_was_purged_still_makes_an_entry() -> None:
    body = content_of(create_event(catalogue.ORDER_SKIP))["body"]
    assert body.startswith("<p>Product") and "Changed by" not in body
