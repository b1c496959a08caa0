"""Removes what nobody needs any more, each kind after a period of its own."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from axes.models import AccessLog
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone
from django_q.models import Task

from common.work import Turn, notify_worker
from config.history import remove_deliveries, remove_history
from integrations.models import Delivery, DeliveryMinute, GladlyRequest, ProfileRun, Replay, SandboxEvent, SandboxImport
from oneclick.analytics import figures
from oneclick.models import ActionToken, Click
from subscriptions.api import idempotency
from subscriptions.importing import runs
from subscriptions.models import (
    ApiRequest,
    AuditEntry,
    BulkRow,
    BulkRun,
    IdempotencyKey,
    ImportPart,
    ImportRun,
    Invitation,
    JobRun,
    OrderStatus,
    PlacementAttempt,
    RefusedRow,
    SimulatedPlacement,
    StaffSession,
)

TASK = "config.retention.clean"
Step = tuple[QuerySet[Any], Callable[[QuerySet[Any]], Any]]
CHUNK = 1000  # rows of one transaction, few enough that no other write waits long


def expired_rows(now: datetime) -> Iterator[QuerySet]:
    """Rows that may be deleted. A used link stays after its clicks are deleted."""
    yield IdempotencyKey.objects.filter(created__lt=now - idempotency.KEPT)
    yield StaffSession.objects.filter(expire_date__lt=now)
    # Of before the portal had sessions of its own: nobody is logged in by them.
    yield Session.objects.filter(expire_date__lt=now)
    yield DeliveryMinute.objects.filter(minute__lt=now - timedelta(days=8))
    yield Task.objects.filter(stopped__lt=now - timedelta(days=14))
    yield ApiRequest.objects.filter(at__lt=now - timedelta(days=30))
    yield GladlyRequest.objects.filter(at__lt=now - timedelta(days=30))
    yield SandboxEvent.objects.filter(received__lt=now - timedelta(days=90))
    yield SandboxImport.objects.filter(created__lt=now - SandboxImport.KEPT)
    yield Click.objects.filter(at__lt=now - timedelta(days=figures.KEPT_DAYS))
    unopened = ActionToken.objects.filter(expires_at__lt=now - timedelta(days=180), used_at=None, clicks=None)
    # The order may have been moved to a later day, and its token still works then.
    yield unopened.exclude(order__status=OrderStatus.UNSENT)
    yield PlacementAttempt.objects.filter(started__lt=now - timedelta(days=180)).exclude(effect="")
    yield SimulatedPlacement.objects.filter(created__lt=now - timedelta(days=180))
    yield Replay.objects.filter(finished__lt=now - timedelta(days=180))
    # Their rows first, in chunks: there may be a hundred thousand.
    yield BulkRow.objects.filter(run__finished__lt=now - timedelta(days=180))
    yield BulkRun.objects.filter(finished__lt=now - timedelta(days=180))
    yield from expired_imports(now)
    yield JobRun.objects.filter(created__lt=now - timedelta(days=400))
    yield Invitation.objects.filter(expires__lt=now - timedelta(days=90))
    audited = now - timedelta(days=2 * 365)
    yield AuditEntry.objects.filter(at__lt=audited)
    # Of before the portal had an audit of its own.
    yield AccessLog.objects.filter(attempt_time__lt=audited)
    yield LogEntry.objects.filter(action_time__lt=audited)
    ended = ProfileRun.objects.exclude(finished=None)
    yield ended.filter(kind=ProfileRun.Kind.COMPARISON, created__lt=now - timedelta(days=30))
    yield ended.filter(created__lt=now - timedelta(days=400))


def expired_imports(now: datetime) -> Iterator[QuerySet]:
    """Files that nobody went on with, after a week, because they hold personal data; refused rows after a month."""
    ended = ImportRun.objects.exclude(finished=None)
    idle = ImportRun.objects.filter(finished=None).exclude(state__in=runs.RUNNING)
    left = idle.filter(created__lt=now - timedelta(days=7))
    yield from (RefusedRow.objects.filter(run__in=left), ImportPart.objects.filter(run__in=left), left)
    yield RefusedRow.objects.filter(run__in=ended.filter(finished__lt=now - timedelta(days=30)))
    yield ended.filter(finished__lt=now - timedelta(days=400))


def expired_deliveries(now: datetime) -> QuerySet[Delivery]:
    """Attempts go with them."""
    return Delivery.objects.filter(created__lt=now - timedelta(days=180)).exclude(state=Delivery.State.PENDING)


def expired_bodies(now: datetime) -> QuerySet[Delivery]:
    """Deliveries that stay without their body."""
    old = Delivery.objects.filter(created__lt=now - timedelta(days=settings.WEBHOOK_BODY_DAYS), body__isnull=False)
    return old.exclude(state=Delivery.State.PENDING)


def remove_expired(now: datetime) -> Iterator[int]:
    """Remove a chunk, yield the number of its rows, and so on."""
    steps: list[Step] = [(rows, QuerySet.delete) for rows in expired_rows(now)]
    steps.append((expired_deliveries(now), remove_deliveries))
    steps.append((expired_bodies(now), lambda rows: rows.update(body=None)))
    for rows, remove in steps:
        while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:CHUNK]):
            remove(rows.model._base_manager.filter(pk__in=keys))
            yield len(keys)


def clean() -> int:
    """Hourly task: remove what has expired; the number of rows. A new task continues after the end of the turn."""
    turn, removed, now = Turn(), 0, timezone.now()
    for count in chain(remove_expired(now), remove_history(now)):
        removed += count
        if turn.is_over:
            notify_worker(TASK)
            break
    return removed
