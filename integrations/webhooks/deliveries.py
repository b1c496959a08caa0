"""The deliveries of webhooks: written with their bodies, and canceled."""

from collections.abc import Sequence

from django.db.models import Q, QuerySet
from django.utils import timezone

from common.db import insert_many, new_row
from integrations.models import Connection, Delivery, WebhookTarget
from integrations.webhooks.bodies import build_bodies
from integrations.webhooks.patterns import matching_kinds
from subscriptions.models import Event

SWITCHED_OFF = "The connection was switched off or removed before this was sent."


def write_deliveries(events: Sequence[Event], *, bulk: bool) -> bool:
    """A delivery with its body for each event and target that wants it; True if there is any.

    Costs no statement unless the events' merchant has a target that wants one of them.
    """
    # Test customers never reach a live connection.
    wanted = [event for event in events if event.kind in event.merchant.webhook_kinds and not event.customer.is_test]
    if not wanted:
        return False
    merchants = {event.merchant_id for event in wanted}
    targets = [(target, matching_kinds(target.pattern)) for target in _enabled_targets(merchants)]
    pairs = [
        (event, target)
        for event in wanted
        for target, kinds in targets
        if event.kind in kinds and target.connection.merchant_id == event.merchant_id
    ]
    bodies = build_bodies([(event, target.snapshots) for event, target in pairs])
    rows = zip(pairs, bodies, strict=True)
    insert_many([_new_delivery(event, target, body, bulk) for (event, target), body in rows], fetch_ids=False)
    return bool(pairs)


def _enabled_targets(merchants: set[int]) -> QuerySet[WebhookTarget]:
    rows = WebhookTarget.objects.filter(
        connection__merchant__in=merchants, connection__enabled=True, connection__removed_at=None
    )
    return rows.select_related("connection").order_by("pk")


def _new_delivery(event: Event, target: WebhookTarget, body: str, bulk: bool) -> Delivery:
    return new_row(
        Delivery,
        merchant=event.merchant,
        connection=target.connection,
        event=event,
        customer=event.customer,
        body=body,
        bulk=bulk,
    )


def cancel_deliveries(deliveries: QuerySet[Delivery]) -> None:
    """Cancel those that wait, because their connection was switched off or removed."""
    deliveries.filter(state=Delivery.State.PENDING, bulk__in=[True, False]).update(
        state=Delivery.State.CANCELED, finished=timezone.now(), error=SWITCHED_OFF
    )


def cancel_leftovers() -> None:
    """Each minute: cancel what was written while its target was switched off, or its connection removed."""
    switched_off = Q(integration=Connection.Integration.WEBHOOK, enabled=False)
    unused = Connection.objects.filter(switched_off | Q(removed_at__isnull=False))
    cancel_deliveries(Delivery.objects.filter(connection__in=unused))
