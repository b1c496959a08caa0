"""Fields of bodies, by the kinds of values."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.validators import MaxValueValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from common.web.json_body import decode_json, remove_unstorable_characters
from subscriptions import calendar
from subscriptions.actions.checks import LARGEST_SMALL_INTEGER
from subscriptions.calendar import Period
from subscriptions.models import Subscription
from subscriptions.normal_forms import parse_country
from subscriptions.objects.values import write_json

LAST_DAY = MaxValueValidator(calendar.LAST_DAY)
LOCAL_TIME_PATTERN = r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d:\d\d)?$"
TIME_FORMATS = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]


def day_field(**options: Any) -> serializers.DateField:
    return serializers.DateField(input_formats=["%Y-%m-%d"], validators=[LAST_DAY], **options)


def every_field(**options: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, max_value=999, **options)


def period_field(**options: Any) -> serializers.IntegerField:
    text = "1 days, 2 weeks, 3 months, 4 years."
    return serializers.IntegerField(min_value=min(Period), max_value=max(Period), help_text=text, **options)


def quantity_field(**options: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, max_value=LARGEST_SMALL_INTEGER, **options)


@extend_schema_field(
    {"type": ["string", "number"], "pattern": r"^\d{1,10}(\.\d{1,2})?$", "minimum": 0, "example": "12.50"}
)
class Amount(serializers.DecimalField):
    """Money, as text or as a number."""


def price_field(**options: Any) -> serializers.DecimalField:
    return Amount(max_digits=12, decimal_places=2, min_value=0, **options)


class OptionalText(serializers.CharField):
    """A text that may be left out; an empty one counts as null."""

    def __init__(self, longest: int = 255, **options: Any) -> None:
        super().__init__(max_length=longest, required=False, allow_null=True, allow_blank=True, **options)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return super().run_validation(data) or None


@extend_schema_field({"type": "string", "pattern": LOCAL_TIME_PATTERN, "example": "2026-11-20 09:30:00"})
class LocalTime(serializers.DateTimeField):
    """A time without a zone, which is in the merchant's; a date means its midnight."""

    def __init__(self, **options: Any) -> None:
        super().__init__(input_formats=TIME_FORMATS, **options)

    def enforce_timezone(self, value: datetime) -> datetime:
        return value.replace(tzinfo=ZoneInfo(self.context["merchant"].time_zone))

    def to_internal_value(self, value: Any) -> datetime:
        moment: datetime = super().to_internal_value(value)
        LAST_DAY(moment.date())
        return moment


@extend_schema_field({"type": ["object", "string"], "additionalProperties": True})
class JsonText(serializers.JSONField):
    """An object, or its JSON as a text; null for none, where `allow_null` says so."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            value = decode_json(data.encode()) if isinstance(data, str) else data
        except ValueError:
            value = data
        if not isinstance(value, dict) or remove_unstorable_characters(value) != value:
            raise ValidationError(f"Invalid JSON extra_data: {data if isinstance(data, str) else write_json(data)}")
        return value


@extend_schema_field({"type": "string", "pattern": "^[A-Za-z]{2}$", "example": "US"})
class CountryCode(serializers.CharField):
    """Two letters of ISO 3166, in any case."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        code = parse_country(text)
        if code is None:
            raise ValidationError(f"There is no country {text[:40]}; give two letters, such as US.")
        return code


@extend_schema_field({"type": "string", "pattern": r"^\d{1,2}/(\d{4}|\d\d)$", "example": "12/2030"})
class ExpiryText(serializers.CharField):
    """`MM/YYYY`, `M/YYYY` or `MM/YY`; becomes the last day on which the card is valid."""

    def to_internal_value(self, data: Any) -> Any:
        expiry = calendar.card_expiry(super().to_internal_value(data))
        if expiry is None:
            raise ValidationError("Give it as MM/YYYY.")
        return expiry


class RenewalChoice(serializers.ChoiceField):
    default_error_messages = {
        "invalid_choice": "Value '{input}' is not a valid choice.",
        "null": "This field cannot be null.",
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(Subscription.Renewal.choices, **options)
