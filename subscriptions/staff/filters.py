"""Filters that several lists have."""

from collections.abc import Mapping
from datetime import timedelta

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone


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
