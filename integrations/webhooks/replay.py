"""Sends webhooks once more, with the same ids and bodies, while the bodies are kept."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from common.db import execute
from common.work import call_after_commit
from integrations.models import Connection, Delivery
from integrations.outbox import notify_connections
from subscriptions.errors import refused

# Replays are no originals: an event is sent once, however often it was sent before.
REPLAY = """
INSERT INTO integrations_delivery (merchant_id, connection_id, event_id, customer_id, state, bulk, due,
    attempts_made, interrupted, error, body, created, is_replay)
SELECT merchant_id, connection_id, event_id, customer_id, 'pending', true, %s, 0, 0, '', body, %s, true
FROM integrations_delivery sent
WHERE connection_id = %s AND created >= %s AND created < %s AND NOT is_replay
  AND body IS NOT NULL AND state <> 'pending'
  AND NOT EXISTS (
    SELECT FROM integrations_delivery waiting
    WHERE waiting.connection_id = sent.connection_id AND waiting.customer_id = sent.customer_id
      AND waiting.event_id = sent.event_id AND waiting.state = 'pending')
ORDER BY id
"""


def can_be_replayed(delivery: Delivery) -> bool:
    is_finished = delivery.state != Delivery.State.PENDING
    return is_finished and delivery.body is not None and _is_on(delivery.connection)


def replay_delivery(delivery: Delivery) -> Delivery:
    """A new delivery of the same event and body. Refused where `can_be_replayed` is false."""
    if not can_be_replayed(delivery):
        raise refused("not_replayable")
    with transaction.atomic():
        copied = {name: getattr(delivery, name) for name in ("merchant", "connection", "event", "customer", "body")}
        again = Delivery.objects.create(**copied, is_replay=True)
        call_after_commit(notify_connections, delivery.merchant_id)
    return again


def replay_range(target: Connection, start: datetime, end: datetime) -> int:
    """Send again what came for the target from `start` until before `end`; the number of events.

    Left out is what still waits, and what has lost its body. Refused for a target that is switched off.
    """
    if not _is_on(target):
        raise refused("target_off")
    now = timezone.now()
    with transaction.atomic():
        count: int = execute(REPLAY, [now, now, target.pk, start, end]).rowcount
        call_after_commit(notify_connections, target.merchant_id)
    return count


def _is_on(connection: Connection) -> bool:
    return connection.enabled and connection.removed_at is None
