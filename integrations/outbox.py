"""Event → Delivery → Attempt: what must reach another system, in order, at least once.

A delivery is a row written in the action's own transaction. Waking its lane is only a doorbell: a lost one is made
good by the sweep. One request at a time leaves by a lane, so the order of events is kept.
"""

import logging
import time
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone
from django_q.tasks import async_task

from common.db import fetch_rows, write
from integrations import lane as lanes
from integrations.base import Answer, Integration, Outcome
from integrations.models import Attempt, Connection, Delivery
from integrations.registry import INTEGRATIONS
from integrations.sandbox import private_keys as sandbox
from subscriptions.events.catalogue import KINDS
from subscriptions.models import Event

log = logging.getLogger(__name__)

BATCH = 50
# After this a lane with more to send goes to the end of the queue, so that others get their turn.
TURN_SECONDS = 15
FORGOTTEN_AFTER = timedelta(seconds=5)
# A delivery that was being sent each time its worker died is taken for the cause.
CRASHES_TO_GIVE_UP = 3

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
# A lane that may not send is left alone: its flag would stay up and silence the rings after it.
ASLEEP = """
SELECT id FROM integrations_connection lane
WHERE merchant_id = %s AND NOT woken AND enabled AND paused_reason = '' AND coalesce(not_before, '-infinity') <= %s
  AND EXISTS (SELECT FROM integrations_delivery WHERE connection_id = lane.id AND state = 'pending')
"""


def enqueue(events: list[Event]) -> None:
    """Event sink: one delivery for each event and connection that wants it, and a ring once they are committed."""
    # The other kinds are for webhooks.
    events = [event for event in events if event.kind in KINDS]
    if not events:
        return
    write(Delivery, ENQUEUE, _facts(events), inserts=True)
    for merchant_id in {event.merchant_id for event in events}:
        _ring_once_committed(merchant_id)


def _ring_once_committed(merchant_id: int) -> None:
    # After the commit, or the drain could look before the rows can be seen. Robust: the act itself is done.
    transaction.on_commit(partial(ring, merchant_id), robust=True)


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
    """As PostgreSQL reads an array of plain words and numbers: psycopg would look at each to find out their type."""
    return f"{{{','.join(map(str, values))}}}"


def ring(merchant_id: int) -> None:
    """Wake each lane of the merchant that has something to send, once, however many deliveries came meanwhile."""
    # Read first: in a rush nearly every ring finds the lanes woken, and needs no transaction.
    for (connection_id,) in fetch_rows(ASLEEP, [merchant_id, timezone.now()]):
        with transaction.atomic():
            if Connection.objects.filter(pk=connection_id, woken=False).update(woken=True):
                async_task("integrations.outbox.drain", connection_id, save=False)


def drain(connection_id: int) -> None:
    """Task: send what waits in a lane until it is empty, has to rest, or its turn is over."""
    lane = lanes.take(connection_id)
    if lane is None:
        return
    integration = INTEGRATIONS[lane.integration]
    ends = time.monotonic() + TURN_SECONDS
    _give_up_on_a_killer(lane)
    while lanes.renew(lane):
        batch = _pending(lane)
        if not batch and lanes.release(lane):
            return
        for delivery in batch:
            if not lanes.count_request(lane, integration) or not _send(lane, integration, delivery):
                return
        if time.monotonic() > ends:
            lanes.hand_over(lane)
            ring(lane.merchant_id)
            return


def sweep() -> None:
    """Tick, each minute: wake the lanes whose deliveries a lost doorbell, a rest or a dead worker left behind."""
    now = timezone.now()
    forgotten = Delivery.objects.filter(
        connection=OuterRef("pk"), state=Delivery.State.PENDING, created__lt=now - FORGOTTEN_AFTER
    )
    waiting = Connection.objects.filter(lanes.ready(now), Exists(forgotten))
    for connection_id in list(waiting.values_list("pk", flat=True)):
        async_task("integrations.outbox.drain", connection_id, save=False)


def replay(delivery: Delivery) -> bool:
    """Send a delivery that failed for good once more, as the same event; False when it is not such a one."""
    dead = Delivery.objects.filter(pk=delivery.pk, merchant=delivery.merchant, state=Delivery.State.DEAD)
    with transaction.atomic():
        # The integration's patience starts anew: attempts before `created` do not count.
        again = dead.update(state=Delivery.State.PENDING, error="", finished=None, created=timezone.now())
        if again:
            _ring_once_committed(delivery.merchant_id)
    return bool(again)


def resume(connection: Connection) -> None:
    """End a pause: staff have mended the connection."""
    Connection.objects.filter(pk=connection.pk, merchant=connection.merchant).update(
        paused_reason="", not_before=None, failures=0
    )
    ring(connection.merchant_id)


def _pending(lane: Connection) -> list[Delivery]:
    waiting = Delivery.objects.filter(connection=lane, state=Delivery.State.PENDING)
    related = ("event__customer__merchant", "event__merchant", "connection__merchant")
    return list(waiting.select_related(*related).order_by("id")[:BATCH])


def _send(lane: Connection, integration: Integration, delivery: Delivery) -> bool:
    """Send one; False when the lane was given back, and nothing more may be sent."""
    attempt = _begin(delivery)
    started = time.monotonic()
    answer = integration.send(delivery)
    attempt.milliseconds = round((time.monotonic() - started) * 1000)
    with transaction.atomic():
        if not lanes.answered(lane):
            # Another worker has the lane by now and sends this delivery itself.
            return False
        give_up = answer.outcome is Outcome.RETRY and _patience_is_over(delivery, integration)
        _finish(attempt, delivery, answer, give_up)
        return _go_on(lane, integration, answer)


def _begin(delivery: Delivery) -> Attempt:
    """Noted before the request leaves: whatever happens to this worker, it is known that it was tried."""
    with transaction.atomic():
        Delivery.objects.filter(pk=delivery.pk).update(attempts_made=F("attempts_made") + 1)
        return Attempt.objects.create(delivery=delivery)


def _finish(attempt: Attempt, delivery: Delivery, answer: Answer, give_up: bool) -> None:
    attempt.status, attempt.detail = answer.status, answer.detail[:2048]
    attempt.save(update_fields=["status", "detail", "milliseconds"])
    row = Delivery.objects.filter(pk=delivery.pk)
    state = FINAL.get(answer.outcome) or (Delivery.State.DEAD if give_up else None)
    if state:
        row.update(state=state, error=answer.detail[:500], finished=timezone.now())
    elif answer.outcome is Outcome.THROTTLED:
        row.update(attempts_made=F("attempts_made") - 1, error=answer.detail[:500])
    else:
        row.update(error=answer.detail[:500])


def _go_on(lane: Connection, integration: Integration, answer: Answer) -> bool:
    match answer.outcome:
        case Outcome.SKIPPED:
            return True
        case Outcome.DONE:
            lanes.succeeded(lane)
            return True
        case Outcome.DEAD:
            lanes.refused(lane, answer)
            return True
        case Outcome.RETRY:
            lanes.back_off(lane, integration, answer)
        case Outcome.THROTTLED:
            lanes.throttle(lane, answer)
        case Outcome.PAUSE:
            lanes.pause(lane, answer)
            log.error("connection %s is paused: %s", lane.pk, answer.detail)
    return False


def _patience_is_over(delivery: Delivery, integration: Integration) -> bool:
    # From the first try on: the days it stood behind a pause or another delivery are not its fault.
    tries = delivery.attempts.filter(at__gte=delivery.created).order_by("at")
    first = tries.values_list("at", flat=True).first()
    return first is not None and timezone.now() > first + timedelta(seconds=integration.give_up_after)


def _give_up_on_a_killer(lane: Connection) -> None:
    if lane.crashes < CRASHES_TO_GIVE_UP:
        return
    suspect = _pending(lane)[:1]
    if suspect and suspect[0].attempts_made >= CRASHES_TO_GIVE_UP:
        log.error("delivery %s: its worker ended %s times while sending it", suspect[0].pk, lane.crashes)
        Delivery.objects.filter(pk=suspect[0].pk).update(
            state=Delivery.State.DEAD,
            error=f"The worker ended {lane.crashes} times while sending this.",
            finished=timezone.now(),
        )
