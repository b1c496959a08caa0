"""Orders: a list, and a page with the placement of each."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from subscriptions.admin import order_placement
from subscriptions.admin.order_list import OrderList
from subscriptions.models import Item, Order
from subscriptions.staff.base import ReadOnlyInline
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.display import money_column
from subscriptions.staff.site import site

ITEM_AMOUNTS = [money_column("price", "Unit price"), money_column("total_price", "Total")]


class ItemInline(ReadOnlyInline):
    model = Item
    fields = ["product", "quantity", *ITEM_AMOUNTS, "one_time"]
    readonly_fields = ITEM_AMOUNTS

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).filter(merchant=merchant_of(request)).select_related("product", "order")


@admin.register(Order, site=site)
class OrderAdmin(OrderList):
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

    @display(description="Order ID")
    def id_outside(self, row: Order) -> str:
        return row.public_id.hex
