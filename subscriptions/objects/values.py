"""The kinds of values: ids in hex, times in the merchant's time zone, amounts as text, and so on."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from common.web.public_ids import PUBLIC_ID_PATTERN
from subscriptions.objects.object_type import Schema, Value

HEX: Schema = {"type": "string", "pattern": f"^{PUBLIC_ID_PATTERN}$", "example": "019a9d0cc2f57b0a8d1be26a4d8a3f10"}
LOCAL_TIME: Schema = {
    "type": "string",
    "pattern": r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$",
    "example": "2026-11-20 09:30:00",
}
DECIMAL: Schema = {"type": "string", "pattern": r"^\d+\.\d\d$", "example": "12.50"}
STRING: Schema = {"type": "string"}
INTEGER: Schema = {"type": "integer"}


def choice(value: Value, choices: Iterable[Any]) -> Value:
    """A value that is always one of `choices`."""
    return replace(value, schema={**value.schema, "enum": list(choices)})


def fixed_value(value: Any, schema: Schema) -> Value:
    """The same value for every row."""
    return Value(schema, source=lambda *_: value)


def in_unix_time(value: Value) -> Value:
    """`value`, or if it is a time in the merchant's zone, the same time in seconds since 1970."""
    is_time = value.convert is TIME.convert
    return replace(value, schema=UNIX_TIME.schema, convert=UNIX_TIME.convert) if is_time else value


def write_time(moment: datetime, zone: str) -> str:
    """`2026-11-20 09:30:00`, in that time zone."""
    # Several times as fast as strftime, and a page of orders has hundreds of values.
    return moment.astimezone(ZoneInfo(zone)).isoformat(" ", "seconds")[:19]


def write_utc(moment: datetime) -> str:
    """`2026-11-20T14:30:00Z`."""
    return f"{write_time(moment, 'UTC').replace(' ', 'T')}Z"


def write_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


TEXT = Value(STRING)
NUMBER = Value(INTEGER)
FLAG = Value({"type": "boolean"})
FLOAT = Value({"type": "number", "format": "double"}, lambda amount, _: float(amount))
MONEY = Value(DECIMAL, lambda amount, _: f"{amount:.2f}")
DAY = Value({"type": "string", "format": "date"}, lambda day, _: day.isoformat())
UTC_TIME = Value(
    {"type": "string", "format": "date-time", "example": "2026-11-20T14:30:00Z"},
    lambda moment, _: write_utc(moment),
)
CLOCK_TIME = Value(LOCAL_TIME, lambda moment, _: moment.isoformat(" ", "seconds"))
TIME = Value(LOCAL_TIME, lambda moment, merchant: write_time(moment, merchant.time_zone))
UNIX_TIME = Value(INTEGER, lambda moment, _: int(moment.timestamp()))
ID = Value(HEX, lambda public_id, _: public_id.hex)
# The id of the row that an attribute points at.
REFERENCE = Value(HEX, lambda row, _: row.public_id.hex)
MERCHANT_ID = ID.of(lambda _, merchant: merchant.public_id)
JSON_OBJECT = Value({"type": "object", "additionalProperties": True})
# An object as JSON text.
JSON_TEXT = Value(STRING, lambda value, _: write_json(value))
# Keys that clients expect, but that are unused here.
ALWAYS_NULL = fixed_value(None, {"const": None})
ALWAYS_EMPTY = fixed_value([], {"type": "array", "items": {}})
