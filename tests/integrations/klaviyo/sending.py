"""Sends one delivery through the integration, without the outbox around it."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from integrations.base import Answer, Outcome
from integrations.esp.late import Clock
from integrations.esp.one_click import one_click_properties
from integrations.esp.statuses import subscriber_statuses
from integrations.klaviyo.integration import FLOW_WINDOW, Klaviyo, complete_deliveries
from integrations.models import Connection, Delivery
from subscriptions.models import Event


def send_delivery(delivery: Delivery) -> Answer:
    """The answer, with what staff should know of the delivery."""
    prepared = Klaviyo().prepare(delivery.connection, [delivery], bulk=False)
    for _, reason in prepared.skipped:
        return Answer(Outcome.SKIPPED, detail=reason)
    (parcel,) = prepared.parcels
    answer = parcel.send()
    return replace(answer, detail=" ".join(filter(None, [answer.detail, parcel.notes.get(delivery.pk)])))


def event_status(event: Event, email: str | None, *, with_tests: bool) -> str:
    return subscriber_statuses(event.merchant, {1: (email, event.customer_id)}, with_tests=with_tests)[1]


def event_attributes(event: Event, now: datetime | None = None) -> dict[str, Any]:
    """The attributes of the event's own request, sent at `now`, by default when it happened."""
    connection = Connection(merchant=event.merchant)
    delivery = Delivery(connection=connection, event=event)
    (outgoing,) = complete_deliveries(connection, [delivery], Clock(now or event.at, FLOW_WINDOW))
    return json.loads(outgoing.event_body())["data"]["attributes"]


def event_one_click(event: Event) -> dict[str, str]:
    return one_click_properties(event.merchant, [event]).get(event.pk, {})
