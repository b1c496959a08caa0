"""One file in, whole or not at all."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.db import OperationalError, transaction
from psycopg.errors import LockNotAvailable

from subscriptions.errors import Refused
from subscriptions.importing.reading import read
from subscriptions.importing.report import Report
from subscriptions.importing.table import Row, Step, Table
from subscriptions.models import Merchant


def quietly(items: Sequence[Any], title: str) -> Iterable[Any]:
    return items


def import_file(table: Table, path: Path, merchant: Merchant, *, dry_run: bool = False, step: Step = quietly) -> Report:
    """Bring `path` in. Nothing is written when the report has problems, nor in a dry run, which checks all.

    Raises OSError when the file cannot be opened, `Refused` when rows are held by another write.
    """
    report = Report()
    rows = read(path, table, merchant, report, step)
    if not rows and report.problems:
        return report
    try:
        _save(table, rows, merchant, report, dry_run, step)
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise Refused("busy", "Another import or change is under way; try again in a moment.") from error
        raise
    return report


def _save(table: Table, rows: Sequence[Row], merchant: Merchant, report: Report, dry_run: bool, step: Step) -> None:
    with transaction.atomic():
        # One import of a merchant at a time: two would both make the rows that neither has found.
        Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
        table.save(merchant, rows, report, step)
        if dry_run or report.problems:
            transaction.set_rollback(True)
