"""The placement log: every attempt to place an order, with what was sent and what came back."""

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from subscriptions.admin.order_placement import EFFECT_LABELS, attempt_label
from subscriptions.models import PlacementAttempt
from subscriptions.staff.base import MerchantAdmin
from subscriptions.staff.display import pretty_body
from subscriptions.staff.filters import PeriodFilter
from subscriptions.staff.search import CustomerSearch
from subscriptions.staff.site import site


class StartedFilter(PeriodFilter):
    column = "started"


@admin.register(PlacementAttempt, site=site)
class PlacementAttemptAdmin(CustomerSearch, MerchantAdmin):
    list_display = ["order_of", "started", "number", "outcome", "code_of", "message", "took"]
    list_filter = ["effect", StartedFilter]
    list_select_related = ["order__customer"]
    ordering = ["-started", "-public_id"]
    customer_path = "order__customer"
    id_paths = ("order__public_id", "public_id")
    search_help_text = "Order ID, or the customer's email, name, phone or ID"
    fieldsets = [
        (None, {"fields": ["order_link", "order_id_outside", "number", "started", "took", "outcome"]}),
        ("Answer", {"fields": ["code", "message", "order_merchant_id", "status", "answer_shown"]}),
        ("Request", {"fields": ["request_shown"]}),
    ]
    readonly_fields = [
        "order_link",
        "order_id_outside",
        "number",
        "took",
        "outcome",
        "status",
        "answer_shown",
        "request_shown",
    ]

    @display(description="Order of", header=True)
    def order_of(self, row: PlacementAttempt) -> list[Any]:
        return [str(row.order.customer), row.order.public_id.hex]

    @display(description="Result", label=EFFECT_LABELS)
    def outcome(self, row: PlacementAttempt) -> str:
        return attempt_label(row)[0]

    @display(description="Attempt")
    def number(self, row: PlacementAttempt) -> int:
        return row.tries

    @display(description="Code", empty_value="-")
    def code_of(self, row: PlacementAttempt) -> str:
        # Codes are texts of digits, so the column itself would sort 140 before 20.
        return row.code

    @display(description="HTTP status")
    def status(self, row: PlacementAttempt) -> str:
        return str(row.http_status or "No answer")

    @display(description="Took")
    def took(self, row: PlacementAttempt) -> str:
        return f"{(row.finished - row.started).total_seconds():.1f} s" if row.finished else "-"

    @display(description="Order")
    def order_link(self, row: PlacementAttempt) -> SafeString:
        page = reverse("admin:subscriptions_order_change", args=[row.order_id])
        title = f"{row.order} for {row.order.customer}"
        return format_html('<a class="text-link" href="{}">{}</a>', page, title)

    @display(description="Order ID")
    def order_id_outside(self, row: PlacementAttempt) -> str:
        return row.order.public_id.hex

    @display(description="Answer")
    def answer_shown(self, row: PlacementAttempt) -> str:
        return pretty_body(row.answer)

    @display(description="Request, without card data")
    def request_shown(self, row: PlacementAttempt) -> str:
        return pretty_body(row.request)
