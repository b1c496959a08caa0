"""Filters of lists for work: by tab, by day, and without test customers."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar, NamedTuple

from django.contrib.admin import ListFilter, SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters, ModelAdmin
from django.contrib.admin.views.main import ChangeList
from django.db.models import DateField, DateTimeField, QuerySet
from django.http import HttpRequest

from subscriptions import calendar
from subscriptions.models import Customer, Merchant
from subscriptions.models.fields import ClockTimeField
from subscriptions.staff.current_merchant import merchant_of


class Choice(NamedTuple):
    """`rows(rows, merchant)` are those of the choice; `ordering` is what an index serves for them."""

    title: str
    rows: Callable[[QuerySet, Merchant], QuerySet]
    ordering: tuple[str, ...] = ()


class ChoiceFilter(SimpleListFilter):
    """Filters by one of some named conditions."""

    choices_by_name: Mapping[str, Choice]

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [(name, choice.title) for name, choice in self.choices_by_name.items()]

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        choice = self.choices_by_name.get(self.value() or "")
        return choice.rows(rows, merchant_of(request)) if choice else rows

    @property
    def ordering(self) -> tuple[str, ...]:
        choice = self.choices_by_name.get(self.value() or "")
        return choice.ordering if choice else ()


class DayFilter(ListFilter):
    """Filters by `from` and `to`, days in the merchant's zone that both count, of `column`."""

    title = "day"
    parameter_names: ClassVar = ("from", "to")
    template = "admin/lists/days.html"
    column = "created"
    chosen_ordering: tuple[str, ...] = ()
    """The order of the list while days are chosen."""

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: ModelAdmin) -> None:
        super().__init__(request, params, model, model_admin)
        self.days = {name: parse_day(params.pop(name)[-1]) for name in self.parameter_names if name in params}
        self.field = model._meta.get_field(self.column)

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return [*self.parameter_names]

    @property
    def ordering(self) -> tuple[str, ...]:
        return self.chosen_ordering if any(self.days.values()) else ()

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        zone = merchant_of(request).time_zone
        if first := self.days.get("from"):
            rows = rows.filter(**{f"{self.column}__gte": start_of_day(self.field, first, zone)})
        if last := self.days.get("to"):
            rows = rows.filter(**{f"{self.column}__lt": start_of_day(self.field, last + timedelta(days=1), zone)})
        return rows

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        kept = [(name, text) for name, texts in changelist.filter_params.items() for text in texts]
        yield {
            "from": self.days.get("from"),
            "to": self.days.get("to"),
            "kept": [pair for pair in kept if pair[0] not in self.parameter_names],
            "without": changelist.get_query_string(remove=["from", "to"]),
        }


def parse_day(text: str) -> date | None:
    """The day in the form YYYY-MM-DD; None for an empty field of the form."""
    if not text:
        return None
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError as error:
        raise IncorrectLookupParameters from error
    if not date(1900, 1, 1) <= day <= calendar.LAST_DAY:
        raise IncorrectLookupParameters
    return day


def start_of_day(field: Any, day: date, zone: str) -> date | datetime:
    if isinstance(field, ClockTimeField):
        return datetime.combine(day, time())
    if isinstance(field, DateTimeField):
        return calendar.local_midnight(day, zone)
    assert isinstance(field, DateField)
    return day


class RealFilter(SimpleListFilter):
    """Leaves out test customers, as the figures of Home do; `customer_path` leads from a row to its customer."""

    title = "test customers"
    parameter_name = "test"
    customer_path = "customer"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [("no", "Without test customers"), ("only", "Test customers only")]

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        # Test customers are few and have an index.
        among = {f"{self.customer_path}__in": Customer.objects.filter(merchant=merchant_of(request), is_test=True)}
        return {"no": rows.exclude(**among), "only": rows.filter(**among)}.get(self.value() or "", rows)
