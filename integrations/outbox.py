"""Event → Delivery → Attempt: what must reach another system, in order, at least once.

A delivery is a row written in the action's own transaction; a worker is notified after the commit. One worker at a time
sends for a connection, one request after another, so each connection gets its events in order.
"""

import logging
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from common.db import execute, fetch_rows
from common.work import LeaseLost, Turn, call_after_commit, claim_lease, request_wake, sweep_rows, yield_turn
from integrations.base import Answer, Integration, Outcome
from integrations.connection_queue import DRAIN, count_request, record_answer, sendable_connections
from integrations.models import Attempt, Connection, Delivery
from integrations.registry import INTEGRATIONS
from integrations.sandbox import private_keys as sandbox
from subscriptions.events.catalogue import KINDS
from subscriptions.models import Event

log = logging.getLogger(__name__)

BATCH = 50
FORGOTTEN_AFTER = timedelta(seconds=5)
# A delivery that was being sent each time its worker died is taken to be the cause.
DEATHS_TO_GIVE_UP = 3

FINAL = {
    Outcome.DONE: Delivery.State.DONE,
    Outcome.SKIPPED: Delivery.State.SKIPPED,
    Outcome.DEAD: Delivery.State.DEAD,
}

ENQUEUE = """
INSERT INTO integrations_delivery (merchant_id, connection_id, event_id, state, attempts_made, error, created)
SELECT event.merchant_id, connection.id, event.id, 'pending', 0, '', %s
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::boolean[])
    AS event (id, merchant_id, kind, is_test)
JOIN integrations_connection connection ON connection.merchant_id = event.merchant_id
WHERE connection.enabled AND NOT event.kind = ANY(connection.switched_off_kinds)
  -- Test customers never reach a live connection. Only the end of the address counts: the portal may have moved.
  AND (NOT event.is_test OR right(connection.base_url, length(%s)) = %s)
ORDER BY event.id
"""
# A connection that may not send is left alone: no task would clear its flag, and later wake-ups would look needless.
ASLEEP = """
SELECT id FROM integrations_connection connection
WHERE merchant_id = %s AND NOT wake_requested
  AND enabled AND paused_reason = '' AND coalesce(not_before, '-infinity') <= %s
  AND EXISTS (SELECT FROM integrations_delivery WHERE connection_id = connection.id AND state = 'pending')
"""


def enqueue(events: list[Event]) -> None:
    """Event sink: create a delivery for each event and connection that wants it, and notify workers on commit."""
    # The other kinds are for webhooks.
    events = [event for event in events if event.kind in KINDS]
    if not events:
        return
    execute(ENQUEUE, _facts(events))
    for merchant_id in {event.merchant_id for event in events}:
        call_after_commit(notify_connections, merchant_id)


def notify_connections(merchant_id: int) -> None:
    """Wake a worker for each connection of the merchant that has something to send and no task on its way."""
    # Read first: under load, nearly every call finds that the wake-ups were requested, and needs no transaction.
    for (connection_id,) in fetch_rows(ASLEEP, [merchant_id, timezone.now()]):
        request_wake(Connection.objects.all(), connection_id, DRAIN)


def drain_connection(connection_id: int) -> None:
    """Task: send a connection's deliveries until none is left, the connection has to rest, or the turn is over."""
    connection = claim_lease(sendable_connections(), connection_id)
    if connection is not None:
        with suppress(LeaseLost):  # another worker goes on with it
            _send_all(connection, INTEGRATIONS[connection.integration], Turn())


def sweep() -> None:
    """Each minute: wake workers for what a lost task, a rest or a dead worker left behind."""
    is_forgotten = {"state": Delivery.State.PENDING, "created__lt": timezone.now() - FORGOTTEN_AFTER}
    forgotten = Delivery.objects.filter(connection=OuterRef("pk"), **is_forgotten)
    sweep_rows(sendable_connections().filter(Exists(forgotten)), DRAIN)


def replay_delivery(delivery: Delivery) -> bool:
    """Queue a dead delivery again, as the same event; False if the delivery is not dead."""
    dead = Delivery.objects.filter(pk=delivery.pk, merchant=delivery.merchant, state=Delivery.State.DEAD)
    with transaction.atomic():
        # The time to give up starts again: attempts before `created` do not count.
        again = dead.update(state=Delivery.State.PENDING, error="", finished=None, created=timezone.now())
        if again:
            call_after_commit(notify_connections, delivery.merchant_id)
    return bool(again)


def resume_connection(connection: Connection) -> None:
    """End a pause, once staff have corrected the connection."""
    Connection.objects.filter(pk=connection.pk, merchant=connection.merchant).update(
        paused_reason="", not_before=None, failures=0
    )
    call_after_commit(notify_connections, connection.merchant_id)


def _facts(events: list[Event]) -> list[Any]:
    return [
        timezone.now(),
        _array(event.pk for event in events),
        _array(event.merchant_id for event in events),
        _array(event.kind for event in events),
        _array(event.customer.is_test for event in events),
        sandbox.PATH,
        sandbox.PATH,
    ]


def _array(values: Iterable[object]) -> str:
    """PostgreSQL's text for an array of plain words and numbers; psycopg would inspect each value for its type."""
    return f"{{{','.join(map(str, values))}}}"


def _send_all(connection: Connection, integration: Integration, turn: Turn) -> None:
    _give_up_on_killer(connection)
    while True:
        connection.begin_round()
        batch = _pending_batch(connection)
        if not batch and connection.release_if_idle():
            return
        for delivery in batch:
            if not count_request(connection, integration) or not _send(connection, integration, delivery):
                return
        if turn.is_over:
            return yield_turn(connection, DRAIN, wake_requested=True)


def _pending_batch(connection: Connection) -> list[Delivery]:
    waiting = Delivery.objects.filter(connection=connection, state=Delivery.State.PENDING)
    related = ("event__customer__merchant", "event__merchant", "connection__merchant")
    return list(waiting.select_related(*related).order_by("id")[:BATCH])


def _send(connection: Connection, integration: Integration, delivery: Delivery) -> bool:
    """Send one delivery; True if the connection may go on sending. Raises `LeaseLost`."""
    attempt = _begin_attempt(delivery)
    started = time.monotonic()
    answer = integration.send(delivery)
    attempt.milliseconds = round((time.monotonic() - started) * 1000)
    with transaction.atomic():
        # If the lease is lost, nothing else is written: the worker that has it now sends this delivery as well.
        may_go_on = record_answer(connection, integration, answer)
        give_up = answer.outcome is Outcome.RETRY and _patience_is_over(delivery, integration)
        _finish_attempt(attempt, delivery, answer, give_up)
    return may_go_on


def _begin_attempt(delivery: Delivery) -> Attempt:
    """Commit the attempt before the request leaves, so that it is on record even if this worker dies."""
    with transaction.atomic():
        Delivery.objects.filter(pk=delivery.pk).update(attempts_made=F("attempts_made") + 1)
        return Attempt.objects.create(delivery=delivery)


def _finish_attempt(attempt: Attempt, delivery: Delivery, answer: Answer, give_up: bool) -> None:
    attempt.status, attempt.detail = answer.status, answer.detail
    attempt.save(update_fields=["status", "detail", "milliseconds"])
    row = Delivery.objects.filter(pk=delivery.pk)
    state = FINAL.get(answer.outcome) or (Delivery.State.DEAD if give_up else None)
    if state:
        row.update(state=state, error=answer.detail[:500], finished=timezone.now())
    elif answer.outcome is Outcome.THROTTLED:
        row.update(attempts_made=F("attempts_made") - 1, error=answer.detail[:500])
    else:
        row.update(error=answer.detail[:500])


def _patience_is_over(delivery: Delivery, integration: Integration) -> bool:
    # Counted from the first attempt: days of waiting behind a pause or another delivery do not count.
    tries = delivery.attempts.filter(at__gte=delivery.created).order_by("at")
    first = tries.values_list("at", flat=True).first()
    return first is not None and timezone.now() > first + timedelta(seconds=integration.give_up_after)


def _give_up_on_killer(connection: Connection) -> None:
    if connection.attempts < DEATHS_TO_GIVE_UP:
        return
    suspect = _pending_batch(connection)[:1]
    if suspect and suspect[0].attempts_made >= DEATHS_TO_GIVE_UP:
        log.error("delivery %s: its worker ended %s times while sending it", suspect[0].pk, connection.attempts)
        Delivery.objects.filter(pk=suspect[0].pk).update(
            state=Delivery.State.DEAD,
            error=f"The worker ended {connection.attempts} times while sending this.",
            finished=timezone.now(),
        )
