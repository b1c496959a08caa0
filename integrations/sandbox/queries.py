"""`filter`, `sort` and paging of lists in Klaviyo's syntax."""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

from common.web.whole_numbers import parse_whole_number
from integrations.sandbox.errors import invalid_parameter

Row = TypeVar("Row", bound=Model)
TERM = re.compile(r"""([a-z-]+)\(([\w.]+),\s*("[^"]*"|'[^']*'|[^()"',]+)\)(?:,\s*(?=[a-z])|$)""", re.ASCII)
LOOKUPS = {
    "equals": "",
    "greater-than": "__gt",
    "greater-or-equal": "__gte",
    "less-than": "__lt",
    "less-or-equal": "__lte",
}
EQUALS = ("equals",)
COMPARISONS = ("greater-than", "greater-or-equal", "less-than", "less-or-equal")


@dataclass(frozen=True)
class Filter:
    """A field that a list may be filtered by; `convert` raises ValueError for an invalid value."""

    column: str
    operators: tuple[str, ...]
    convert: Callable[[str], Any]


def parse_datetime(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("no offset")
    return at


def parse_timestamp(text: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(text), UTC)
    except (OverflowError, OSError) as error:
        raise ValueError("out of range") from error


EVENT_FILTERS = {
    "profile_id": Filter("profile__public_id", EQUALS, UUID),
    "datetime": Filter("time", COMPARISONS, parse_datetime),
    "timestamp": Filter("time", COMPARISONS, parse_timestamp),
}
PROFILE_FILTERS = {
    "id": Filter("public_id", EQUALS, UUID),
    "email": Filter("email", EQUALS, str.lower),
    "phone_number": Filter("phone_number", EQUALS, str),
    "created": Filter("created", COMPARISONS, parse_datetime),
    "updated": Filter("updated", COMPARISONS, parse_datetime),
}


def parse_filter(text: str, filters: dict[str, Filter]) -> Q:
    """`equals(metric_id,"x"),greater-than(datetime,2026-11-20T00:00:00Z)` as a Q. Raises Fault 400."""
    if "\0" in text:
        raise invalid_parameter("filter", "The filter contains a NUL character.")
    found, position = Q(), 0
    while position < len(text):
        term = TERM.match(text, position)
        if term is None:
            raise invalid_parameter("filter", f"Unexpected '{text[position : position + 40]}' in the filter.")
        found &= _parse_term(term, filters)
        position = term.end()
    return found


def _parse_term(term: re.Match[str], filters: dict[str, Filter]) -> Q:
    operator, field, value = term.groups()
    allowed = filters.get(field)
    if allowed is None or operator not in allowed.operators:
        raise invalid_parameter("filter", f"'{operator}' is not allowed on '{field}' here.")
    try:
        return Q(**{allowed.column + LOOKUPS[operator]: allowed.convert(value.strip("\"' "))})
    except ValueError as error:
        raise invalid_parameter("filter", f"{value} is not a valid value of '{field}'.") from error


@dataclass(frozen=True)
class Paging:
    """How one list is sorted and paged: `sorts` maps the values of `sort` to columns with times."""

    sorts: dict[str, str]
    default_sort: str
    default_size: int
    largest_size: int

    def page(self, rows: QuerySet[Row], query: QueryDict) -> tuple[list[Row], str | None]:
        """One page, and the query string of the next page or None. Raises Fault 400."""
        column, backwards = self._order(query.get("sort", self.default_sort))
        size = self._size(query.get("page[size]", str(self.default_size)))
        if (cursor := query.get("page[cursor]")) is not None:
            rows = rows.filter(_rows_after(column, backwards, cursor))
        sign = "-" if backwards else ""
        found = list(rows.order_by(f"{sign}{column}", f"{sign}id")[: size + 1])
        if len(found) <= size:
            return found, None
        following = query.copy()
        following["page[cursor]"] = _encode_cursor(column, found[size - 1])
        return found[:size], following.urlencode()

    def _order(self, sort: str) -> tuple[str, bool]:
        name = sort.removeprefix("-")
        if name not in self.sorts:
            raise invalid_parameter("sort", f"Sort by one of: {', '.join(self.sorts)}.")
        return self.sorts[name], sort != name

    def _size(self, text: str) -> int:
        size = parse_whole_number(text) or 0
        if not 1 <= size <= self.largest_size:
            raise invalid_parameter("page[size]", f"Page size must be between 1 and {self.largest_size}.")
        return size


EVENT_PAGING = Paging({"datetime": "time", "timestamp": "time"}, "-datetime", 200, 1000)
PROFILE_PAGING = Paging({"created": "created", "updated": "updated"}, "-created", 20, 100)


def _encode_cursor(column: str, row: Model) -> str:
    place = [getattr(row, column).isoformat(), row.pk]
    return urlsafe_b64encode(json.dumps(place).encode()).decode()


def _rows_after(column: str, backwards: bool, cursor: str) -> Q:
    try:
        text, key = json.loads(urlsafe_b64decode(cursor))
        at, key = parse_datetime(text), int(key)
    except (ValueError, TypeError) as error:
        raise invalid_parameter("page[cursor]", "Invalid cursor; take it from links.next.") from error
    side = "__lt" if backwards else "__gt"
    return Q(**{column + side: at}) | Q(**{column: at, "id" + side: key})
