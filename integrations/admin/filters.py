"""Filters of the lists of events and deliveries."""

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest

from common.web.whole_numbers import parse_whole_number
from integrations.models import Connection, Delivery
from subscriptions.events.catalogue import ALL_KINDS
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.filters import CatalogueFilter, PeriodFilter

FAILED = "failed"


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


class DeliveryKindFilter(KindFilter):
    column = "event__kind"


class StateFilter(SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        states = [(state.value, state.label) for state in Delivery.State if state != Delivery.State.DEAD]
        return [(FAILED, "Failed or unknown"), (Delivery.State.DEAD.value, Delivery.State.DEAD.label), *states]

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        value = self.value()
        if value == FAILED:
            return rows.filter(state__in=Delivery.FAILED)
        return rows.filter(state=value) if value in Delivery.State.values else rows


class CauseFilter(SimpleListFilter):
    """Why deliveries failed; the page of delivery health lists the causes, and leads here with one."""

    title = "cause"
    parameter_name = "cause"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        cause = request.GET.get(str(self.parameter_name))
        return [] if cause is None else [(cause, cause or "Without a reason")]

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        return rows.filter(state__in=Delivery.FAILED, cause=self.value()) if self.value() is not None else rows


class FinishedFilter(PeriodFilter):
    title = "finished"
    column = "finished"
