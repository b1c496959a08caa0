"""The list of subscriptions: what each brings, to whom, and when its next order comes."""

from typing import Any

from django.db.models import F
from django.http import HttpRequest
from unfold.decorators import display

from subscriptions.admin.bulk.list_actions import BulkListAdmin
from subscriptions.admin.filters import ACTIVE, INACTIVE, LiveFilter
from subscriptions.admin.row_filters import OfferFilter, ProductFilter
from subscriptions.models import Item, Subscription
from subscriptions.money import money
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.lists.export import Column
from subscriptions.staff.lists.filters import DayFilter, RealFilter
from subscriptions.staff.search import CustomerSearch

LABELS = {"Active": "success", "Prepaid": "info", "Cancelled": "danger"}


class StartedFilter(DayFilter):
    title = "day of the start"


class SubscriptionList(CustomerSearch, BulkListAdmin):
    bulk_kinds = ("subscription.move", "subscription.skip", "subscription.cancel")
    list_display = ["product_of", "customer_of", "amount", "next_order", "frequency_of", "status_of"]
    list_filter = [LiveFilter, StartedFilter, RealFilter, ProductFilter, OfferFilter]
    list_select_related = ["product", "customer"]
    ordering = ["-created", "public_id"]
    id_paths = ("public_id",)
    search_help_text = "Customer, ID or order number of the checkout"
    tabs = [
        ("Active", f"status={ACTIVE}"),
        ("Prepaid", "status=prepaid"),
        ("Cancelled", f"status={INACTIVE}"),
        ("Without next order", "status=unplanned"),
    ]
    csv_columns = [
        Column("subscription ID", lambda row: row.public_id.hex),
        Column("external ID", lambda row: row.external_id),
        Column("customer ID", lambda row: row.customer.merchant_user_id),
        Column("customer", lambda row: row.customer.full_name),
        Column("email", lambda row: row.customer.email),
        Column("product ID", lambda row: row.product.external_product_id),
        Column("SKU", lambda row: row.product.sku),
        Column("product", lambda row: row.product.name),
        Column("quantity", lambda row: row.quantity),
        Column("unit price", lambda row: unit_price(row)),
        Column("currency", lambda row: row.currency_code),
        Column("frequency", lambda row: row.frequency_description),
        Column("status", lambda row: status_of(row)),
        Column("next order", lambda row: row.next_day),
        Column("prepaid orders left", lambda row: row.prepaid_orders_remaining),
        Column("started", lambda row: row.start_date),
        Column("created", lambda row: row.created),
        Column("cancelled", lambda row: row.cancelled),
        Column("cancel reason", lambda row: row.cancel_reason),
    ]

    def add_facts(self, request: HttpRequest, rows: list[Any]) -> None:
        """`next_day`: the day of the next order, if there is one."""
        upcoming = Item.objects.filter(
            merchant=merchant_of(request), subscription__in=[row.pk for row in rows], upcoming=True
        )
        days = dict(upcoming.order_by().values_list("subscription").annotate(day=F("order__place_date")))
        for row in rows:
            row.next_day = days.get(row.pk)

    @display(description="Product", header=True)
    def product_of(self, row: Subscription) -> list[Any]:
        picture = {"path": row.product.image_url, "squared": True, "width": 32, "height": 32}
        about = [row.product.name, row.product.sku or row.product.external_product_id]
        return [*about, "", picture] if row.product.image_url else about

    @display(description="Customer", header=True)
    def customer_of(self, row: Subscription) -> list[str]:
        return [str(row.customer), row.customer.email]

    @display(description="Quantity × price")
    def amount(self, row: Subscription) -> str:
        return f"{row.quantity} × {money(unit_price(row), row.currency_code)}"

    @display(description="Next order")
    def next_order(self, row: Any) -> Any:
        return row.next_day

    @display(description="Frequency")
    def frequency_of(self, row: Subscription) -> str:
        return row.frequency_description

    @display(description="Status", label=LABELS)
    def status_of(self, row: Subscription) -> str:
        return status_of(row)


def unit_price(row: Subscription) -> Any:
    return row.product.price if row.price is None else row.price


def status_of(row: Subscription) -> str:
    if not row.live:
        return "Cancelled"
    return "Prepaid" if row.has_prepaid else "Active"
