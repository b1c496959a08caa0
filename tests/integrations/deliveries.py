"""Deliveries in any state, with as little around them as they need."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from integrations.models import Connection, Delivery, DeliveryMinute
from subscriptions.events.catalogue import SUBSCRIBER_CREATE
from subscriptions.models import Customer, Event
from tests import factories as f


def make_event(connection: Connection, customer: Customer | None = None, kind: str = SUBSCRIBER_CREATE) -> Event:
    customer = customer or f.CustomerFactory(merchant=connection.merchant)
    event: Event = Event.objects.create(
        merchant=connection.merchant, customer=customer, kind=kind, payload={}, recipient={"email": customer.email}
    )
    return event


def make_delivery(
    connection: Connection,
    *,
    state: str = "pending",
    age: timedelta = timedelta(),
    customer: Customer | None = None,
    kind: str = SUBSCRIBER_CREATE,
    **fields: Any,
) -> Delivery:
    """`age` is how long ago it was created, and finished if it is."""
    event = make_event(connection, customer, kind)
    at = timezone.now() - age
    finished = None if state == "pending" else at
    return Delivery.objects.create(
        **{
            "merchant": connection.merchant,
            "connection": connection,
            "event": event,
            "customer": event.customer,
            "state": state,
            "created": at,
            "due": at,
            "finished": finished,
        }
        | fields
    )


def count_minute(connection: Connection, at: datetime, **counts: float) -> None:
    DeliveryMinute.objects.create(connection=connection, minute=at.replace(second=0, microsecond=0), **counts)
