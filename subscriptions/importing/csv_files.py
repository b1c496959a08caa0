"""Reads CSV into rows, and reports each cell that cannot be read."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import BinaryIO

from subscriptions.importing.report import Report
from subscriptions.importing.table import KEEP, Column, Progress, Row, Table
from subscriptions.models import Merchant

DELIMITERS = ",;\t"
# A first line that tells spreadsheets which character separates the fields.
DIRECTIVE = re.compile(r"""\s*"?sep=(?P<delimiter>[^"\r\n]*)"?(?:\r\n?|\n|$)""", re.IGNORECASE)
SAVE_ANEW = "save the file as “CSV UTF-8” and try again."
# Spreadsheets write a text that looks like a number as a formula.
TEXT_FORMULA = re.compile(r'="(.*)"', re.DOTALL)
# What keeps a text from becoming a formula; a phone number with its plus sign is exported so.
ESCAPED_FORMULA = re.compile(r"^'(?=[=+\-@＝＋－＠])")


class UnreadableError(Exception):
    """A file cannot be read from this line on."""

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(line, sentence)
        self.line, self.sentence = line, sentence


def read_csv(file: BinaryIO, table: Table, merchant: Merchant, report: Report, progress: Progress) -> list[Row]:
    """The rows of a file that have no problems; the problems of the others go into `report`."""
    records = list(split_records(file, report))
    if report.problems:
        return []
    if not records:
        report.add_problem(1, "", f"the file is empty; it needs a header row and one row for each {table.noun}.")
        return []
    columns = match_header(*records[0], table.columns(merchant), report)
    if report.problems:
        return []
    rows = [read_row(line, cells, columns, report) for line, cells in progress(records[1:], "reading")]
    report_duplicates(rows, table.key, {}, report)
    lines_with_problems = {problem.line for problem in report.problems}
    return [row for row in rows if row.line not in lines_with_problems]


def read_lines(file: BinaryIO) -> Iterator[str]:
    """The lines of a text with their ends. Raises `UnreadableError` where it is none."""
    # What spreadsheets call Unicode text. It begins with a byte order mark, by which the codec knows the order.
    is_utf16 = file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    file.seek(0)
    number = 0
    try:
        text = io.TextIOWrapper(file, "utf-16" if is_utf16 else "utf-8-sig", newline="")
        for number, line in enumerate(text, 1):
            if "\0" in line:
                raise UnreadableError(number, f"there is a NUL character; {SAVE_ANEW}")
            yield line
    except UnicodeDecodeError as error:
        # The decoder is given more only when there is no whole line left of what it had.
        undecoded = error.object[: error.start].count(b"\n")
        raise UnreadableError(number + undecoded + 1, f"the text is not UTF-8; {SAVE_ANEW}") from None


def split_records(file: BinaryIO, report: Report) -> Iterator[tuple[int, list[str]]]:
    """Each record's cells, with the line on which the record begins. A quoted cell may hold line breaks.

    What is read of the file is not kept. What is wrong with it goes into `report`, and ends the records.
    """
    begins = 0
    try:
        begins, delimiter, lines = _find_delimiter(read_lines(file))
        skipped = begins - 1
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield begins, cells
            begins = skipped + reader.line_num + 1
    except UnreadableError as error:
        report.add_problem(error.line, "", error.sentence)
    except csv.Error as error:
        report.add_problem(begins, "", f"this is not CSV ({error}); check that every quote that opens also closes.")


def _find_delimiter(lines: Iterator[str]) -> tuple[int, str, Iterator[str]]:
    """The number of the first line that is not empty, what separates its fields, and the lines from there on."""
    for number, line in enumerate(lines, 1):
        if directive := DIRECTIVE.match(line):
            delimiter = directive["delimiter"].strip(" ")
            if delimiter not in [*DELIMITERS, "|"]:
                raise UnreadableError(number, "“sep=” must name a comma, a semicolon, a tab or | as the separator.")
            return number + 1, delimiter, lines
        if line.strip():
            return number, max(DELIMITERS, key=line.count), chain([line], lines)
    return 1, DELIMITERS[0], lines


def match_header(line: int, names: list[str], columns: Sequence[Column], report: Report) -> list[Column | None]:
    """The column of each name in the header; None for an unknown name."""
    known = {column.name: column for column in columns}
    given = ["_".join(name.replace("\ufeff", "").lower().split()) for name in names]
    for name in sorted({name for name in given if name in known and given.count(name) > 1}):
        report.add_problem(line, name, "this column appears twice; keep one.")
    for column in columns:
        if column.required and column.name not in given:
            report.add_problem(line, column.name, f"this column is missing; the header has: {', '.join(given)}.")
    if unknown := [name for name in given if name and name not in known]:
        report.add_remark(f"Ignored columns: {', '.join(unknown)}.")
    return [known.get(name) for name in given]


def read_row(line: int, cells: list[str], columns: list[Column | None], report: Report) -> Row:
    row = Row(line, {})
    if not any(cell.strip() for cell in cells[len(columns) :]):
        cells = cells[: len(columns)]  # spreadsheets fill rows with empty cells
    if len(cells) != len(columns):
        report.add_problem(
            line,
            "",
            f"the row has {len(cells)} fields and the header {len(columns)}; check commas and quotes.",
        )
        return row
    for column, cell in zip(columns, cells, strict=True):
        if column:
            _read_cell(row, column, clean_cell(cell), report)
    return row


def clean_cell(cell: str) -> str:
    """The text of a cell without what spreadsheets, and our own exports, put around it to keep it as it is."""
    text = cell.strip()
    formula = TEXT_FORMULA.fullmatch(text)
    return (formula[1] if formula else ESCAPED_FORMULA.sub("", text)).strip()


def _read_cell(row: Row, column: Column, cell: str, report: Report) -> None:
    if not cell:
        if column.required:
            report.add_problem(row.line, column.name, "the cell is empty; every row needs a value here.")
        elif column.empty is not KEEP:
            row.values[column.name] = column.empty
        return
    try:
        row.values[column.name] = column.read(cell)
    except ValueError as error:
        report.add_problem(row.line, column.name, str(error))


def report_duplicates(rows: Sequence[Row], key: str, first: dict[str, int], report: Report) -> None:
    """Report rows whose key was there before. `first` has the line of each key so far, and gets those of `rows`."""
    for row in rows:
        value = row.values.get(key)
        if value is not None and first.setdefault(value, row.line) != row.line:
            report.add_problem(row.line, key, f"“{value}” is on line {first[value]} already; keep one of the two.")
