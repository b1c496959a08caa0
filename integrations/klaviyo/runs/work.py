"""Works through runs: one request after another, each noted in the transaction that moves the run's cursor.

A worker that dies before that transaction leaves a request that is sent again, which Klaviyo takes as often as it
comes: an import sets the same status, and an event has its ID.
"""

import logging
import random
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from common.work import LeaseLost, Turn, claim_lease, sweep_rows, yield_turn
from integrations import pace
from integrations.base import Answer, Outcome
from integrations.klaviyo.runs import comparison, erasure, history, import_jobs, status
from integrations.klaviyo.runs.control import CONTINUE
from integrations.klaviyo.runs.run_kind import Item, RunKind
from integrations.models import Connection, ImportJob, ProfileError, ProfileRun

log = logging.getLogger(__name__)

KINDS: dict[str, RunKind] = {
    ProfileRun.Kind.STATUS: status.StatusBackfill(),
    ProfileRun.Kind.HISTORY: history.PastEvents(),
    ProfileRun.Kind.COMPARISON: comparison.NightlyComparison(),
    ProfileRun.Kind.ERASURE: erasure.Erasure(),
}
State = ProfileRun.State
# The request is understood; what it holds is refused.
ABOUT_THE_CONTENT = (400, 409, 413, 422)
FIRST_WAIT, LONGEST_WAIT = 30.0, 30 * 60.0  # seconds
MOST_FAILURES = 50  # in a row; a day, most of it in longest waits
MOST_DEATHS = 10


def continue_run(run_id: int) -> None:
    """Task: continue a run until it is done, has to rest, or the turn is over."""
    run = claim_lease(workable_runs(), run_id)
    if run is not None:
        with suppress(LeaseLost):  # another worker continues it
            _work(run, KINDS[run.kind], Turn())


def sweep() -> None:
    """Each minute: begin the comparisons that are due, and wake workers for runs that nobody works on."""
    comparison.begin_comparisons()
    sweep_rows(workable_runs(), CONTINUE)


def workable_runs() -> QuerySet[ProfileRun]:
    """Runs with something to send or to follow, whose connection may be used."""
    open_jobs = ImportJob.objects.filter(run=OuterRef("pk"), state=ImportJob.State.OPEN)
    has_work = Q(state=State.RUNNING) | Exists(open_jobs)
    usable = {"connection__enabled": True, "connection__removed_at": None, "connection__paused_reason": ""}
    rows = ProfileRun.objects.filter(has_work, merchant__paused_at=None, **usable)
    return rows.select_related("connection__merchant", "customer__merchant")


def _work(run: ProfileRun, kind: RunKind, turn: Turn) -> None:
    if run.attempts >= MOST_DEATHS and run.state == State.RUNNING:
        log.error("run %s: %s workers died over it", run.pk, run.attempts)
        return run.release(state=State.PAUSED, attempts=0, error="The worker died over it each time.")
    while not turn.is_over:
        next_check = import_jobs.check_jobs(run)
        blocked = _blocked_until(run, kind)
        items = kind.read_items(run, run.at_once) if blocked is None and run.state == State.RUNNING else []
        if items:
            if rest := _send_items(run, kind, items):
                return _rest(run, rest)
        elif blocked or next_check:
            return _rest(run, min(filter(None, [blocked, next_check])))
        else:
            return _finish(run)
    yield_turn(run, CONTINUE)


def _blocked_until(run: ProfileRun, kind: RunKind) -> datetime | None:
    """Read the state that staff may have changed. When to look again, if a running run may not begin yet."""
    run.renew()
    run.state = run.held().values_list("state", flat=True).get()
    return kind.blocked_until(run) if run.state == State.RUNNING else None


def _rest(run: ProfileRun, until: datetime) -> None:
    yield_turn(run, CONTINUE, at=until, rest=until - timezone.now(), attempts=0)


def _finish(run: ProfileRun) -> None:
    if run.state != State.RUNNING:  # its last job is complete
        return run.release(attempts=0)
    # What was counted at the start may have changed meanwhile.
    run.release(state=State.DONE, finished=timezone.now(), attempts=0, error="", total=F("sent") + F("refused"))


def _send_items(run: ProfileRun, kind: RunKind, items: Sequence[Item]) -> datetime | None:
    """Send and note the next items; until when to rest, if that is not possible now."""
    faulty, good = [one for one in items if one.fault], [one for one in items if not one.fault]
    if not good:
        _note(run, kind, items, good, faulty, Answer(Outcome.DONE))
        return None
    account = pace.account_key(run.connection)
    wanted = kind.requests(good)
    grant = pace.reserve_requests(account, kind.road, wanted)
    if grant.count < wanted:
        return grant.until
    answer = kind.send(run, good)
    match answer.outcome:
        case Outcome.DONE:
            _note(run, kind, items, good, faulty, answer)
        case Outcome.DEAD if answer.status in ABOUT_THE_CONTENT or kind.most == 1:
            _narrow(run, good, answer)
        case Outcome.THROTTLED:
            until = _soon(answer.retry_after or 1)
            pace.close_roads(account, [kind.road], until)
            return until
        case Outcome.RETRY if run.failures < MOST_FAILURES:
            _change(run, failures=run.failures + 1, error=answer.detail[:500])
            return _soon(answer.retry_after or min(FIRST_WAIT * 2 ** min(run.failures - 1, 16), LONGEST_WAIT))
        case _:
            _change(run, state=State.PAUSED, error=_reason(kind, answer)[:500])
    return None


def _note(
    run: ProfileRun, kind: RunKind, items: Sequence[Item], good: Sequence[Item], faulty: Sequence[Item], answer: Answer
) -> None:
    at_once = min(kind.most, run.at_once * 2)
    with transaction.atomic():
        # As the outbox does first, so that both write what was sent in the same order.
        Connection.objects.select_for_update(no_key=True).get(pk=run.connection_id)
        if good:
            kind.note(run, good, answer)
        _keep_errors(run, {item: item.fault for item in faulty})
        counts = {"sent": F("sent") + len(good), "refused": F("refused") + len(faulty)}
        run.advance(items[-1].key, at_once=at_once, failures=0, attempts=0, error="", **counts)
    run.at_once, run.failures = at_once, 0


def _narrow(run: ProfileRun, items: Sequence[Item], answer: Answer) -> None:
    """Leave out the items that Klaviyo named. If it named none, halve the request until the bad one is alone."""
    named = {items[place]: reason for place, reason in answer.refused.items() if place < len(items)}
    if len(items) == 1:
        named = {items[0]: answer.detail}
    if not named:
        return _change(run, at_once=len(items) // 2)
    with transaction.atomic():
        _keep_errors(run, named)
        run.advance(run.cursor, refused=F("refused") + len(named), failures=0, attempts=0)
    run.failures = 0


def _keep_errors(run: ProfileRun, reasons: dict[Item, str]) -> None:
    ProfileError.objects.bulk_create(
        ProfileError(
            run=run,
            key=item.key,
            customer_id=item.customer,
            identifier=item.identifier[:254],
            code="refused",
            detail=reason[:500],
        )
        for item, reason in reasons.items()
    )


def _change(run: ProfileRun, **changes: Any) -> None:
    run.renew(attempts=0, **changes)
    for name, value in changes.items():
        setattr(run, name, value)


def _reason(kind: RunKind, answer: Answer) -> str:
    """For staff: why the run was paused."""
    if answer.status == 403:
        return f"The key may not do this: give it {kind.scopes} at Klaviyo, then resume."
    return answer.detail


def _soon(seconds: float) -> datetime:
    """With jitter: many runs must not come back in the same second."""
    return timezone.now() + timedelta(seconds=min(seconds, 24 * 3600) * random.uniform(1, 1.2))
