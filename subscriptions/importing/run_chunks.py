"""Goes through the file of an import run in chunks, each saved in one transaction with the cursor of the run."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from django.db import transaction

from subscriptions.importing.addresses_payments import hide_card_numbers
from subscriptions.importing.csv_files import read_row, report_duplicates
from subscriptions.importing.guesses import column_label
from subscriptions.importing.importer import lock_merchant
from subscriptions.importing.report import Outcome, Remark, Report
from subscriptions.importing.rows_to_save import save_good_rows
from subscriptions.importing.table import Column, Row
from subscriptions.importing.tables import TABLES
from subscriptions.importing.uploads import Record, read_records
from subscriptions.models import ImportRun, RefusedRow

CHUNK = 500  # records, few enough that other writes of the merchant hardly wait


class RunFile:
    """The records of a run's file that its cursor has not reached."""

    def __init__(self, run: ImportRun) -> None:
        self.table = TABLES[run.kind]
        known = {column.name: column for column in self.table.columns(run.merchant)}
        self.columns = [known.get(name) for name in run.columns]
        self.first_lines: dict[str, int] = {}
        """The line of each key so far, since a key may be there once in the whole file."""
        self.records = islice(read_records(run, Report()), 1, None)  # without the header
        key_alone = [column if column and column.name == self.table.key else None for column in self.columns]
        for done in _split(islice(self.records, run.cursor)):
            self.read_rows(done, key_alone)

    def chunks(self) -> Iterator[list[Record]]:
        return _split(self.records)

    def read_rows(
        self, records: Sequence[Record], columns: list[Column | None] | None = None
    ) -> tuple[list[Row], Report]:
        """The rows without problems, and a report with those of the others."""
        report = Report()
        rows = [read_row(line, cells, columns or self.columns, report) for line, cells in records]
        report_duplicates(rows, self.table.key, self.first_lines, report)
        lines = {problem.line for problem in report.problems}
        return [row for row in rows if row.line not in lines], report


def _split(records: Iterator[Record]) -> Iterator[list[Record]]:
    while chunk := list(islice(records, CHUNK)):
        yield chunk


def save_chunk(run: ImportRun, file: RunFile, chunk: Sequence[Record]) -> None:
    """Save the rows that can be saved, or only try to if the run is a check, and write the others down.

    Raises `Busy` when another write holds rows of the merchant, and `LeaseLost`.
    """
    rows, report = file.read_rows(chunk)
    with transaction.atomic():
        with lock_merchant(run.merchant):
            save_good_rows(file.table, run.merchant, rows, report)
            if run.state == ImportRun.State.CHECKING:
                transaction.set_rollback(True)
        refusals = [*_refused_rows(run, chunk, report)]
        RefusedRow.objects.bulk_create(refusals)
        changes = {
            "created_rows": run.created_rows + report.counts[Outcome.CREATED],
            "updated_rows": run.updated_rows + report.counts[Outcome.UPDATED],
            "unchanged_rows": run.unchanged_rows + report.counts[Outcome.UNCHANGED],
            "refused_rows": run.refused_rows + len(refusals),
            "remarks": add_remarks(run.remarks, report.remarks),
        }
        run.advance(run.cursor + len(chunk), attempts=0, **changes)
    for name, value in changes.items():
        setattr(run, name, value)


def _refused_rows(run: ImportRun, chunk: Sequence[Record], report: Report) -> Iterator[RefusedRow]:
    reasons: dict[int, list[str]] = {}
    for problem in report.problems:
        sentence = f"{column_label(problem.column)}: {problem.sentence}" if problem.column else problem.sentence
        reasons.setdefault(problem.line, []).append(sentence)
    for line, cells in chunk:
        if line in reasons:
            shown = hide_card_numbers(cells, run.columns)
            yield RefusedRow(run=run, line=line, cells=shown, reason=" ".join(reasons[line]))


def add_remarks(known: list[list[Any]], new: Sequence[Remark]) -> list[list[Any]]:
    """`known` with `new`: each as what it says, how many rows it is about, and what to do."""
    counts = {(what, advice): count for what, count, advice in known}
    for remark in new:
        about = (remark.what, remark.advice)
        counts[about] = counts.get(about, 0) + len(remark.lines)
    return [[what, count, advice] for (what, advice), count in counts.items()]
