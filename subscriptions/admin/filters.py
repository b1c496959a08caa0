"""Filters of the lists; each is one condition an index or a short sub-query answers."""

from datetime import timedelta

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import ModelAdmin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from subscriptions.jobs.catalogue import JOBS
from subscriptions.models import Subscription
from subscriptions.staff.current_merchant import merchant_of

ACTIVE = "active"
INACTIVE = "inactive"


class LiveFilter(SimpleListFilter):
    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [(ACTIVE, "Active"), (INACTIVE, "Cancelled")]

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        if self.value() in (ACTIVE, INACTIVE):
            return rows.filter(cancelled__isnull=self.value() == ACTIVE)
        return rows


class SubscriberFilter(SimpleListFilter):
    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [(ACTIVE, "Has a live subscription"), (INACTIVE, "Has none")]

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        live = Exists(live_subscriptions(request))
        return {ACTIVE: rows.filter(live), INACTIVE: rows.exclude(live)}.get(self.value() or "", rows)


def live_subscriptions(request: HttpRequest) -> QuerySet[Subscription]:
    """Of the customer in the outer query."""
    return Subscription.objects.live().filter(merchant=merchant_of(request), customer=OuterRef("pk")).order_by()


class JobFilter(SimpleListFilter):
    title = "job"
    parameter_name = "job"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [(job.name, job.title) for job in JOBS.values()]

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        return rows.filter(job=self.value()) if self.value() in JOBS else rows


class PeriodFilter(SimpleListFilter):
    """By `started`, counted back from now."""

    title = "period"
    parameter_name = "period"
    DAYS = {"1": "Last 24 hours", "7": "Last 7 days", "30": "Last 30 days", "90": "Last 90 days"}

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return list(self.DAYS.items())

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        value = self.value() or ""
        return rows.filter(started__gte=timezone.now() - timedelta(days=int(value))) if value in self.DAYS else rows
