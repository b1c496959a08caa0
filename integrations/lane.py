"""The lane of a connection: who may send by it just now.

A lane is held by a lease. Its token is a fence: whoever lost the lease, because it was too slow or was taken for
dead, can write nothing more.
"""

import random
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from integrations.base import Answer, Integration
from integrations.models import Connection
from integrations.registry import INTEGRATIONS

# Longer than the slowest request an integration may make; a killed worker's lane stands still this long.
LEASE = timedelta(seconds=30)
MINUTE = timedelta(minutes=1)
JITTER = 0.2
# Whatever a receiver asks for: a slip of its must not stop a lane for ever.
LONGEST_REST = 24 * 3600.0  # seconds


def ready(now: datetime) -> Q:
    """Lanes nothing keeps from sending: known here, and neither switched off, paused, waiting nor held."""
    rested = Q(not_before=None) | Q(not_before__lte=now)
    free = Q(lease_token=None) | Q(lease_until__lt=now)
    return Q(enabled=True, paused_reason="", integration__in=INTEGRATIONS) & rested & free


def take(connection_id: int) -> Connection | None:
    """Take the lane's lease; None when it is not ready. A lease found expired counts as a crash."""
    now = timezone.now()
    with transaction.atomic():
        lane = (
            # No key update: acts that commit a delivery hold the row's key meanwhile, and it would look taken.
            Connection.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
            .select_related("merchant")
            .filter(ready(now), pk=connection_id)
            .first()
        )
        if lane is None:
            return None
        lane.crashes += 1 if lane.lease_token else 0
        lane.lease_token, lane.lease_until = uuid4(), now + LEASE
        lane.save(update_fields=["crashes", "lease_token", "lease_until"])
    return lane


def held(lane: Connection) -> QuerySet[Connection]:
    """The lane's row as long as this lease is good."""
    return Connection.objects.filter(pk=lane.pk, lease_token=lane.lease_token)


def renew(lane: Connection) -> bool:
    """Hold the lane longer and clear its bell: what is pending now will be read next. False: the lease is lost."""
    return bool(held(lane).update(lease_until=timezone.now() + LEASE, woken=False))


def count_request(lane: Connection, integration: Integration) -> bool:
    """Count one request in the connection's minute; False when the minute is full, and the lane then waits."""
    now = timezone.now()
    if lane.window_started is None or now >= lane.window_started + MINUTE:
        lane.window_started, lane.window_sent = now, 0
    if lane.window_sent >= integration.per_minute:
        rest(lane, lane.window_started + MINUTE)
        return False
    lane.window_sent += 1
    return bool(
        held(lane).update(lease_until=now + LEASE, window_started=lane.window_started, window_sent=lane.window_sent)
    )


def release(lane: Connection) -> bool:
    """Give the lane back unless its bell rang meanwhile; False: go round again."""
    return bool(held(lane).filter(woken=False).update(lease_token=None, lease_until=None))


def hand_over(lane: Connection) -> None:
    """Give the lane back with work left; the caller rings for the next one."""
    held(lane).update(lease_token=None, lease_until=None, woken=False)


def rest(lane: Connection, until: datetime) -> None:
    """Give the lane back and let nobody send before `until`; the sweep wakes it then."""
    held(lane).update(not_before=until, lease_token=None, lease_until=None, woken=False)


def answered(lane: Connection) -> bool:
    """Note that the worker has lived to see an answer, and keep the lane until the transaction ends.

    False: the lease is lost.
    """
    return bool(held(lane).update(crashes=0))


def succeeded(lane: Connection) -> None:
    """Forget what went wrong before."""
    lane.failures = 0
    held(lane).update(failures=0, not_before=None, last_error="", last_success_at=timezone.now())


def refused(lane: Connection, answer: Answer) -> None:
    """The receiver is well; it only will not take this one."""
    lane.failures = 0
    held(lane).update(failures=0, not_before=None, last_error=answer.detail[:500])


def back_off(lane: Connection, integration: Integration, answer: Answer) -> None:
    """Rest after a temporary fault: twice as long each time, up to the integration's longest wait."""
    wait = min(integration.longest_wait, integration.first_wait * 2 ** min(lane.failures, 16))
    held(lane).update(failures=F("failures") + 1, last_error=answer.detail[:500])
    rest(lane, _later(answer.retry_after or wait))


def throttle(lane: Connection, answer: Answer) -> None:
    """Rest as long as the receiver asks."""
    held(lane).update(last_error=answer.detail[:500])
    rest(lane, _later(answer.retry_after or 1))


def pause(lane: Connection, answer: Answer) -> None:
    """Send nothing more until staff have mended the connection."""
    held(lane).update(
        paused_reason=(answer.detail or "The receiver refuses the credentials.")[:500],
        lease_token=None,
        lease_until=None,
        woken=False,
    )


def _later(seconds: float) -> datetime:
    return timezone.now() + timedelta(seconds=min(seconds, LONGEST_REST) * random.uniform(1, 1 + JITTER))
