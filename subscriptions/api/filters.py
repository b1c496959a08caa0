"""The kinds of filters. A bad value is refused under its name; an id nobody has finds nothing."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import django_filters
from django import forms
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Lower
from drf_spectacular.utils import extend_schema_field

from common.web.public_ids import parse_public_id
from subscriptions import calendar
from subscriptions.models.order_status import HISTORIC_STATUSES, OrderStatus

YES = ("true", "True", "1")
NO = ("false", "False", "0")
BOOLEANS = [(word, word) for word in YES + NO]
DATE_HINT = "Give a date as YYYY-MM-DD or a time as YYYY-MM-DDThh:mm:ss."


class MomentField(forms.Field):
    """A date, or a time without zone, as the merchant's calendar and clock have it."""

    def to_python(self, value: Any) -> date | datetime | None:
        if not value:
            return None
        text = str(value).strip()
        try:
            if len(text) == 10:
                return _in_range(datetime.strptime(text, "%Y-%m-%d")).date()
            return _in_range(datetime.strptime(text.replace(" ", "T"), "%Y-%m-%dT%H:%M:%S"))
        except ValueError:
            raise forms.ValidationError(DATE_HINT) from None


def _in_range(moment: datetime) -> datetime:
    # The outermost years have no day before or after in every zone.
    if not date.min.year < moment.year < date.max.year:
        raise ValueError(moment)
    return moment


@extend_schema_field({"type": "string", "description": DATE_HINT})
class MomentFilter(django_filters.Filter):
    """`start` and `end` say which sides of the given day or second are bounds; both make it exact."""

    field_class = MomentField

    def __init__(self, field_name: str, *, start: bool, end: bool) -> None:
        super().__init__(field_name=field_name)
        self.start, self.end = start, end

    def filter(self, rows: QuerySet[Any], value: date | datetime | None) -> QuerySet[Any]:
        if value is None:
            return rows
        first, after = moment_bounds(value, ZoneInfo(self.parent.request.auth.merchant.time_zone))
        if self.start:
            rows = rows.filter(**{f"{self.field_name}__gte": first})
        if self.end:
            rows = rows.filter(**{f"{self.field_name}__lt": after})
        return rows


def moment_bounds(value: date | datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Where the day or second begins, and where the next does.

    A skipped hour counts as one later, a doubled one as the first.
    """
    if isinstance(value, datetime):
        first = value.replace(tzinfo=zone)
        # In UTC, where a second is a second.
        return first, first.astimezone(ZoneInfo("UTC")) + timedelta(seconds=1)
    return calendar.local_midnight(value, zone.key), calendar.local_midnight(value + timedelta(days=1), zone.key)


class BooleanFilter(django_filters.TypedMultipleChoiceFilter):
    """A query boolean; may be repeated."""

    def __init__(self, condition: Q) -> None:
        super().__init__(choices=BOOLEANS, coerce=lambda word: word in YES)
        self.condition = condition

    def filter(self, rows: QuerySet[Any], value: list[bool]) -> QuerySet[Any]:
        if len(set(value)) != 1:
            return rows
        return rows.filter(self.condition if value[0] else ~self.condition)


class PublicIdFilter(django_filters.CharFilter):
    """The public id of a row; what is no id finds nothing, like an id that nobody has."""

    def filter(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return rows
        public_id = parse_public_id(value)
        return rows.filter(**{self.field_name: public_id}) if public_id else rows.none()


class SubqueryFilter(PublicIdFilter):
    """A reference through `narrow(id)`, a subquery of this list's keys; joins would repeat rows."""

    def __init__(self, narrow: Callable[[UUID], QuerySet[Any]]) -> None:
        super().__init__(field_name="pk__in")
        self.narrow = narrow

    def filter(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return rows
        public_id = parse_public_id(value)
        return rows.filter(pk__in=self.narrow(public_id)) if public_id else rows.none()


class EmailFilter(django_filters.CharFilter):
    """Without regard to case."""

    def filter(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return rows
        # lower() on both sides, for that is what the index holds; iexact would compare upper().
        return rows.alias(lowered=Lower(self.field_name)).filter(lowered=Lower(Value(value)))


@extend_schema_field({"type": "integer"})
class StatusFilter(django_filters.TypedMultipleChoiceFilter):
    """An order status; may be repeated."""

    def __init__(self, field_name: str) -> None:
        numbers = sorted([*OrderStatus.values, *HISTORIC_STATUSES])
        super().__init__(field_name=field_name, choices=[(number, number) for number in numbers], coerce=int)

    def filter(self, rows: QuerySet[Any], value: list[int]) -> QuerySet[Any]:
        return rows.filter(**{f"{self.field_name}__in": value}) if value else rows
