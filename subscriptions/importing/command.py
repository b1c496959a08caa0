"""The base class of the three import commands."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q
from tqdm import tqdm

from common.web.public_ids import parse_public_id
from subscriptions.errors import DomainError
from subscriptions.importing.importer import import_file
from subscriptions.importing.report import Report
from subscriptions.importing.table import Table
from subscriptions.models import Merchant

MOST_SHOWN = 100


class ImportCommand(BaseCommand):
    """A subclass sets the table that it imports."""

    table: ClassVar[Table]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="A CSV file; docs/merchants/importing.md lists its columns.")
        parser.add_argument("--merchant", required=True, help="The merchant's public id or name.")
        parser.add_argument("--dry-run", action="store_true", help="Check everything and write nothing.")

    def handle(self, *, file: Path, merchant: str, dry_run: bool, **options: Any) -> None:
        owner = find_merchant(merchant)
        try:
            report = import_file(self.table, file, owner, dry_run=dry_run, progress=self._show_progress)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except DomainError as error:
            raise CommandError(error.sentence) from error
        for notice in report.notices:
            self.stderr.write(self.style.NOTICE(notice))
        if report.problems:
            self._fail(report)
        done = "Dry run, nothing was written. Would have imported" if dry_run else "Imported"
        self.stdout.write(f"{done} {self.table.noun}s: {report}.")

    def _fail(self, report: Report) -> None:
        problems = sorted(report.problems, key=lambda problem: problem.line)
        for problem in problems[:MOST_SHOWN]:
            self.stderr.write(str(problem))
        if len(problems) > MOST_SHOWN:
            self.stderr.write(f"… and {len(problems) - MOST_SHOWN:,} more.")
        rows = len({problem.line for problem in problems})
        raise CommandError(f"Problems: {len(problems):,}, on lines: {rows:,}. Nothing was imported.")

    def _show_progress(self, items: Sequence[Any], title: str) -> Iterable[Any]:
        quiet = not sys.stderr.isatty()
        bar: Iterable[Any] = tqdm(items, desc=title, file=sys.stderr, disable=quiet, leave=False)
        return bar


def find_merchant(wanted: str) -> Merchant:
    """The merchant with this public id or name. Raises CommandError, which lists the existing merchants."""
    condition = Q(name__iexact=wanted)
    if public_id := parse_public_id(wanted, any_spelling=True):
        condition |= Q(public_id=public_id)
    found = list(Merchant.objects.filter(condition))
    if len(found) == 1:
        return found[0]
    candidates = found or list(Merchant.objects.order_by("name")[:20])
    choices = "; ".join(f"{each.name} ({each.public_id.hex})" for each in candidates) or "none yet"
    count = "more than one merchant" if found else "no merchant"
    raise CommandError(f"There is {count} “{wanted}”. Name one by its public id: {choices}.")
