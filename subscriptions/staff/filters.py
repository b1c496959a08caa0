"""Filters that several lists have."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import ModelAdmin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from common.web.whole_numbers import parse_whole_number
from subscriptions.staff.current_merchant import merchant_of


class CatalogueFilter(SimpleListFilter):
    """Filters by a column of names from a catalogue; without `column`, it is `parameter_name`."""

    titles: Mapping[str, str]
    """Names with their titles for staff."""
    column: str = ""

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return list(self.titles.items())

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        value = self.value()
        return rows.filter(**{self.column or str(self.parameter_name): value}) if value in self.titles else rows


class PeriodFilter(SimpleListFilter):
    """Filters by the time in `column`, counted back from now."""

    title = "period"
    parameter_name = "period"
    column: str
    DAYS = {"1": "Last 24 hours", "7": "Last 7 days", "30": "Last 30 days", "90": "Last 90 days"}

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return list(self.DAYS.items())

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        value = self.value() or ""
        if value not in self.DAYS:
            return rows
        return rows.filter(**{f"{self.column}__gte": timezone.now() - timedelta(days=int(value))})


class RowFilter(SimpleListFilter):
    """Filters by one row of this merchant, whose key other pages put into the address; unused, it is not shown."""

    model: type[Model]
    column: str = ""
    """Leads from a row of the list to the key; without it, `parameter_name` does."""

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        value = str(self.value() or "")
        if not value:
            return []
        self.row = self.rows(request).filter(pk=parse_whole_number(value) or 0).first()
        return [(value, str(self.row or "Unknown"))]

    def rows(self, request: HttpRequest) -> QuerySet:
        return self.model._default_manager.filter(merchant=merchant_of(request))

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        if not self.value():
            return rows
        return self.filter_by(rows, self.row) if self.row else rows.none()

    def filter_by(self, rows: QuerySet, row: Any) -> QuerySet:
        return rows.filter(**{self.column or str(self.parameter_name): row})
