"""The list of customers: how many subscriptions each has, and what comes next."""

from collections import defaultdict
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import ModelAdmin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from unfold.decorators import display

from common.web.whole_numbers import parse_whole_number
from subscriptions.admin.bulk.list_actions import BulkListAdmin
from subscriptions.admin.filters import SubscriberFilter
from subscriptions.models import Customer, CustomerTag, Order, Subscription, Tag
from subscriptions.money import money
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.lists.export import Column
from subscriptions.staff.lists.filters import DayFilter, RealFilter
from subscriptions.staff.search import CustomerSearch

MOST_TAGS = 100


class CustomerRealFilter(RealFilter):
    customer_path = "pk"


class TagFilter(SimpleListFilter):
    title = "tag"
    parameter_name = "tag"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        tags = Tag.objects.filter(merchant=merchant_of(request)).order_by("name")
        return [(str(tag.pk), tag.name) for tag in tags[:MOST_TAGS]]

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        if not self.value():
            return rows
        tag = Tag.objects.filter(merchant=merchant_of(request), pk=parse_whole_number(str(self.value())) or 0)
        return rows.filter(pk__in=CustomerTag.objects.filter(tag__in=tag).values("customer"))


class CustomerList(CustomerSearch, BulkListAdmin):
    bulk_kinds = ("customer.tag", "customer.untag")
    list_display = ["name", "phone", "live_count", "next_order", "next_amount", "tags_of", "created_on"]
    list_filter = [SubscriberFilter, TagFilter, DayFilter, CustomerRealFilter]
    ordering = ["-created", "-id"]
    customer_path = "pk"
    search_help_text = "Email, name, phone or ID"
    tabs = [("Subscribers", "status=active"), ("Without subscription", "status=inactive"), ("Test", "test=only")]
    csv_columns = [
        Column("customer ID", lambda row: row.merchant_user_id),
        Column("first name", lambda row: row.first_name),
        Column("last name", lambda row: row.last_name),
        Column("email", lambda row: row.email),
        Column("phone", lambda row: row.phone_number),
        Column("country", lambda row: row.country_code),
        Column("language", lambda row: row.locale),
        Column("active subscriptions", lambda row: row.live_count),
        Column("next order", lambda row: row.next_order and row.next_order.place_date),
        Column("its total", lambda row: row.next_order and row.next_order.total),
        Column("currency", lambda row: row.next_order and row.next_order.currency_code),
        Column("tags", lambda row: ", ".join(row.tag_names)),
        Column("test customer", lambda row: "yes" if row.is_test else "no"),
        Column("first subscribed", lambda row: row.first_subscribed),
        Column("created", lambda row: row.created),
    ]

    def add_facts(self, request: HttpRequest, rows: list[Any]) -> None:
        """`live_count`, `tag_names` and `next_order`: the first open order, as one that waits for stock is not next."""
        own = {"merchant": merchant_of(request), "customer__in": [row.pk for row in rows]}
        live = Subscription.objects.live().filter(**own).order_by()
        counts = dict(live.values_list("customer").annotate(n=Count("pk")))
        first = Order.objects.open().filter(**own).order_by("customer", "place_date", "pk").distinct("customer")
        orders = {order.customer_id: order for order in first}
        names: dict[int, list[str]] = defaultdict(list)
        tags = CustomerTag.objects.filter(**own).order_by("tag__name")
        for customer, name in tags.values_list("customer", "tag__name"):
            names[customer].append(name)
        for row in rows:
            row.tag_names = names[row.pk]
            row.live_count, row.next_order = counts.get(row.pk, 0), orders.get(row.pk)

    @display(description="Customer", header=True)
    def name(self, row: Customer) -> list[str]:
        return [str(row), row.email, initials(row)]

    @display(description="Phone")
    def phone(self, row: Customer) -> str:
        return row.phone_number or ""

    @display(description="Active subscriptions")
    def live_count(self, row: Any) -> int:
        return int(row.live_count)

    @display(description="Next order")
    def next_order(self, row: Any) -> Any:
        return row.next_order and row.next_order.place_date

    @display(description="Its total")
    def next_amount(self, row: Any) -> str:
        return money(row.next_order.total, row.next_order.currency_code) if row.next_order else ""

    @display(description="Tags")
    def tags_of(self, row: Any) -> str:
        return ", ".join(row.tag_names)

    @display(description="Customer since")
    def created_on(self, row: Customer) -> str:
        return date_format(row.created, "M j, Y")


def initials(customer: Customer) -> str:
    return (customer.first_name[:1] + customer.last_name[:1]) or customer.email[:1]
