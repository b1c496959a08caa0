"""Imports in the browser: staff start them, workers go through the file in chunks, and skip what cannot be imported."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils import timezone

from common.work import LeaseLost, Turn, claim_lease, notify_after_commit, sweep_rows, yield_turn
from subscriptions.errors import Busy, refused
from subscriptions.importing.csv_files import match_header, read_row, report_duplicates
from subscriptions.importing.guesses import column_label
from subscriptions.importing.importer import lock_merchant
from subscriptions.importing.report import Outcome, Remark, Report
from subscriptions.importing.rows_to_save import save_good_rows
from subscriptions.importing.table import Column, Row, Table, hide_card_numbers
from subscriptions.importing.tables import TABLES
from subscriptions.importing.uploads import Record, read_records
from subscriptions.models import ImportPart, ImportRun, RefusedRow

TASK = "subscriptions.importing.runs.continue_run"
CHUNK = 500  # records of one transaction, few enough that other writes of the merchant hardly wait
TRIES = 5  # workers that died or failed at the same run
REST = timedelta(seconds=2)  # after another write held the merchant's rows
State = ImportRun.State
RUNNING = (State.CHECKING, State.IMPORTING)
ENDS = {State.CHECKING: State.CHECKED, State.IMPORTING: State.DONE}
BEGIN: dict[str, Any] = {
    "cursor": 0,
    "attempts": 0,
    "created_rows": 0,
    "updated_rows": 0,
    "unchanged_rows": 0,
    "refused_rows": 0,
    "remarks": [],
}
STOPPABLE = (*RUNNING, State.UPLOADED, State.CHECKED)


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


def stop_run(run: ImportRun) -> None:
    """End it for good. What was imported stays; a worker that is at it loses its lease."""
    with transaction.atomic():
        held = ImportRun.objects.filter(pk=run.pk, state__in=STOPPABLE)
        if not held.update(state=State.STOPPED, finished=timezone.now(), lease_token=None, lease_until=None):
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
    table = TABLES[run.kind]
    known = {column.name: column for column in table.columns(run.merchant)}
    columns = [known.get(name) for name in run.columns]
    first_lines: dict[str, int] = {}
    records = islice(read_records(run, Report()), 1, None)
    done = list(islice(records, run.cursor))
    _read_rows(done, [each if each and each.name == table.key else None for each in columns], table, first_lines)
    while chunk := list(islice(records, CHUNK)):
        _work_at(run, table, columns, chunk, first_lines)
        if turn.is_over:
            return yield_turn(run, TASK, attempts=0)
    _end(run, ENDS[State(run.state)])


def _read_rows(
    records: Sequence[Record], columns: list[Column | None], table: Table, first_lines: dict[str, int]
) -> tuple[list[Row], Report]:
    """The rows without problems, and a report with those of the others."""
    report = Report()
    rows = [read_row(line, cells, columns, report) for line, cells in records]
    report_duplicates(rows, table.key, first_lines, report)
    lines = {problem.line for problem in report.problems}
    return [row for row in rows if row.line not in lines], report


def _work_at(
    run: ImportRun, table: Table, columns: list[Column | None], chunk: list[Record], first_lines: dict[str, int]
) -> None:
    rows, report = _read_rows(chunk, columns, table, first_lines)
    with transaction.atomic():
        with lock_merchant(run.merchant):
            save_good_rows(table, run.merchant, rows, report)
            if run.state == State.CHECKING:
                transaction.set_rollback(True)
        refusals = [*_refused_rows(run, columns, chunk, report)]
        RefusedRow.objects.bulk_create(refusals)
        changes = {
            "created_rows": run.created_rows + report.counts[Outcome.CREATED],
            "updated_rows": run.updated_rows + report.counts[Outcome.UPDATED],
            "unchanged_rows": run.unchanged_rows + report.counts[Outcome.UNCHANGED],
            "refused_rows": run.refused_rows + len(refusals),
            "attempts": 0,
            "remarks": add_remarks(run.remarks, report.remarks),
        }
        run.advance(run.cursor + len(chunk), **changes)
    for name, value in changes.items():
        setattr(run, name, value)


def _refused_rows(
    run: ImportRun, columns: list[Column | None], chunk: Sequence[Record], report: Report
) -> Iterator[RefusedRow]:
    reasons: dict[int, list[str]] = {}
    for problem in report.problems:
        reasons.setdefault(problem.line, []).append(
            f"{problem.column}: {problem.sentence}" if problem.column else problem.sentence
        )
    for line, cells in chunk:
        if line in reasons:
            yield RefusedRow(
                run=run, line=line, cells=hide_card_numbers(cells, columns), reason=" ".join(reasons[line])
            )


def add_remarks(known: list[list[Any]], new: Sequence[Remark]) -> list[list[Any]]:
    """`known` with `new`: each as what it says, how many rows it is about, and what to do."""
    counts = {(what, advice): count for what, count, advice in known}
    for remark in new:
        about = (remark.what, remark.advice)
        counts[about] = counts.get(about, 0) + len(remark.lines)
    return [[what, count, advice] for (what, advice), count in counts.items()]


def _end(run: ImportRun, state: State) -> None:
    """Nobody needs the file any more, unless it was only checked."""
    with transaction.atomic():
        if state == State.CHECKED:
            return run.release(state=state)
        run.release(state=state, finished=timezone.now())
        ImportPart.objects.filter(run=run).delete()
