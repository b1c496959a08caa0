"""The checkouts that the shop reported: what became of each, and why some failed."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import ModelAdmin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from unfold.decorators import display

from subscriptions.actions import checkout_requests
from subscriptions.actors import Actor
from subscriptions.models import CheckoutRequest
from subscriptions.staff.buttons import Button
from subscriptions.staff.display import pretty_json
from subscriptions.staff.lists.filters import DayFilter
from subscriptions.staff.lists.list_admin import ListAdmin
from subscriptions.staff.roles import Right
from subscriptions.staff.site import site

LABELS = {"Done": "success", "Failed": "danger", "Will be tried again": "warning", "In progress": "info"}


class StateFilter(SimpleListFilter):
    title = "state"
    parameter_name = "state"
    STATES = {
        "failed": ("Failed", ~Q(reason="") & Q(answer__isnull=False)),
        "waiting": ("Waiting", Q(answer__isnull=True)),
        "done": ("Done", Q(reason="", answer__isnull=False)),
    }

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [(name, title) for name, (title, _) in self.STATES.items()]

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        chosen = self.STATES.get(self.value() or "")
        return rows.filter(chosen[1]) if chosen else rows


def try_again(request: HttpRequest, checkout: CheckoutRequest, answers: dict[str, Any]) -> str:
    checkout_requests.retry_request(checkout)
    return "The checkout will be tried again within a minute."


@admin.register(CheckoutRequest, site=site)
class CheckoutAdmin(ListAdmin):
    list_display = ["order_id", "created", "state", "reason"]
    list_filter = [StateFilter, DayFilter]
    tabs = [(title, f"state={name}") for name, (title, _) in StateFilter.STATES.items()]
    ordering = ["-created", "-id"]
    search_fields = ["merchant_order_id__exact"]
    search_help_text = "Order ID of the shop"
    fields = ["shop_order", "created", "sent_by", "state", "reason", "failures", "customer", "errors"]
    readonly_fields = ["shop_order", "sent_by", "state", "failures", "customer", "errors"]
    buttons = (
        Button(
            verb="try-again",
            title="Try again",
            icon="replay",
            right=Right.FAILED,
            question="Try to carry out this checkout once more? It starts the subscriptions that the shopper paid for.",
            run=try_again,
            offered=lambda checkout: bool(checkout.reason and checkout.body),
        ),
    )

    @display(description="Shop order ID")
    def shop_order(self, row: CheckoutRequest) -> str:
        return row.merchant_order_id

    @display(description="Shop order ID")
    def order_id(self, row: CheckoutRequest) -> str:
        return Truncator(row.merchant_order_id).chars(40)

    @display(description="Failed attempts")
    def failures(self, row: CheckoutRequest) -> int:
        return row.attempts

    @display(description="State", label=LABELS)
    def state(self, row: CheckoutRequest) -> str:
        if row.answer is None:
            return "Will be tried again" if row.reason else "In progress"
        return "Failed" if row.reason else "Done"

    @display(description="Sent by")
    def sent_by(self, row: CheckoutRequest) -> str:
        return Actor.from_json(row.actor).name

    @display(description="Customer")
    def customer(self, row: CheckoutRequest) -> str:
        return (row.answer or {}).get("customer") or "-"

    @display(description="Errors of the answer")
    def errors(self, row: CheckoutRequest) -> str | SafeString:
        errors = (row.answer or {}).get("errors") or {}
        return pretty_json(errors) if any(errors.values()) else "-"
