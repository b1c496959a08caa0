"""Reads bodies as shops send them: refuses what is wrong, and takes what can be understood.

The shopper has paid when a checkout arrives. A refusal for a trifle would cost a subscription.
"""

import re
from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.dateparse import parse_datetime
from rest_framework import serializers

from common.web.json_body import decode_json, remove_unstorable_characters
from common.web.public_ids import parse_public_id
from subscriptions import calendar

CENT = Decimal("0.01")


def is_blank(value: Any) -> bool:
    return not value.strip() if isinstance(value, str) else value is None or value == [] or value == {}


def says_nothing(value: Any) -> bool:
    """Whether `value` is blank, or an object or list of nothing but blank values."""
    inside: Iterable[Any] = [value]
    if isinstance(value, dict | list):
        inside = value.values() if isinstance(value, dict) else value
    return all(is_blank(each) for each in inside)


class LenientBody(serializers.Serializer[Any]):
    """An object in which an empty value counts as absent where the field has a default.

    A list of one object is read as this object, and an object in place of a list as a list of one.
    """

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return super().run_validation(data[0] if isinstance(data, list) and len(data) == 1 else data)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            given = {name: (self.fields[name], value) for name, value in data.items() if name in self.fields}
            data = {
                name: [value] if _is_list(field) and isinstance(value, dict) and value else value
                for name, (field, value) in given.items()
                if field.default is serializers.empty or not says_nothing(value)
            }
        return super().to_internal_value(data)


def _is_list(field: Any) -> bool:
    return isinstance(field, serializers.ListField | serializers.ListSerializer)


class OptionalText(serializers.CharField):
    """Text that only describes: one that is too long is cut, and anything but a text counts as absent."""

    def __init__(self, max_length: int = 255, *, absent: str | None = None, **options: Any) -> None:
        super().__init__(default=absent, allow_null=True, allow_blank=True, **options)
        self.longest = max_length

    def run_validation(self, data: Any = serializers.empty) -> str | None:
        if isinstance(data, bool | dict | list):
            data = serializers.empty
        text = super().run_validation(data)
        return text[: self.longest].strip() or self.default if text else self.default


class OptionalId(OptionalText):
    """One of our ids, as 32 hex digits; any other text counts as absent."""

    def run_validation(self, data: Any = serializers.empty) -> str | None:
        found = parse_public_id(super().run_validation(data) or "")
        return found.hex if found else None


class OptionalNumber(serializers.IntegerField):
    def __init__(self, least: int, most: int) -> None:
        super().__init__(min_value=least, max_value=most, default=None, allow_null=True)


class LooseNumber(OptionalNumber):
    """A number that is not ours to judge: a wrong one counts as absent."""

    def run_validation(self, data: Any = serializers.empty) -> int | None:
        try:
            return super().run_validation(data)
        except serializers.ValidationError:
            return None


class OptionalAmount(serializers.DecimalField):
    """An amount of at least 0.00. More decimals, which come from a division in the shop, are rounded half up."""

    def __init__(self) -> None:
        super().__init__(max_digits=12, decimal_places=2, min_value=Decimal(0), default=None, allow_null=True)

    def validate_precision(self, value: Decimal) -> Decimal:
        # A number too large for the column is too large to be rounded, too.
        is_small = value.adjusted() < (self.max_digits or 0)
        return super().validate_precision(value.quantize(CENT, ROUND_HALF_UP) if is_small else value)


class OptionalDay(serializers.DateField):
    """`YYYY-MM-DD`, or a time whose day in the merchant's time zone counts."""

    def __init__(self, **options: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d"], default=None, allow_null=True, **options)

    def to_internal_value(self, value: Any) -> date:
        text = value.strip() if isinstance(value, str) else value
        return _day_of_moment(text, self.context["merchant"].time_zone) or super().to_internal_value(text)


def _day_of_moment(text: Any, zone: str) -> date | None:
    try:
        moment = parse_datetime(text) if isinstance(text, str) else None
        return moment and (calendar.local_time(moment, zone) if moment.tzinfo else moment).date()
    except (ValueError, OverflowError):
        return None


class LooseChoice(serializers.ChoiceField):
    """A choice by its value or its name, however it is spelled; anything else counts as absent."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        names = {_letters(name): value for value, label in self.choices.items() for name in (value, label)}
        return super().run_validation(names.get(_letters(data), serializers.empty))


def _letters(text: Any) -> str:
    return re.sub("[^a-z0-9]", "", str(text).lower())


def decode_text(value: Any) -> Any:
    """`value`, or what it says if it is JSON as a text."""
    try:
        return remove_unstorable_characters(decode_json(value.encode())) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return value


class ExtraData(serializers.DictField):
    """An object, or its JSON as a text; anything else counts as absent."""

    def __init__(self) -> None:
        super().__init__(default=None, allow_null=True)

    def run_validation(self, data: Any = serializers.empty) -> dict[str, Any] | None:
        value = decode_text(data)
        return super().run_validation(value if isinstance(value, dict) else serializers.empty)
