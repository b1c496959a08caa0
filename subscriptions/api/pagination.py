"""The two modes of a list: numbered pages with a count, and cursors, which new rows do not shift."""

import base64
import json
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError as InvalidValue
from django.db.models import Q, QuerySet
from django.http import QueryDict
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.filters import BaseFilterBackend
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.web.whole_numbers import LARGEST, parse_whole_number
from subscriptions.api import changes

PAGE_SIZE, MAX_PAGE_SIZE = 10, 100
PAGE_SIZE_HINT = "Give a whole number from 1 to {}."
EXACT_COUNT = 10_000
"""Rows of a list that are counted one by one. Counting a million takes a second."""
INVALID = "Invalid cursor"
INVALID_PAGE = "Invalid page."


class Ordering(BaseFilterBackend):
    """`ordering=` with a key of the view's `orderings`, which map keys to columns; unknown keys are ignored.

    A second column breaks ties, so that every row has one place. It is reversed together with the first, because the
    list's index then serves both directions.
    """

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        return queryset.order_by(*self.terms(request.query_params, view))

    @staticmethod
    def terms(params: QueryDict, view: Any) -> tuple[str, str]:
        wanted = params.get("ordering", "")
        column = view.orderings.get(wanted.removeprefix("-")) or bounded_time(params, view)
        if column is None:
            return view.default_order
        first, tie_breaker = view.default_order
        is_descending = wanted.removeprefix("-") not in view.orderings or wanted.startswith("-")
        is_reversed = is_descending != first.startswith("-")
        return ("-" if is_descending else "") + column, reversed_term(tie_breaker) if is_reversed else tie_breaker

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        choices = ", ".join(f"`{name}`, `-{name}`" for name in view.orderings)
        by_time = " A list with a bound of a time goes by it, the newest first, unless this is given."
        hint = f"{choices}; others are ignored.{by_time if view.times else ''}"
        return [_parameter("ordering", "string", hint)] if choices else []


def bounded_time(params: QueryDict, view: Any) -> str | None:
    """The column of the first of the view's `times` that the filters bound.

    In any other order, the database would read the rows outside of the bound, too.
    """
    for name, column in view.times.items():
        if any(params.get(bound) for bound in (name, f"{name}_start", f"{name}_end")):
            return str(column)
    return None


def reversed_term(term: str) -> str:
    return term.removeprefix("-") if term.startswith("-") else f"-{term}"


def read_page_size(request: Request, largest: int) -> int:
    """How many rows the client wants on a page, cut to the `largest`. Raises `ValidationError`."""
    text = request.query_params.get("page_size", "").strip()
    size = parse_whole_number(text) if text else PAGE_SIZE
    if not size:
        raise ValidationError({"page_size": [PAGE_SIZE_HINT.format(largest)]})
    return min(size, largest)


def list_parts(rows: QuerySet[Any], view: Any) -> list[QuerySet[Any]]:
    """`rows` in parts that an index has in their order: one for each `status` that is asked for."""
    statuses = {value for value in view.request.query_params.getlist("status") if value}
    column = view.status_column(rows)
    return [rows.filter(**{column: status}) for status in sorted(statuses)] if column and statuses else [rows]


def first_keys(rows: QuerySet[Any], view: Any, number: int) -> QuerySet[Any]:
    """At least the first `number` of `rows`, by a key that the list's index has: no row needs to be read for it."""
    key = unique_key(rows)
    first, *others = [part.values(key)[:number] for part in list_parts(rows, view)]
    return first.union(*others, all=True) if others else first


def slice_rows(rows: QuerySet[Any], view: Any, start: int, end: int) -> list[Any]:
    """`rows[start:end]`; neither the rows before them nor what belongs to these is read."""
    keys = first_keys(rows, view, end)
    found = rows.filter(**{f"{unique_key(rows)}__in": keys if keys.query.combinator else keys[start:]})
    return list(found[start:end] if keys.query.combinator else found)


def unique_key(rows: QuerySet[Any]) -> str:
    """The column that breaks ties, if it does so alone."""
    name = str(rows.query.order_by[1]).removeprefix("-")
    return name if rows.model._meta.get_field(name).unique else "pk"


def bounded_count(rows: QuerySet[Any], view: Any) -> int:
    """The number of `rows` if it is at most `EXACT_COUNT`; otherwise an estimate, which is more than that."""
    counted: int = first_keys(rows, view, EXACT_COUNT + 1).count()
    return counted if counted <= EXACT_COUNT else max(counted, estimate_count(rows.order_by().values("pk")))


def estimate_count(rows: QuerySet[Any]) -> int:
    """How many rows the planner expects, from the statistics of the tables."""
    (plan,) = json.loads(rows.explain(format="json"))
    expected: int = plan["Plan"]["Plan Rows"]
    return expected


class Pages(BasePagination):
    """Numbered pages. A count up to `EXACT_COUNT` is exact; a higher one is an estimate until the last page."""

    largest_page = MAX_PAGE_SIZE

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        size = read_page_size(request, self.largest_page)
        self.number = parse_whole_number(request.query_params.get("page", "").strip() or "1") or 0
        start = (self.number - 1) * size
        if not 0 <= start < LARGEST - size:
            raise NotFound(INVALID_PAGE)
        end = start + size
        rows = slice_rows(queryset, view, start, end + 1)
        if start and not rows:
            raise NotFound(INVALID_PAGE)
        # One row more than the page: `next` needs no count.
        self.has_next = len(rows) > size
        known = start + len(rows)
        self.count = max(known, bounded_count(queryset, view)) if self.has_next else known
        return rows[:size]

    def get_paginated_response(self, data: Any) -> Response:
        next_link = page_link(self.request, page=self.number + 1) if self.has_next else None
        previous_link = page_link(self.request, page=self.number - 1) if self.number > 1 else None
        return Response({"count": self.count, "next": next_link, "previous": previous_link, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        address = {"type": ["string", "null"], "format": "uri"}
        count = {
            "type": "integer",
            "description": f"Exact up to {EXACT_COUNT:,}, and an estimate beyond. Not in cursor mode.",
        }
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"count": count, "next": address, "previous": address, "results": schema},
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        return [
            _parameter("page", "integer", "From 1; not in cursor mode.", minimum=1),
            _parameter(
                "page_size", "integer", f"{PAGE_SIZE} by default; more than {self.largest_page} is cut.", minimum=1
            ),
            _parameter("cursor", "string", "From `next` or `previous`; it means cursor mode."),
        ]


class Cursors(BasePagination):
    """Continues after the last row of a page, by the values of the two columns that the queryset is ordered by."""

    largest_page = MAX_PAGE_SIZE

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        self.terms: tuple[str, str] = queryset.query.order_by
        size = read_page_size(request, self.largest_page)
        cursor = request.query_params.get("cursor")
        backwards, after = decode_cursor(cursor) if cursor else (False, None)
        try:
            rows = slice_rows(self._rows_after(queryset, backwards, after), view, 0, size + 1)
        except (InvalidValue, ValueError, OverflowError):
            raise NotFound(INVALID) from None
        more, rows = len(rows) > size, rows[:size]
        if backwards:
            rows.reverse()
        self.next = self._encode(rows[-1:], False) if more or backwards else None
        self.previous = self._encode(rows[:1], True) if (more if backwards else after) else None
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        until = changes.link_parameters(self.request)
        next_link = page_link(self.request, cursor=self.next, **until) if self.next else None
        previous_link = page_link(self.request, cursor=self.previous, **until) if self.previous else None
        return Response({"next": next_link, "previous": previous_link, "results": data})

    def _rows_after(self, rows: QuerySet[Any], backwards: bool, after: list[str] | None) -> QuerySet[Any]:
        terms = [reversed_term(term) if backwards else term for term in self.terms]
        rows = rows.order_by(*terms)
        if after is None:
            return rows
        (column, beyond), (tie_breaker, beyond_tie) = [
            (term.removeprefix("-"), "lt" if term.startswith("-") else "gt") for term in terms
        ]
        value, tie_value = after
        # The second condition implies the first, but only the first can use an index.
        return rows.filter(
            Q(**{f"{column}__{beyond}e": value}),
            Q(**{f"{column}__{beyond}": value}) | Q(**{f"{tie_breaker}__{beyond_tie}": tie_value}),
        )

    def _encode(self, rows: list[Any], backwards: bool) -> str | None:
        if not rows:
            return None
        values = [value_at_path(rows[0], term.removeprefix("-")) for term in self.terms]
        texts = [value.isoformat() if isinstance(value, datetime) else str(value) for value in values]
        return encode_cursor(backwards, texts)


def value_at_path(row: Any, path: str) -> Any:
    for name in path.split("__"):
        row = getattr(row, name)
    return row


def encode_cursor(backwards: bool, values: list[str]) -> str:
    return base64.urlsafe_b64encode(json.dumps([backwards, *values]).encode()).decode().rstrip("=")


def decode_cursor(text: str) -> tuple[bool, list[str]]:
    """Whether a cursor goes backwards, and the values of the row it starts at."""
    try:
        backwards, value, tie_value = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, TypeError, RecursionError):
        raise NotFound(INVALID) from None
    if not (isinstance(backwards, bool) and isinstance(value, str) and isinstance(tie_value, str)):
        raise NotFound(INVALID)
    return backwards, [value, tie_value]


def page_link(request: Request, **place: object) -> str:
    """The absolute URL of the same list at another page or cursor, with all filters."""
    query: QueryDict = request.query_params.copy()
    for name, value in place.items():
        query[name] = str(value)
    root = settings.PUBLIC_URL or "{0.scheme}://{0.netloc}".format(urlsplit(request.build_absolute_uri()))
    return f"{root}{request._request.path}?{query.urlencode()}"


def _parameter(name: str, kind: str, description: str, **rules: int) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": {"type": kind, **rules}}
