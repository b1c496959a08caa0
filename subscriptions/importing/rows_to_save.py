"""Saves those of some rows that can be saved, and says why the others cannot."""

import logging
from collections.abc import Sequence

from django.db import OperationalError, transaction

from subscriptions.errors import DomainError
from subscriptions.importing.importer import without_progress
from subscriptions.importing.report import Report
from subscriptions.importing.table import Row, Table
from subscriptions.models import Merchant

log = logging.getLogger(__name__)
FAULT = "could not be imported because of a fault here; the log of the task workers says more."


def save_good_rows(table: Table, merchant: Merchant, rows: Sequence[Row], report: Report) -> None:
    """Save `rows` without those that have problems; these go into `report`. Use it within `lock_merchant`.

    A table saves all rows or none, so this repeats without the rows that had problems.
    """
    while rows:
        found = _try_to_save(table, merchant, rows)
        if found is None:
            return _save_each(table, merchant, rows, report)
        report.problems += found.problems
        if not found.problems:
            return report.add_outcome(found)
        refused = {problem.line for problem in found.problems}
        rows = [row for row in rows if row.line not in refused]


def _save_each(table: Table, merchant: Merchant, rows: Sequence[Row], report: Report) -> None:
    """Some row among them cannot even be tried; it must not take the others with it."""
    if len(rows) == 1:
        return report.add_problem(rows[0].line, "", FAULT)
    for row in rows:
        save_good_rows(table, merchant, [row], report)


def _try_to_save(table: Table, merchant: Merchant, rows: Sequence[Row]) -> Report | None:
    """What the table reports; it is undone if there are problems. None after an unforeseen error."""
    report = Report()
    try:
        with transaction.atomic():
            table.save(merchant, rows, report, without_progress)
            if report.problems:
                transaction.set_rollback(True)
    except (OperationalError, DomainError):
        raise  # the database or another write is in the way, not a row
    except Exception:
        log.exception("merchant %s: %ss on lines %s to %s", merchant.pk, table.noun, rows[0].line, rows[-1].line)
        return None
    return report
