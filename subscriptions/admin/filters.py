"""Filters by live subscriptions; each is one condition that an index or a short subquery answers."""

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import ModelAdmin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest

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
        return [(ACTIVE, "Has an active subscription"), (INACTIVE, "Has no active subscription")]

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        live = Exists(live_subscriptions(request))
        return {ACTIVE: rows.filter(live), INACTIVE: rows.exclude(live)}.get(self.value() or "", rows)


def live_subscriptions(request: HttpRequest) -> QuerySet[Subscription]:
    """The live subscriptions of the customer in the outer query."""
    return Subscription.objects.live().filter(merchant=merchant_of(request), customer=OuterRef("pk")).order_by()
