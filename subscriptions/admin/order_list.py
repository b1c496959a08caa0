"""The list of orders: what they come to, when they are placed, and what becomes of them next."""

from datetime import date
from typing import Any

from django.db.models import Sum
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.timezone import localtime
from unfold.decorators import display

from subscriptions.admin.bulk.list_actions import BulkListAdmin
from subscriptions.admin.filters import OrderDayFilter, OrderTabFilter, RecoveredFilter
from subscriptions.admin.row_filters import OrderProductFilter
from subscriptions.models import Item, Order
from subscriptions.models.order_status import STATUS_ROWS
from subscriptions.money import money
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.lists.export import Column
from subscriptions.staff.lists.filters import RealFilter
from subscriptions.staff.search import CustomerSearch

LABELS = {status.label: row.color for status, row in STATUS_ROWS.items()}


class OrderList(CustomerSearch, BulkListAdmin):
    bulk_kinds = ("order.move", "order.skip", "order.retry")
    list_display = ["customer_of", "number", "amount", "items_of", "place_date_of", "state", "next_try"]
    list_filter = [OrderTabFilter, OrderDayFilter, "status", RealFilter, OrderProductFilter, RecoveredFilter]
    list_select_related = ["customer"]
    ordering = ["-created", "public_id"]
    id_paths = ("public_id",)
    search_help_text = "Customer, order number or ID"
    tabs = [(choice.title, f"tab={name}") for name, choice in OrderTabFilter.choices_by_name.items()]
    csv_columns = [
        Column("order ID", lambda row: row.public_id.hex),
        Column("order number", lambda row: row.order_merchant_id),
        Column("customer ID", lambda row: row.customer.merchant_user_id),
        Column("customer", lambda row: row.customer.full_name),
        Column("email", lambda row: row.customer.email),
        Column("status", lambda row: row.get_status_display()),
        Column("placement date", lambda row: row.place_date),
        Column("items", lambda row: row.units),
        Column("subtotal", lambda row: row.sub_total),
        Column("discounts", lambda row: row.discount_total),
        Column("shipping", lambda row: row.shipping_total),
        Column("tax", lambda row: row.tax_total),
        Column("total", lambda row: row.total),
        Column("currency", lambda row: row.currency_code),
        Column("attempts", lambda row: row.tries),
        Column("last try", lambda row: row.tried_at),
        Column("next try", lambda row: row.retry_at),
        Column("rejected because", lambda row: row.rejected_message),
        Column("created", lambda row: row.created),
        Column("cancelled", lambda row: row.cancelled),
    ]

    def add_facts(self, request: HttpRequest, rows: list[Any]) -> None:
        """`units`: how many pieces are on the order."""
        items = Item.objects.filter(merchant=merchant_of(request), order__in=[row.pk for row in rows])
        units = dict(items.order_by().values_list("order").annotate(n=Sum("quantity")))
        for row in rows:
            row.units = units.get(row.pk, 0)

    @display(description="Customer", header=True)
    def customer_of(self, row: Order) -> list[Any]:
        return [str(row.customer), row.customer.email]

    @display(description="Order number")
    def number(self, row: Order) -> str:
        return row.order_merchant_id or ""

    @display(description="Total")
    def amount(self, row: Order) -> str:
        return money(row.total, row.currency_code)

    @display(description="Items")
    def items_of(self, row: Any) -> int:
        return int(row.units)

    @display(description="Placement date")
    def place_date_of(self, row: Order) -> date:
        return row.place_date

    @display(description="Status", label=LABELS)
    def state(self, row: Order) -> str:
        return str(row.get_status_display())

    @display(description="Next try")
    def next_try(self, row: Order) -> str:
        is_timed = row.status_row.timed and row.retry_at is not None
        return date_format(localtime(row.retry_at), "N j, g:i A") if is_timed else ""
