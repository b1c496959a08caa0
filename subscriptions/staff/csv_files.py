"""CSV files for spreadsheets, made row by row."""

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain
from typing import Any

from django.http import StreamingHttpResponse

from subscriptions import calendar
from subscriptions.staff.display import escape_formula

LINES_OF_A_PART = 200


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def csv_response(name: str, header: list[str], rows: Iterable[list[Any]]) -> StreamingHttpResponse:
    """A file to download. `rows` are read while it is sent, outside the page's time zone."""
    response = StreamingHttpResponse(csv_lines(header, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


def csv_lines(header: list[str], rows: Iterable[list[Any]]) -> Iterator[str]:
    """The file in parts of some lines each; sending every line alone would take longer than making it."""
    writer = csv.writer(_Echo())
    # Without a byte order mark Excel reads UTF-8 as another encoding.
    part = ["\ufeff"]
    for row in chain([header], rows):
        part.append(writer.writerow([escape_formula(cell) if isinstance(cell, str) else cell for cell in row]))
        if len(part) >= LINES_OF_A_PART:
            yield "".join(part)
            part.clear()
    yield "".join(part)


def csv_time(moment: datetime | None, zone: str) -> str:
    """The merchant's time as spreadsheets read it; empty for none."""
    return f"{calendar.local_time(moment, zone):%Y-%m-%d %H:%M:%S}" if moment else ""
