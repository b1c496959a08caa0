"""Events of every kind, built as actions build them, with connections that lead to the sandbox."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from integrations.models import Connection, Delivery
from integrations.sandbox import private_keys
from oneclick.tokens import issuing
from subscriptions.events import payloads
from subscriptions.events.catalogue import KINDS
from subscriptions.models import Event, Item, Merchant
from tests.factories import ConnectionFactory, ItemFactory


def create_sandbox_connection(merchant: Merchant, **fields: Any) -> Connection:
    connection: Connection = ConnectionFactory(
        merchant=merchant,
        **{"secret": private_keys.create_key(merchant), "base_url": private_keys.sandbox_url(), **fields},
    )
    return connection


def create_event(kind: str, item: Item | None = None, *, at: datetime | None = None, **recipient: object) -> Event:
    """An event of `kind` about `item`'s customer, subscription or order, with its token."""
    item = item or ItemFactory()
    row, subscription = KINDS[kind], item.subscription
    subject = {
        "subscriber": item.order.customer,
        "subscription": subscription,
        "order": item.order,
        "item": item,
    }
    added = dict.fromkeys(row.adds, "4|Overstocked")
    event = Event.objects.create(
        merchant=item.merchant,
        customer=item.order.customer,
        subscription=subscription if row.base == "subscription" else None,
        order=item.order if row.base == "order" else None,
        kind=kind,
        payload=payloads.build_payload(kind, subject[row.base], **added),
        recipient=payloads.build_recipient(item.order.customer) | recipient,
        at=at or timezone.now(),
    )
    issuing.issue_for_events([event])
    return Event.objects.select_related("merchant", "customer").get(pk=event.pk)


def create_delivery(event: Event, connection: Connection) -> Delivery:
    return Delivery.objects.create(merchant=event.merchant, connection=connection, event=event, customer=event.customer)
