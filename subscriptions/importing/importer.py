"""One file in, whole or not at all."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.db import OperationalError, transaction
from psycopg.errors import LockNotAvailable

from subscriptions.errors import Refused
from subscriptions.importing.csv_files import read_csv
from subscriptions.importing.report import Report
from subscriptions.importing.table import Progress, Row, Table
from subscriptions.models import Merchant


def without_progress(items: Sequence[Any], title: str) -> Iterable[Any]:
    return items


def import_file(
    table: Table, path: Path, merchant: Merchant, *, dry_run: bool = False, progress: Progress = without_progress
) -> Report:
    """Bring `path` in. Nothing is written when the report has problems, nor in a dry run, which checks all.

    Raises OSError when the file cannot be opened, `Refused` when rows are held by another write.
    """
    report = Report()
    rows = read_csv(path, table, merchant, report, progress)
    if not rows and report.problems:
        return report
    try:
        _save(table, rows, merchant, report, dry_run, progress)
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise Refused("busy", "Another import or change is under way; try again in a moment.") from error
        raise
    return report


def _save(
    table: Table, rows: Sequence[Row], merchant: Merchant, report: Report, dry_run: bool, progress: Progress
) -> None:
    with transaction.atomic():
        # One import of a merchant at a time: two would both make the rows that neither has found.
        Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
        table.save(merchant, rows, report, progress)
        if dry_run or report.problems:
            transaction.set_rollback(True)
