"""Deliveries and their attempts; failed deliveries can be sent again."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.decorators import display

from integrations import outbox
from integrations.admin.filters import ConnectionFilter
from integrations.models import Attempt, Delivery
from subscriptions.events.catalogue import ALL_KINDS
from subscriptions.models import Event
from subscriptions.staff.base import MerchantAdmin, ReadOnlyInline
from subscriptions.staff.buttons import Button
from subscriptions.staff.roles import Right, may
from subscriptions.staff.search import CustomerSearch
from subscriptions.staff.site import site

LABELS = {"Waiting": "warning", "Delivered": "success", "Failed": "danger", "Not sent": "default"}
MOST_ATTEMPTS = 50


def event_title(event: Event) -> str:
    """The title of the event's kind; a kind that the catalogue has lost has only a name."""
    return ALL_KINDS[event.kind].title if event.kind in ALL_KINDS else event.kind


def resend_delivery(request: HttpRequest, delivery: Delivery, answers: dict[str, Any]) -> str:
    if not outbox.replay_delivery(delivery):
        return "Nothing to send: this delivery is already on its way."
    site.get_model_admin(Delivery).log_change(request, delivery, "Sent again.")
    return "The delivery is on its way again. It keeps its ID, so nothing counts twice."


class DeliveryFields:
    """Mixin: what every page shows of a delivery. Only those who may open its connection get a link there."""

    readonly_fields = ("state_of", "connection_name")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        fields = super().get_fields(request, obj)  # type: ignore[misc]  # of the admin it is mixed into
        may_follow = may(request, Right.CONNECTIONS)
        return [name if may_follow or name != "connection" else "connection_name" for name in fields]

    @display(description="Connection")
    def connection_name(self, row: Delivery) -> str:
        return str(row.connection)

    @display(description="State", label=LABELS)
    def state_of(self, row: Delivery) -> str:
        return row.get_state_display()


class AttemptInline(ReadOnlyInline):
    model = Attempt
    fields = ["at", "status", "milliseconds", "detail"]
    ordering = ["-id"]
    per_page = MOST_ATTEMPTS


@admin.register(Delivery, site=site)
class DeliveryAdmin(DeliveryFields, CustomerSearch, MerchantAdmin):
    list_display = ["event_of", "customer_of", "connection", "state_of", "attempts_made", "created", "finished"]
    list_filter = ["state", ConnectionFilter]
    list_select_related = ["event__customer", "connection"]
    ordering = ["-id"]
    customer_path = "event__customer"
    inlines = [AttemptInline]
    fields = ["event", "connection", "state_of", "attempts_made", "error", "created", "finished"]
    buttons = (
        Button(
            verb="send-again",
            title="Send again",
            icon="send",
            right=Right.DELIVERIES,
            question="Sends the same event once more, with the same ID.",
            run=resend_delivery,
            offered=lambda delivery: delivery.state == Delivery.State.DEAD,
        ),
    )

    @display(description="Event")
    def event_of(self, row: Delivery) -> str:
        return event_title(row.event)

    def page_title(self, row: Delivery) -> str:
        return f"{event_title(row.event)} → {row.connection}"

    @display(description="Customer")
    def customer_of(self, row: Delivery) -> str:
        return str(row.event.customer)
