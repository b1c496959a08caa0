"""Replacements of discontinued products, in the background.

A run has a lease, and a cursor that moves in the transaction of each step: a killed worker's run is taken up behind
its last step, and of two workers at one run only one gets on.
"""

import logging
import time

from django.db.models import F, QuerySet
from django.utils import timezone
from django_q.tasks import async_task

from subscriptions.actions import replacing
from subscriptions.actions.product import RUN
from subscriptions.errors import SENTENCES
from subscriptions.models import Replacement, Subscription

log = logging.getLogger(__name__)

BATCH = 500
# After this a run with more to do goes to the end of the queue, so that others get their turn.
TURN_SECONDS = 15


def run(replacement_id: int) -> None:
    """Task: go on with a replacement until it is done or its turn is over."""
    replacement = _take(replacement_id)
    if replacement is None:
        return
    ends = time.monotonic() + TURN_SECONDS
    try:
        while batch := _next(replacement):
            for subscription in batch:
                _replace(replacement, subscription)
                if time.monotonic() > ends:
                    return _hand_over(replacement)
    except replacing.Overtaken:
        return
    finished = {"state": Replacement.State.DONE, "finished": timezone.now(), "total": F("done") + F("refused")}
    _here(replacement).update(**finished)


def sweep() -> None:
    """Tick, each minute: wake the runs whose task was lost or whose worker died."""
    waiting = Replacement.objects.filter(state=Replacement.State.RUNNING, lease_until__lte=timezone.now())
    for replacement_id in list(waiting.values_list("pk", flat=True)):
        async_task(RUN, replacement_id, save=False)


def _take(replacement_id: int) -> Replacement | None:
    now = timezone.now()
    rows = Replacement.objects.filter(pk=replacement_id)
    free = rows.filter(state=Replacement.State.RUNNING, lease_until__lte=now)
    taken = free.update(lease_until=now + replacing.LEASE)
    return rows.select_related("product", "substitute").get() if taken else None


def _next(replacement: Replacement) -> list[Subscription]:
    behind = replacing.concerned(replacement.product).filter(pk__gt=replacement.cursor)
    return list(behind.order_by("pk").only("pk", "merchant", "customer")[:BATCH])


def _replace(replacement: Replacement, subscription: Subscription) -> None:
    try:
        replacing.replace(replacement, subscription)
    except replacing.Overtaken:
        raise
    except Exception:
        # One that breaks must not keep those behind it waiting for ever.
        log.exception("replacement %s: subscription %s", replacement.pk, subscription.pk)
        replacing.leave(replacement, subscription, SENTENCES["replacement_failed"])


def _hand_over(replacement: Replacement) -> None:
    _here(replacement).update(lease_until=timezone.now())
    async_task(RUN, replacement.pk, save=False)


def _here(replacement: Replacement) -> QuerySet[Replacement]:
    """The row as long as nobody else has gone on with it."""
    return Replacement.objects.filter(pk=replacement.pk, cursor=replacement.cursor, state=Replacement.State.RUNNING)
