"""The export of a list: its rows with its filters, in its order, as CSV."""

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse

from subscriptions import calendar
from subscriptions.staff.audit import Kind, audit
from subscriptions.staff.csv_files import csv_response, csv_time
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.lists.saved_views import normal_query

log = logging.getLogger(__name__)

CHUNK = 1000  # rows in memory


class Column(NamedTuple):
    """A column of the file: its title, and its value for a row with the list's facts."""

    title: str
    value: Callable[[Any], object]


def export_list(request: HttpRequest, model_admin: Any, chosen: QuerySet) -> StreamingHttpResponse:
    """The rows of `chosen`; who took them, with which filters, is in the audit and the log of the server."""
    name = str(model_admin.opts.verbose_name_plural)
    record_export(request, f"Took the list of {name} as a file: {normal_query(request.GET) or 'all'}.", name)
    header = [column.title for column in model_admin.csv_columns]
    return csv_response(export_name(request, name), header, list_rows(request, model_admin, chosen))


def record_export(request: HttpRequest, sentence: str, name: str) -> None:
    """Write down that staff take rows called `name` away."""
    audit(request, Kind.EXPORT, sentence, about=name)
    log.info("merchant %s: user %s exports %s: %s", merchant_of(request).pk, request.user.pk, name, sentence)


def export_name(request: HttpRequest, name: str) -> str:
    """The name of the file."""
    return f"{name.replace(' ', '-')}-{calendar.today(merchant_of(request).time_zone)}.csv"


def list_rows(request: HttpRequest, model_admin: Any, chosen: QuerySet) -> Iterator[list[object]]:
    columns: Sequence[Column] = model_admin.csv_columns
    zone = merchant_of(request).time_zone
    # The cursor on the server holds the keys alone, in the order of the list: it opens at once, however many there are.
    keys = chosen.values_list("pk", flat=True).iterator(chunk_size=CHUNK)
    while chunk := list(islice(keys, CHUNK)):
        found = model_admin.get_queryset(request).select_related(*model_admin.list_select_related or ()).in_bulk(chunk)
        rows = [found[key] for key in chunk if key in found]
        model_admin.add_facts(request, rows)
        yield from ([shown_value(column.value(row), zone) for column in columns] for row in rows)


def shown_value(value: object, zone: str) -> object:
    return csv_time(value, zone) if isinstance(value, datetime) else value
