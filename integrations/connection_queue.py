"""When a connection may send, and what an answer means for it."""

import logging
import random
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from common.work import yield_turn
from integrations.base import Answer, Integration, Outcome
from integrations.models import Connection
from integrations.registry import INTEGRATIONS

log = logging.getLogger(__name__)

DRAIN = "integrations.outbox.drain_connection"
MINUTE = timedelta(minutes=1)
JITTER = 0.2
# Whatever a receiver asks for: a mistake on its side must not stop a connection for ever.
LONGEST_REST = 24 * 3600.0  # seconds


def sendable_connections() -> QuerySet[Connection]:
    """Connections of known integrations that are neither switched off nor paused nor at rest."""
    is_rested = Q(not_before=None) | Q(not_before__lte=timezone.now())
    return Connection.objects.filter(is_rested, enabled=True, paused_reason="", integration__in=INTEGRATIONS)


def count_request(connection: Connection, integration: Integration) -> bool:
    """Count one request in the connection's minute. False if the minute is full: the connection rests until the next.

    Raises `LeaseLost`.
    """
    now = timezone.now()
    if connection.window_started is None or now >= connection.window_started + MINUTE:
        connection.window_started, connection.window_sent = now, 0
    if connection.window_sent >= integration.per_minute:
        _rest(connection, connection.window_started + MINUTE)
        return False
    connection.window_sent += 1
    connection.renew(window_started=connection.window_started, window_sent=connection.window_sent)
    return True


def record_answer(connection: Connection, integration: Integration, answer: Answer) -> bool:
    """Record what an answer means for its connection; True if the connection may go on sending.

    If not, the lease is released. Any answer shows that the worker survived the request, so `attempts` is reset.
    The row stays locked until the transaction ends. Raises `LeaseLost`.
    """
    error = answer.detail[:500]
    match answer.outcome:
        case Outcome.SKIPPED:
            connection.renew(attempts=0)
        case Outcome.DONE:
            connection.failures = 0
            connection.renew(attempts=0, failures=0, not_before=None, last_error="", last_success_at=timezone.now())
        case Outcome.DEAD:
            # The receiver works; it refuses only this delivery.
            connection.failures = 0
            connection.renew(attempts=0, failures=0, not_before=None, last_error=error)
        case Outcome.RETRY:
            wait = min(integration.longest_wait, integration.first_wait * 2 ** min(connection.failures, 16))
            until = _end_of_rest(answer.retry_after or wait)
            _rest(connection, until, attempts=0, failures=F("failures") + 1, last_error=error)
        case Outcome.THROTTLED:
            _rest(connection, _end_of_rest(answer.retry_after or 1), attempts=0, last_error=error)
        case Outcome.PAUSE:
            connection.release(attempts=0, paused_reason=error or "The receiver refuses the credentials.")
            log.error("connection %s is paused: %s", connection.pk, answer.detail)
    return answer.outcome in (Outcome.SKIPPED, Outcome.DONE, Outcome.DEAD)


def _rest(connection: Connection, until: datetime, **changes: Any) -> None:
    yield_turn(connection, DRAIN, at=until, not_before=until, **changes)


def _end_of_rest(seconds: float) -> datetime:
    """With jitter: many connections must not come back in the same second."""
    return timezone.now() + timedelta(seconds=min(seconds, LONGEST_REST) * random.uniform(1, 1 + JITTER))
