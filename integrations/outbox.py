"""Event → Delivery → Attempt: what must reach another system, at least once, each customer's events in their order.

A delivery is a row written in the action's own transaction; a worker is notified after the commit. One worker at a time
sends for a connection (`integrations.sending`).
"""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, PositiveIntegerField, Q, QuerySet, When
from django.utils import timezone

from common.db import execute, fetch_rows, plain_array, text_array
from common.work import LeaseLost, Turn, call_after_commit, claim_lease, request_wake, sweep_rows
from integrations import pace
from integrations.models import Connection, Delivery
from integrations.registry import INTEGRATIONS
from integrations.sandbox import private_keys as sandbox
from integrations.sending.courier import Courier
from integrations.sending.queue import DRAIN, sendable_connections
from integrations.webhooks.deliveries import cancel_leftovers, write_deliveries
from subscriptions.events.catalogue import KINDS
from subscriptions.models import Event

FORGOTTEN_AFTER = timedelta(seconds=5)
# What is written for so many customers at once can wait for a bulk request behind what somebody is waiting for.
CUSTOMERS_OF_BULK = 5

ENQUEUE = """
INSERT INTO integrations_delivery (merchant_id, connection_id, event_id, customer_id, state, bulk, due,
    attempts_made, interrupted, error, created)
SELECT event.merchant_id, connection.id, event.id, event.customer_id, 'pending', %s, %s, 0, 0, '', %s
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::boolean[])
    AS event (id, merchant_id, customer_id, kind, is_test)
JOIN integrations_connection connection ON connection.merchant_id = event.merchant_id
WHERE connection.enabled AND connection.integration <> 'webhook' AND NOT event.kind = ANY(connection.switched_off_kinds)
  -- Test customers never reach a live connection. Only the end of the address counts: the portal may have moved.
  AND (NOT event.is_test OR connection.base_url LIKE ANY(%s::text[]))
  -- A Gladly without an organization has buttons for agents, but no timeline.
  AND (connection.integration <> 'gladly' OR connection.base_url <> '')
ORDER BY event.id
"""
# A connection that may not send is left alone: no task would clear its flag, and later wake-ups would look needless.
ASLEEP = """
SELECT id FROM integrations_connection connection
WHERE merchant_id = %s AND NOT wake_requested
  AND enabled AND paused_reason = '' AND removed_at IS NULL AND coalesce(not_before, '-infinity') <= %s
  AND EXISTS (SELECT FROM subscriptions_merchant WHERE id = merchant_id AND paused_at IS NULL)
  AND EXISTS (
    SELECT FROM integrations_delivery
    WHERE connection_id = connection.id AND state = 'pending' AND bulk IN (true, false) AND due <= %s)
"""
SANDBOXES = text_array(f"%{path}" for path in sandbox.PATHS.values())


def enqueue(events: list[Event]) -> None:
    """Event sink: create a delivery for each event and connection that wants it, and notify workers on commit."""
    bulk = len({event.customer_id for event in events}) >= CUSTOMERS_OF_BULK
    # The other kinds are for webhooks.
    for_esps = [event for event in events if event.kind in KINDS]
    if for_esps:
        execute(ENQUEUE, _facts(for_esps, bulk))
    if write_deliveries(events, bulk=bulk) or for_esps:
        for merchant_id in {event.merchant_id for event in events}:
            call_after_commit(notify_connections, merchant_id)


def notify_connections(merchant_id: int) -> None:
    """Wake a worker for each connection of the merchant that has something to send and no task on its way."""
    # Read first: under load, nearly every call finds that the wake-ups were requested, and needs no transaction.
    for (connection_id,) in fetch_rows(ASLEEP, [merchant_id, timezone.now(), timezone.now()]):
        request_wake(Connection.objects.all(), connection_id, DRAIN)


def drain_connection(connection_id: int) -> None:
    """Task: send a connection's deliveries until none is left, the connection has to rest, or the turn is over."""
    connection = claim_lease(sendable_connections().select_related("merchant"), connection_id)
    if connection is not None:
        with suppress(LeaseLost):  # another worker goes on with it
            Courier(connection, INTEGRATIONS[connection.integration], Turn()).run()


def sweep() -> None:
    """Each minute: wake workers for what a lost task, a rest or a dead worker left behind."""
    cancel_leftovers()
    is_forgotten = {"state": Delivery.State.PENDING, "due__lt": timezone.now() - FORGOTTEN_AFTER}
    forgotten = Delivery.objects.filter(connection=OuterRef("pk"), bulk__in=[True, False], **is_forgotten)
    sweep_rows(sendable_connections().filter(Exists(forgotten)), DRAIN)


def replay_delivery(delivery: Delivery) -> bool:
    """Queue a failed delivery again, as the same event; False if it has not failed, or nothing is sent there."""
    with transaction.atomic():
        again = replay_deliveries(Delivery.objects.filter(pk=delivery.pk, merchant=delivery.merchant))
        if again:
            call_after_commit(notify_connections, delivery.merchant_id)
    return bool(again)


def replay_deliveries(deliveries: QuerySet[Delivery], *, bulk: bool = False) -> int:
    """Queue those of `deliveries` again that failed, as the same events, and return their number.

    With `bulk`, what somebody is waiting for overtakes them. What waits for a connection that is switched off stays
    failed. The caller notifies the workers.
    """
    now = timezone.now()
    in_use = Connection.objects.filter(enabled=True, removed_at=None)
    failed = deliveries.filter(state__in=Delivery.FAILED, connection__in=in_use)
    # The time to give up starts again. What was refused may leave in a bulk request, as it has certainly not arrived.
    was_refused = Q(state=Delivery.State.DEAD)
    return failed.update(
        state=Delivery.State.PENDING,
        bulk=bulk,
        attempts_made=Case(When(was_refused, then=0), default=F("attempts_made"), output_field=PositiveIntegerField()),
        error="",
        finished=None,
        created=now,
        due=now,
        first_attempt_at=None,
    )


def resume_connection(connection: Connection) -> None:
    """End a pause or a rest, once staff have corrected the connection: all that waits may leave now."""
    now = timezone.now()
    waiting = Delivery.objects.filter(
        connection=connection, state=Delivery.State.PENDING, bulk__in=[True, False], due__lt=Delivery.BEHIND
    )
    with transaction.atomic():
        Connection.objects.filter(pk=connection.pk, merchant=connection.merchant).update(
            paused_reason="", not_before=None, failures=0
        )
        waiting.filter(due__gt=now).update(due=now)
        pace.open_roads(pace.account_key(connection))
        call_after_commit(notify_connections, connection.merchant_id)


def _facts(events: list[Event], bulk: bool) -> list[Any]:
    now = timezone.now()
    return [
        bulk,
        now,
        now,
        plain_array(event.pk for event in events),
        plain_array(event.merchant_id for event in events),
        plain_array(event.customer_id for event in events),
        plain_array(event.kind for event in events),
        plain_array(event.customer.is_test for event in events),
        SANDBOXES,
    ]
