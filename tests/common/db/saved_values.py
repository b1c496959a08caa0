"""Values for each kind of column, and the ways of writing them that must agree with `save()`."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import models
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext_lazy

from common.db import insert, insert_many
from tests.common.db import throwaway as t

KEY = "00112233-4455-6677-8899-aabbccddeeff"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

# A field, and values of which each is written in one way by `save()`.
VALUES: dict[str, list[Any]] = {
    "text": [
        "x",
        "",
        "100% \\ \"'",
        t.Size.LARGE,
        t.Colour.RED,
        5,
        True,
        UUID(KEY),
        gettext_lazy("Yes"),
        Decimal("1.50"),
    ],
    "long": ["x", gettext_lazy("Yes"), Decimal("1.50"), t.Size.SMALL, 5, date(2026, 2, 3)],
    "slug": ["a-b", t.Size.SMALL],
    "email": ["a@b.test"],
    "secret": ["s3cret", "", 5 and "12"],
    "upper": ["loud"],
    "number": [7, -7, "7", 7.0, True, t.Level.HIGH, Decimal(7)],
    "small": [7, "7", t.Level.LOW],
    "big": [2**60, "7"],
    "positive": [7, t.Level.LOW],
    "amount": [Decimal("1.005"), Decimal("1.015"), Decimal("2"), 1.1, "2.5", 3, True],
    "cents": [Decimal("1.005"), Decimal("-0.004"), 1.1, "2.5", 3],
    "ratio": [0.1, 1, "2.5", Decimal("0.5")],
    "flag": [True, False, 1, 0, "t", "False"],
    "day": [date(2026, 2, 3), "2026-02-03", NOON, datetime(2026, 2, 3, 23, 30, tzinfo=UTC), datetime(2026, 2, 3)],
    "moment": [NOON, "2026-03-01T12:00:00Z", "2026-03-01 12:00", datetime(2026, 7, 1, 12), date(2026, 2, 3)],
    "hour": [time(8, 30), "08:30", datetime(2026, 7, 1, 12)],
    "length": [timedelta(days=2, seconds=3)],
    "uuid": [UUID(KEY), KEY, UUID(KEY).hex, UUID(KEY).int],
    "address": ["10.0.0.1", "2001:db8::1"],
    "data": [{"a": ["Ü", None, 'q"\\']}, [], "text", 5, True, {"at": NOON, "sum": Decimal("1.50")}],
    "numbers": [[1, 2], [], (3,), [t.Level.HIGH], ["4"], [None, 5]],
    "words": [["a", 'b"c', "d,e"], [], [t.Size.LARGE], ["{}"]],
    "grid": [[[1, 2], [3, 4]], []],
    "days": [DateRange(date(2026, 1, 1), date(2026, 2, 1)), (date(2026, 1, 1), None), DateRange(empty=True)],
    "raw": [b"\x00\xff", bytearray(b"x"), memoryview(b"y")],
}
CASES = [(name, value) for name, values in VALUES.items() for value in [*values, None]]


def save(rows: list[models.Model]) -> None:
    for row in rows:
        row.save()


def insert_each(rows: list[models.Model]) -> None:
    for row in rows:
        insert(row)


WRITERS: dict[str, Callable[[list[models.Model]], None]] = {
    "insert": insert_each,
    "insert_many": insert_many,
    "insert_many without ids": lambda rows: insert_many(rows, fetch_ids=False),
}


def saved_and_written(
    model: type[models.Model], write: Callable[..., None], rows: list[dict[str, Any]], *left_out: str
) -> tuple[Any, Any]:
    """What lies in the table after `save()`, and after `write`."""
    save([model(**row) for row in rows])
    saved = t.stored(model, *left_out)
    model._base_manager.all().delete()
    write([model(**row) for row in rows])
    return saved, t.stored(model, *left_out)
