"""Filters of the lists of events and deliveries."""

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest

from common.web.whole_numbers import parse_whole_number
from integrations.models import Connection
from subscriptions.events.catalogue import ALL_KINDS
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.filters import CatalogueFilter


class ConnectionFilter(SimpleListFilter):
    title = "connection"
    parameter_name = "connection"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        rows = Connection.objects.filter(merchant=merchant_of(request)).order_by("name")
        return [(str(row.pk), row.name) for row in rows]

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        value = self.value()
        return rows.filter(connection=parse_whole_number(value)) if value else rows


class KindFilter(CatalogueFilter):
    title = "kind"
    parameter_name = "kind"
    titles = {kind.name: kind.title for kind in ALL_KINDS.values()}
