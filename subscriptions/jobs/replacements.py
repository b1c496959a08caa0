"""Replacements of discontinued products, in the background."""

import logging
from contextlib import suppress

from django.db.models import F, Q
from django.utils import timezone

from common.work import LeaseLost, Turn, claim_lease, sweep_rows, yield_turn
from subscriptions.actions import replacing
from subscriptions.actions.product import RUN_TASK
from subscriptions.errors import SENTENCES
from subscriptions.models import Replacement, Subscription

log = logging.getLogger(__name__)

BATCH = 500
RUNNING = Q(state=Replacement.State.RUNNING)


def continue_replacement(replacement_id: int) -> None:
    """Task: continue a replacement until it is done or the turn is over."""
    rows = Replacement.objects.filter(RUNNING).select_related("product", "substitute")
    replacement = claim_lease(rows, replacement_id)
    if replacement is not None:
        with suppress(LeaseLost):  # another worker continues it
            _replace_all(replacement, Turn())


def sweep() -> None:
    """Each minute: wake workers for replacements whose task was lost or whose worker died."""
    sweep_rows(Replacement.objects.filter(RUNNING), RUN_TASK)


def _replace_all(replacement: Replacement, turn: Turn) -> None:
    while batch := _next_batch(replacement):
        for subscription in batch:
            _replace(replacement, subscription)
            if turn.is_over:
                return yield_turn(replacement, RUN_TASK)
    replacement.release(state=Replacement.State.DONE, finished=timezone.now(), total=F("done") + F("refused"))


def _next_batch(replacement: Replacement) -> list[Subscription]:
    left = replacing.affected_subscriptions(replacement.product).filter(pk__gt=replacement.cursor)
    return list(left.order_by("pk").only("pk", "merchant", "customer")[:BATCH])


def _replace(replacement: Replacement, subscription: Subscription) -> None:
    try:
        replacing.replace_subscription(replacement, subscription)
    except LeaseLost:
        raise
    except Exception:
        # One faulty subscription must not block those behind it for ever.
        log.exception("replacement %s: subscription %s", replacement.pk, subscription.pk)
        replacing.keep_subscription(replacement, subscription, SENTENCES["replacement_failed"])
