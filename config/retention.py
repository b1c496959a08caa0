"""How long rows are kept that nobody needs any more, and their removal."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone
from django_q.models import Task

from common.work import Turn, notify_worker
from integrations.models import Delivery, SandboxEvent
from oneclick.analytics import figures
from oneclick.models import ActionToken, Click
from subscriptions.api import idempotency
from subscriptions.models import IdempotencyKey, JobRun, OrderStatus, PlacementAttempt, SimulatedPlacement

TASK = "config.retention.clean"
CHUNK = 1000  # rows of one transaction, which is short enough to be in nobody's way


def expired_rows(now: datetime) -> Iterator[QuerySet]:
    """What may go. Attempts go with their deliveries; a link that was used stays, without its clicks in the end."""
    yield IdempotencyKey.objects.filter(created__lt=now - idempotency.KEPT)
    yield Session.objects.filter(expire_date__lt=now)
    yield Task.objects.filter(stopped__lt=now - timedelta(days=14))
    yield SandboxEvent.objects.filter(received__lt=now - timedelta(days=90))
    yield Click.objects.filter(at__lt=now - timedelta(days=figures.KEPT_DAYS))
    unopened = ActionToken.objects.filter(expires_at__lt=now - timedelta(days=180), used_at=None, clicks=None)
    # An order that was moved to a later day takes its token along.
    yield unopened.exclude(order__status=OrderStatus.UNSENT)
    yield PlacementAttempt.objects.filter(started__lt=now - timedelta(days=180)).exclude(effect="")
    yield SimulatedPlacement.objects.filter(created__lt=now - timedelta(days=180))
    yield Delivery.objects.filter(created__lt=now - timedelta(days=180)).exclude(state=Delivery.State.PENDING)
    yield JobRun.objects.filter(created__lt=now - timedelta(days=400))


def clean() -> int:
    """Task of each hour: remove what may go; returns how many rows. What is left at the end of the turn goes next."""
    turn, removed = Turn(), 0
    for rows in expired_rows(timezone.now()):
        while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:CHUNK]):
            rows.model._base_manager.filter(pk__in=keys).delete()
            removed += len(keys)
            if turn.is_over:
                notify_worker(TASK)
                return removed
    return removed
