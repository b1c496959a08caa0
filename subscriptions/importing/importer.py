"""Imports one file, all or nothing."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import OperationalError, transaction
from psycopg.errors import LockNotAvailable

from subscriptions.errors import Busy
from subscriptions.importing.csv_files import read_csv
from subscriptions.importing.report import Report
from subscriptions.importing.table import Progress, Table
from subscriptions.models import Merchant


def without_progress(items: Sequence[Any], title: str) -> Iterable[Any]:
    return items


def import_file(
    table: Table, path: Path, merchant: Merchant, *, dry_run: bool = False, progress: Progress = without_progress
) -> Report:
    """Import `path`. Nothing is written if the report has problems, or in a dry run, which checks everything.

    Raises OSError when the file cannot be opened, and `Busy` when another write holds rows of this merchant.
    """
    report = Report()
    with path.open("rb") as file:
        rows = read_csv(file, table, merchant, report, progress)
    if not rows and report.problems:
        return report
    with lock_merchant(merchant):
        table.save(merchant, rows, report, progress)
        if dry_run or report.problems:
            transaction.set_rollback(True)
    return report


@contextmanager
def lock_merchant(merchant: Merchant) -> Iterator[None]:
    """One import per merchant at a time: two at once would both create the rows that neither found."""
    try:
        with transaction.atomic():
            Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
            yield
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise Busy("Another import or change is under way; try again in a moment.") from error
        raise
