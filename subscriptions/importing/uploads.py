"""Files that arrive in the browser, in parts, and what can be said of them before they are checked."""

from collections.abc import Iterator
from itertools import islice
from tempfile import TemporaryFile
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Length

from subscriptions.actors import Actor
from subscriptions.errors import Refused, refused
from subscriptions.importing.addresses_payments import hide_card_numbers
from subscriptions.importing.csv_files import clean_cell, split_records
from subscriptions.importing.guesses import guess_file
from subscriptions.importing.report import Report
from subscriptions.models import ImportPart, ImportRun, Merchant

LARGEST_FILE = 64 * 1024 * 1024  # bytes
EXAMPLES = 3
LONGEST_EXAMPLE = 60
MOST_COLUMNS = 300
LONGEST_NAME = 200
REFUSED_HEADER = ("Problem", "Line")  # what a file of refused rows has before the columns of the file they were in
Record = tuple[int, list[str]]


def begin_upload(merchant: Merchant, file_name: str, actor: Actor) -> ImportRun:
    return ImportRun.objects.create(merchant=merchant, file_name=file_name[-LONGEST_NAME:], actor=actor.as_json())


def add_part(run: ImportRun, number: int, content: bytes) -> None:
    """Store a part, which may arrive again after a lost answer. Raises `Refused` when the file gets too large."""
    with transaction.atomic():
        lock_uploading(run)
        sizes = run.parts.exclude(number=number).aggregate(size=Sum(Length("content")))
        if (sizes["size"] or 0) + len(content) > LARGEST_FILE:
            raise refused("file_too_large", most=LARGEST_FILE // 1024 // 1024)
        ImportPart.objects.update_or_create(run=run, number=number, defaults={"content": content})


def lock_uploading(run: ImportRun) -> None:
    held = ImportRun.objects.select_for_update(no_key=True)
    if not held.filter(pk=run.pk, state=ImportRun.State.UPLOADING).exists():
        raise refused("import_changed")


def finish_upload(run: ImportRun) -> None:
    """Look through the whole file and guess what it holds.

    Raises `Refused` for what is no CSV file with rows; that is deleted.
    """
    try:
        found = describe_file(run)
    except Refused:
        run.delete()
        raise
    uploading = ImportRun.objects.filter(pk=run.pk, state=ImportRun.State.UPLOADING)
    uploading.update(state=ImportRun.State.UPLOADED, **found)


def describe_file(run: ImportRun) -> dict[str, Any]:
    report = Report()
    records = read_records(run, report)
    _, names = next(records, (0, []))
    first = [cells for _, cells in islice(records, EXAMPLES)]
    total = len(first) + sum(1 for _ in records)
    if report.problems:
        raise refused("file_unreadable", why=_first_problem(report))
    if not total:
        raise refused("file_unreadable", why="It needs a first row with the names of its columns, and rows below it.")
    if len(names) > MOST_COLUMNS:
        raise refused("file_unreadable", why=f"It has more than {MOST_COLUMNS} columns.")
    header = [clean_cell(name.replace("\ufeff", "")) for name in names]
    kind, columns = columns_chosen_before(run.merchant, header) or guess_file(header, run.merchant)
    shown = [hide_card_numbers(cells, columns) for cells in first]
    examples = [
        [cells[place][:LONGEST_EXAMPLE] for cells in shown if place < len(cells)] for place in range(len(header))
    ]
    return {"header": header, "examples": examples, "kind": kind, "columns": columns, "total": total}


def columns_chosen_before(merchant: Merchant, header: list[str]) -> tuple[str, list[str]] | None:
    """What the last file with this header was said to hold; a file of its refused rows has two columns before it."""
    own = own_cells(header, header)
    state = ImportRun.State
    matched = merchant.import_runs.exclude(state__in=(state.UPLOADING, state.UPLOADED))
    last = matched.filter(header__in=[own, [*REFUSED_HEADER, *own]]).order_by("-created", "-pk").first()
    if last is None:
        return None
    return last.kind, [""] * (len(header) - len(own)) + own_cells(last.header, last.columns)


def own_cells(header: list[str], cells: list[str]) -> list[str]:
    """The cells of a row without what a file of refused rows has before them, as its `header` shows."""
    return cells[len(REFUSED_HEADER) :] if tuple(header[: len(REFUSED_HEADER)]) == REFUSED_HEADER else cells


def _first_problem(report: Report) -> str:
    problem = report.problems[0]
    return f"On line {problem.line:,}, {problem.sentence}"


def read_records(run: ImportRun, report: Report) -> Iterator[Record]:
    """The line and the cells of each record, the header first."""
    with TemporaryFile() as file:  # which may be too large for the memory of a small machine
        for content in run.parts.order_by("number").values_list("content", flat=True).iterator(chunk_size=1):
            file.write(content)
        file.seek(0)
        yield from split_records(file, report)
