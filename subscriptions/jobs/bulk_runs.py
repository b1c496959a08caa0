"""Bulk changes of lists, and their undo, in the background."""

import logging
from collections.abc import Callable
from contextlib import suppress

from django.db.models import Q, QuerySet
from django.utils import timezone

from common.work import LeaseLost, Turn, claim_lease, sweep_rows, yield_turn
from subscriptions.actions.bulk.run import TASK, change_row, keep_row, undo_row
from subscriptions.errors import SENTENCES
from subscriptions.models import BulkRow, BulkRun

log = logging.getLogger(__name__)

BATCH = 500
State = BulkRun.State
UNFINISHED = Q(state__in=[State.RUNNING, State.UNDOING])
ENDS = {State.RUNNING: State.DONE, State.UNDOING: State.UNDONE}


def continue_run(run_id: int) -> None:
    """Task: continue a run, or its undo, until it is finished or the turn is over."""
    run = claim_lease(BulkRun.objects.filter(UNFINISHED), run_id)
    if run is not None:
        with suppress(LeaseLost):  # another worker continues it
            _go_through(run, Turn())


def sweep() -> None:
    """Each minute: wake workers for runs whose task was lost or whose worker died."""
    sweep_rows(BulkRun.objects.filter(UNFINISHED), TASK)


def _go_through(run: BulkRun, turn: Turn) -> None:
    work = undo_row if run.state == State.UNDOING else change_row
    while batch := list(_rows_left(run)[:BATCH]):
        for row in batch:
            _work_at(run, row, work)
            if turn.is_over:
                return yield_turn(run, TASK)
    run.release(state=ENDS[State(run.state)], finished=timezone.now())


def _rows_left(run: BulkRun) -> QuerySet[BulkRow]:
    """The rows that the cursor has not reached; an undo goes from the last change to the first."""
    if run.state == State.UNDOING:
        done = run.rows.filter(state=BulkRow.State.DONE, pk__lt=run.cursor)
        return done.select_related("activity").order_by("-pk")
    return run.rows.filter(state=BulkRow.State.WAITING, pk__gt=run.cursor).order_by("pk")


def _work_at(run: BulkRun, row: BulkRow, work: Callable[[BulkRun, BulkRow], None]) -> None:
    try:
        work(run, row)
    except LeaseLost:
        raise
    except Exception:
        # One faulty row must not block those behind it for ever.
        log.exception("bulk run %s: row %s", run.pk, row.pk)
        keep_row(run, row, SENTENCES["replacement_failed"])
