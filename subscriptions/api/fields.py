"""How values look in answers: ids in hex, times in the merchant's zone, money as strings."""

import json
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from drf_spectacular.drainage import set_override
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from subscriptions.models import Merchant

HEX = {"type": "string", "pattern": "^[0-9a-f]{32}$", "example": "019a9d0cc2f57b0a8d1be26a4d8a3f10"}
STAMP = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$", "example": "2026-11-20 09:30:00"}
MONEY = {"type": "string", "pattern": r"^\d+\.\d\d$", "example": "12.50"}


FORMS = {str: {"type": "string"}, int: {"type": "integer"}, list: {"type": "array", "items": {}}}


class Shown(serializers.Field):
    """A read-only value."""

    def __init__(self, **options: Any) -> None:
        super().__init__(read_only=True, **options)

    @property
    def merchant(self) -> Merchant:
        merchant: Merchant = self.context["merchant"]
        return merchant


@extend_schema_field(HEX)
class Id(Shown):
    def to_representation(self, value: Any) -> str:
        return str(value.hex)


class Ref(Id):
    """The id of the row the attribute of this name points at; None where it points nowhere."""

    def get_attribute(self, row: Any) -> Any:
        target = getattr(row, str(self.source))
        return target and target.public_id


@extend_schema_field(HEX)
class MerchantId(Shown):
    def __init__(self) -> None:
        super().__init__(source="*")

    def to_representation(self, row: Any) -> str:
        return self.merchant.public_id.hex


@extend_schema_field(STAMP)
class Stamp(Shown):
    """A moment as the merchant's clock shows it."""

    def to_representation(self, value: datetime) -> str:
        return value.astimezone(ZoneInfo(self.merchant.time_zone)).strftime("%Y-%m-%d %H:%M:%S")


@extend_schema_field({"type": "string", "format": "date"})
class Day(Shown):
    def to_representation(self, value: date) -> str:
        return value.isoformat()


@extend_schema_field(MONEY)
class Money(Shown):
    def to_representation(self, value: Any) -> str:
        return f"{value:.2f}"


@extend_schema_field({"type": "string"})
class Text(Shown):
    def to_representation(self, value: Any) -> str:
        return str(value)


@extend_schema_field({"type": "string"})
class JsonText(Shown):
    """An object as a string of JSON."""

    def to_representation(self, value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@extend_schema_field({"type": "object", "additionalProperties": True})
class Mapping(Shown):
    def to_representation(self, value: dict[str, Any]) -> dict[str, Any]:
        return value


@extend_schema_field({"const": None})
class Null(Shown):
    """A key that clients expect and that has no use here."""

    def __init__(self) -> None:
        super().__init__(source="*")

    def to_representation(self, row: Any) -> None:
        return None


class Fixed(Shown):
    """A key that says the same on every row."""

    def __init__(self, value: Any) -> None:
        super().__init__(source="*")
        self.value = value
        set_override(self, "field", FORMS[type(value)])

    def to_representation(self, row: Any) -> Any:
        return self.value


@extend_schema_field({"type": "integer"})
class Number(Shown):
    def to_representation(self, value: Any) -> int:
        return int(value)


@extend_schema_field({"type": "boolean"})
class Flag(Shown):
    def to_representation(self, value: Any) -> bool:
        return bool(value)
