"""The kinds of filters. A bad value is refused under the filter's name; an unknown id finds nothing."""

import re
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import django_filters
from django import forms
from django.db.models import Model, Q, QuerySet, Subquery, Value
from django.db.models.functions import Lower
from drf_spectacular.utils import extend_schema_field

from common.web.public_ids import parse_public_id
from subscriptions import calendar
from subscriptions.api import changes
from subscriptions.models import Offer, Product
from subscriptions.models.order_status import HISTORIC_STATUSES, OrderStatus

YES = ("true", "True", "1")
NO = ("false", "False", "0")
BOOLEANS = [(word, word) for word in YES + NO]
BOOLEAN_HINT = "Give true or false."
DATE_HINT = "Give a date as YYYY-MM-DD, or a time as YYYY-MM-DDThh:mm:ss with or without a zone such as Z."
DAY = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
# Fractions of a second do not count.
TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?"
# A blank is the plus sign that URL decoding has eaten.
ZONE = "(Z|[+ -][0-9]{2}:?[0-9]{2})"
MOMENT = re.compile(f"{DAY}([T ]{TIME}{ZONE}?)?")
FRACTION = re.compile(r"\.[0-9]+")


class MomentField(forms.Field):
    """A date, or a time to the second; one without a zone is in the merchant's local time."""

    def to_python(self, value: Any) -> date | datetime | None:
        if not value:
            return None
        text = str(value).strip()
        try:
            if not MOMENT.fullmatch(text):
                raise ValueError(text)
            if len(text) == 10:
                return _check_year(datetime.fromisoformat(text)).date()
            return _check_year(datetime.fromisoformat(f"{text[:10]}T{FRACTION.sub('', text[11:]).replace(' ', '+')}"))
        except ValueError:
            raise forms.ValidationError(DATE_HINT) from None


def _check_year(moment: datetime) -> datetime:
    # In some zones, conversion would leave Python's calendar from its first or last year.
    if not date.min.year < moment.year < date.max.year:
        raise ValueError(moment)
    return moment


@extend_schema_field({"type": "string", "pattern": f"^({MOMENT.pattern})?$", "description": DATE_HINT})
class MomentFilter(django_filters.Filter):
    """The given day or second as a lower bound (`start`), as an upper bound (`end`), or, with both, exactly."""

    field_class = MomentField

    def __init__(self, field_name: str, *, start: bool, end: bool) -> None:
        super().__init__(field_name=field_name)
        self.start, self.end = start, end

    def filter(self, rows: QuerySet[Any], value: date | datetime | None) -> QuerySet[Any]:
        if value is None:
            return rows
        first, after = self.bounds(value)
        if self.start:
            rows = rows.filter(**{f"{self.field_name}__gte": first})
        if self.end:
            rows = rows.filter(**{f"{self.field_name}__lt": after})
        return rows

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.parent.request.auth.merchant.time_zone)

    def bounds(self, value: date | datetime) -> tuple[datetime, datetime]:
        """The moments at which the day or second begins, and at which the next one begins."""
        return moment_bounds(value, self.zone)


class PlaceFilter(MomentFilter):
    """The same of a time by the shop's clock."""

    def bounds(self, value: date | datetime) -> tuple[datetime, datetime]:
        if not isinstance(value, datetime):
            first = datetime.combine(value, time.min)
            return first, first + timedelta(days=1)
        first = value.astimezone(self.zone).replace(tzinfo=None) if value.tzinfo else value
        return first, first + timedelta(seconds=1)


class ChangedSinceFilter(MomentFilter):
    """The given day or second as a lower bound of what has changed and is complete (see `changes`)."""

    def __init__(self, field_name: str) -> None:
        super().__init__(field_name, start=True, end=False)

    def filter(self, rows: QuerySet[Any], value: date | datetime | None) -> QuerySet[Any]:
        rows = super().filter(rows, value)
        return rows if value is None else changes.only_complete(rows, self.field_name, self.parent.request)


class BeforeFilter(MomentFilter):
    """The given day or second as an upper bound that is not itself included."""

    def __init__(self, field_name: str) -> None:
        super().__init__(field_name, start=False, end=True)

    def filter(self, rows: QuerySet[Any], value: date | datetime | None) -> QuerySet[Any]:
        if value is None:
            return rows
        first, _ = self.bounds(value)
        return rows.filter(**{f"{self.field_name}__lt": first})


def moment_bounds(value: date | datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The moments at which the day or second begins, and at which the next one begins.

    A time that the clocks skip counts as an hour later; for one that comes twice, the first counts.
    """
    if isinstance(value, datetime):
        first = value if value.tzinfo else value.replace(tzinfo=zone)
        # In UTC, because local time may jump in between.
        return first, first.astimezone(ZoneInfo("UTC")) + timedelta(seconds=1)
    return calendar.local_midnight(value, zone.key), calendar.local_midnight(value + timedelta(days=1), zone.key)


@extend_schema_field({"type": "boolean", "description": "May be repeated; both together filter nothing."})
class BooleanFilter(django_filters.TypedMultipleChoiceFilter):
    """A query boolean. It may be repeated; yes and no together filter nothing."""

    def __init__(self, condition: Q) -> None:
        super().__init__(choices=BOOLEANS, coerce=lambda word: word in YES)
        self.condition = condition

    def filter(self, rows: QuerySet[Any], value: list[bool]) -> QuerySet[Any]:
        if len(set(value)) != 1:
            return rows
        return rows.filter(self.condition if value[0] else ~self.condition)


class PublicIdFilter(django_filters.CharFilter):
    """The public id of a row. Text that is not an id finds nothing, like an unknown id."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"help_text": "Its `public_id`; an unknown one finds nothing."} | options)

    def filter(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return rows
        public_id = parse_public_id(value)
        return self.find(rows, public_id) if public_id else rows.none()

    def find(self, rows: QuerySet[Any], public_id: UUID) -> QuerySet[Any]:
        return rows.filter(**{self.field_name: public_id})


class ThroughFilter(PublicIdFilter):
    """Rows that a row of `model` refers to by its foreign key `key`; `path` leads from there to the public id.

    `own` is the lookup from the filtered rows to those that the key refers to.
    """

    def __init__(self, model: type[Model], key: str, path: str, own: str = "pk") -> None:
        super().__init__(field_name=f"{own}__in")
        self.referring, self.key, self.path = model, key, path

    def find(self, rows: QuerySet[Any], public_id: UUID) -> QuerySet[Any]:
        # A subquery, because a join would repeat rows.
        rows_there = self.referring._default_manager.filter(**{self.path: public_id, f"{self.key}__isnull": False})
        return rows.filter(**{self.field_name: rows_there.values(self.key)})


def refer_to(key: str, rows: QuerySet[Any]) -> Q:
    """Rows whose foreign key `key` refers to the one of `rows`.

    A subquery, because with a join the database does not expect that most rows may refer to the same one.
    """
    return Q(**{f"{key}_id": Subquery(rows.values("pk")[:1])})


class ProductFilter(django_filters.CharFilter):
    """The shop's id of a product."""

    def filter(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        products = Product.objects.filter(merchant=self.parent.request.auth.merchant, external_product_id=value)
        return rows.filter(refer_to(self.field_name, products)) if value else rows


class OfferFilter(PublicIdFilter):
    def find(self, rows: QuerySet[Any], public_id: UUID) -> QuerySet[Any]:
        return rows.filter(refer_to(self.field_name, Offer.objects.filter(public_id=public_id)))


class EmailFilter(django_filters.CharFilter):
    """An e-mail address, without regard to case."""

    def filter(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return rows
        # lower() on both sides, as in the index; iexact would compare upper().
        return rows.alias(lowered=Lower(self.field_name)).filter(lowered=Lower(Value(value)))


STATUS_NUMBERS = sorted([*OrderStatus.values, *HISTORIC_STATUSES])


@extend_schema_field({"type": "integer", "enum": STATUS_NUMBERS, "description": "Of the order. May be repeated."})
class StatusFilter(django_filters.TypedMultipleChoiceFilter):
    """An order status. It may be repeated; any of those given will do."""

    def __init__(self, field_name: str) -> None:
        super().__init__(field_name=field_name, choices=[(number, number) for number in STATUS_NUMBERS], coerce=int)

    def filter(self, rows: QuerySet[Any], value: list[int]) -> QuerySet[Any]:
        return rows.filter(**{f"{self.field_name}__in": value}) if value else rows
