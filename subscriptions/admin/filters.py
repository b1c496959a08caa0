"""Filters of the lists of orders, subscriptions and customers; an index or a short subquery answers each."""

from datetime import timedelta
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters, ModelAdmin
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone

from subscriptions import calendar
from subscriptions.figures.business import placed_items
from subscriptions.figures.spans import span_of_days
from subscriptions.models import Item, Merchant, Order, OrderStatus, Subscription, UnplannedSubscription, statuses_where
from subscriptions.models.order import OPEN, UNDECIDED, UNDECIDED_OR_REJECTED
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.lists.filters import Choice, ChoiceFilter, DayFilter, parse_day

ACTIVE = "active"
INACTIVE = "inactive"
SOONEST, LATEST = ("place_date", "public_id"), ("-place", "public_id")
REJECTED_SHOWN = timedelta(days=7)
TRIED_AGAIN = statuses_where(lambda row: row.in_placement and (row.each_run or row.timed))


def orders_needing_you(rows: QuerySet[Order]) -> QuerySet[Order]:
    """Orders that a person has to look at: undecided, or rejected in the last seven days."""
    rejected = Q(status=OrderStatus.REJECTED, updated__gte=timezone.now() - REJECTED_SHOWN)
    # The first condition follows from the second; it is the one of the index.
    return rows.filter(UNDECIDED_OR_REJECTED, Q(status__in=UNDECIDED) | rejected)


def orders_of_tomorrow(rows: QuerySet[Order], merchant: Merchant) -> QuerySet[Order]:
    return rows.filter(OPEN, place_date=calendar.today(merchant.time_zone) + timedelta(days=1))


class OrderTabFilter(ChoiceFilter):
    title = "what is to be done"
    parameter_name = "tab"
    choices_by_name = {
        "upcoming": Choice("Upcoming", lambda rows, merchant: rows.filter(OPEN), SOONEST),
        "tomorrow": Choice("Tomorrow", orders_of_tomorrow, SOONEST),
        "needs-you": Choice("Needs you", lambda rows, merchant: orders_needing_you(rows), ("-updated", "public_id")),
        "retrying": Choice("Tried again", lambda rows, merchant: rows.filter(status__in=TRIED_AGAIN), LATEST),
        "failed": Choice("Failed", lambda rows, merchant: rows.filter(status=OrderStatus.REJECTED), LATEST),
        "placed": Choice("Placed", lambda rows, merchant: rows.filter(status=OrderStatus.SUCCESS), LATEST),
    }


class OrderDayFilter(DayFilter):
    """By the planned day of what is still to come, else by the day of the last try."""

    title = "placement day"
    column = "place"
    chosen_ordering = LATEST

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        if request.GET.get("tab") in ("upcoming", "tomorrow"):
            self.column = "place_date"
        super().__init__(request, *args)


class RecoveredFilter(SimpleListFilter):
    """The orders behind Home's recovered revenue: the first and the last of its days, joined by two dots."""

    title = "recovered"
    parameter_name = "recovered"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [(self.value() or "", "Recovered revenue")] if self.value() else []

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        if not self.value():
            return rows
        first, _, last = (self.value() or "").partition("..")
        days = parse_day(first), parse_day(last)
        if days[0] is None or days[1] is None:
            raise IncorrectLookupParameters
        merchant = merchant_of(request)
        placed = span_of_days(days[0], days[1], merchant.time_zone).covers("first_placed")
        return rows.filter(pk__in=placed_items(merchant, placed).exclude(detail="").values("order"))


class LiveFilter(ChoiceFilter):
    title = "status"
    parameter_name = "status"
    choices_by_name = {
        ACTIVE: Choice("Active", lambda rows, merchant: rows.filter(cancelled__isnull=True)),
        "prepaid": Choice(
            "Prepaid",
            lambda rows, merchant: rows.filter(cancelled__isnull=True, prepaid_orders_per_billing__isnull=False),
        ),
        INACTIVE: Choice("Cancelled", lambda rows, merchant: rows.filter(cancelled__isnull=False)),
        "unplanned": Choice("Without next order", lambda rows, merchant: without_next_order(rows, merchant)),
    }


def without_next_order(rows: QuerySet[Subscription], merchant: Merchant) -> QuerySet[Subscription]:
    found = UnplannedSubscription.objects.filter(merchant=merchant).values("subscription")
    upcoming = Item.objects.filter(merchant=merchant, subscription=OuterRef("pk"), upcoming=True)
    return rows.filter(~Exists(upcoming), pk__in=found, cancelled__isnull=True)


class SubscriberFilter(SimpleListFilter):
    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [(ACTIVE, "Has an active subscription"), (INACTIVE, "Has no active subscription")]

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        if self.value() not in (ACTIVE, INACTIVE):
            return rows
        # No `EXISTS`: PostgreSQL would join all customers before it sorts them, instead of stopping after a page.
        rows = rows.alias(live=Subquery(live_subscriptions(request).values("pk")[:1]))
        return rows.filter(live__isnull=self.value() == INACTIVE)


def live_subscriptions(request: HttpRequest) -> QuerySet[Subscription]:
    """The live subscriptions of the customer in the outer query."""
    return Subscription.objects.live().filter(merchant=merchant_of(request), customer=OuterRef("pk")).order_by()
