"""Imports in the browser: staff start them, workers go through the file in chunks, and skip what cannot be imported."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from common.work import LeaseLost, Turn, claim_lease, notify_after_commit, sweep_rows, yield_turn
from subscriptions.errors import Busy, refused
from subscriptions.importing.csv_files import match_header
from subscriptions.importing.guesses import column_label
from subscriptions.importing.report import Report
from subscriptions.importing.run_chunks import RunFile, save_chunk
from subscriptions.importing.tables import TABLES
from subscriptions.models import ImportRun

TASK = "subscriptions.importing.runs.continue_run"
TRIES = 5  # workers that died or failed at the same run
REST = timedelta(seconds=2)  # after another write held the merchant's rows
State = ImportRun.State
RUNNING = (State.CHECKING, State.IMPORTING)
ENDS = {State.CHECKING: State.CHECKED, State.IMPORTING: State.DONE}
DISCARDABLE = (State.UPLOADED, State.CHECKING, State.CHECKED)
NO_COUNTS = dict.fromkeys(("created_rows", "updated_rows", "unchanged_rows", "refused_rows"), 0)
BEGIN: dict[str, Any] = {**NO_COUNTS, "cursor": 0, "attempts": 0, "remarks": []}


def start_check(run: ImportRun, kind: str, columns: Sequence[str]) -> None:
    """Try the whole file without keeping anything. Refused while a needed column is missing or one is there twice."""
    _check_columns(run, kind, columns)
    _begin(run, (State.UPLOADED, State.CHECKED), state=State.CHECKING, kind=kind, columns=list(columns))


def start_import(run: ImportRun) -> None:
    _begin(run, (State.CHECKED,), state=State.IMPORTING)


def _check_columns(run: ImportRun, kind: str, columns: Sequence[str]) -> None:
    report = Report()
    match_header(1, list(columns), TABLES[kind].columns(run.merchant), report)
    names = [problem.column for problem in report.problems]
    if twice := next((name for name in names if name in columns), ""):
        raise refused("column_twice", name=column_label(twice))
    if names:
        raise refused("column_missing", names=", ".join(map(column_label, names)))


def _begin(run: ImportRun, allowed: Sequence[State], **changes: Any) -> None:
    with transaction.atomic():
        if not ImportRun.objects.filter(pk=run.pk, state__in=allowed).update(**BEGIN | changes):
            raise refused("import_changed")
        run.refusals.all().delete()
        notify_after_commit(TASK, run.pk)


def stop_import(run: ImportRun) -> None:
    """End it for good. What was imported stays; a worker that is at it loses its lease."""
    _give_up(run, (State.IMPORTING,), State.STOPPED)


def discard_file(run: ImportRun) -> None:
    """Forget a file of which nothing was imported; a worker that checks it loses its lease."""
    _give_up(run, DISCARDABLE, State.DISCARDED)


def _give_up(run: ImportRun, allowed: Sequence[State], end: State) -> None:
    with transaction.atomic():
        held = ImportRun.objects.filter(pk=run.pk, state__in=allowed)
        if not held.update(state=end, lease_token=None, lease_until=None, examples=[], finished=timezone.now()):
            raise refused("import_changed")
        run.parts.all().delete()


def sweep() -> None:
    """Each minute: wake workers for runs whose task was lost or whose worker died."""
    sweep_rows(ImportRun.objects.filter(state__in=RUNNING), TASK)


def continue_run(run_id: int) -> None:
    """Task: continue a check or an import until it is finished or the turn is over."""
    run = claim_lease(ImportRun.objects.filter(state__in=RUNNING).select_related("merchant"), run_id)
    if run is None:
        return
    with suppress(LeaseLost):  # another worker continues it, or it was stopped
        if run.attempts > TRIES:
            return _end(run, State.FAILED)
        try:
            _go_through(run, Turn())
        except Busy:
            yield_turn(run, TASK, rest=REST, at=timezone.now() + REST, attempts=0)


def _go_through(run: ImportRun, turn: Turn) -> None:
    file = RunFile(run)
    for chunk in file.chunks():
        save_chunk(run, file, chunk)
        if turn.is_over:
            return yield_turn(run, TASK, attempts=0)
    _end(run, ENDS[State(run.state)])


def _end(run: ImportRun, state: State) -> None:
    """Nobody needs the file any more, unless it was only checked."""
    if state == State.CHECKED:
        return run.release(state=state)
    counts: dict[str, Any] = NO_COUNTS if run.state == State.CHECKING else {}  # of what would have been
    with transaction.atomic():
        run.release(state=state, finished=timezone.now(), **counts, examples=[])
        run.parts.all().delete()
