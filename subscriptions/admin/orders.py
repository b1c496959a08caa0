"""Orders: a list, and a page with the placement of each."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from subscriptions.admin import order_placement
from subscriptions.models import Item, Order
from subscriptions.models.order_status import STATUS_ROWS
from subscriptions.money import money
from subscriptions.staff.base import MerchantAdmin, ReadOnlyInline
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.display import money_column
from subscriptions.staff.search import CustomerSearch
from subscriptions.staff.site import site

LABELS = {status.label: row.color for status, row in STATUS_ROWS.items()}


ITEM_AMOUNTS = [money_column("price", "Unit price"), money_column("total_price", "Total")]


class ItemInline(ReadOnlyInline):
    model = Item
    fields = ["product", "quantity", *ITEM_AMOUNTS, "one_time"]
    readonly_fields = ITEM_AMOUNTS

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).filter(merchant=merchant_of(request)).select_related("product", "order")


@admin.register(Order, site=site)
class OrderAdmin(CustomerSearch, MerchantAdmin):
    list_display = ["customer_of", "place_date", "state", "amount", "created"]
    list_filter = ["status"]
    ordering = ["-created", "public_id"]
    id_paths = ("public_id",)
    inlines = [ItemInline]
    buttons = order_placement.BUTTONS
    change_form_before_template = "admin/order/placement.html"
    fieldsets = [
        (None, {"fields": ["customer", "status", "place_date", "payment", "shipping_address"]}),
        ("Amounts", {"fields": ["sub_total", "discount_total", "shipping_total", "tax_total", "total"]}),
        ("IDs", {"fields": ["id_outside", "order_merchant_id", "created", "cancelled"]}),
    ]
    readonly_fields = ["id_outside"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("customer", "merchant")

    def form_page_context(self, subject: Order) -> dict[str, Any]:
        return {"placement": order_placement.placement_context(subject)}

    @display(description="Customer", header=True)
    def customer_of(self, row: Order) -> list[Any]:
        return [str(row.customer), row.customer.email]

    @display(description="Status", label=LABELS)
    def state(self, row: Order) -> str:
        return row.get_status_display()

    @display(description="Total")
    def amount(self, row: Order) -> str:
        return money(row.total, row.currency_code)

    @display(description="Order ID")
    def id_outside(self, row: Order) -> str:
        return row.public_id.hex
