"""Deliveries and their attempts; failed deliveries can be sent again."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import display

from common.web.public_ids import parse_public_id
from integrations import outbox, registry
from integrations.admin.filters import (
    FAILED,
    CauseFilter,
    ConnectionFilter,
    DeliveryKindFilter,
    FinishedFilter,
    StateFilter,
)
from integrations.admin.target_buttons import REPLAY_WEBHOOK
from integrations.base import ShownRequest
from integrations.connection_states import clock_time
from integrations.models import Attempt, Delivery
from subscriptions.events.catalogue import ALL_KINDS
from subscriptions.models import Event, Merchant
from subscriptions.staff.base import PageAdmin
from subscriptions.staff.buttons import Button
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.display import event_title, pretty_body
from subscriptions.staff.lists.list_admin import ListAdmin
from subscriptions.staff.roles import Right, may
from subscriptions.staff.search import CustomerSearch
from subscriptions.staff.site import site

LABELS = {
    "Waiting": "warning",
    "Delivered": "success",
    "Failed": "danger",
    "Outcome unknown": "danger",
    "Not sent": "default",
    "Canceled": "default",
}
MOST_ATTEMPTS = 50
MOST_EVENTS = 1000
MOST_SELECTED = 200


def resend_delivery(request: HttpRequest, delivery: Delivery, answers: dict[str, Any]) -> str:
    if not outbox.replay_delivery(delivery):
        return "Nothing to send: this delivery is already on its way, or its connection is switched off."
    site.get_model_admin(Delivery).log_change(request, delivery, "Sent again.")
    return "The delivery is on its way again. It keeps its ID, so nothing counts twice."


def may_be_resent(delivery: Delivery) -> bool:
    connection = delivery.connection
    return delivery.state in Delivery.FAILED and connection.enabled and connection.removed_at is None


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


@admin.register(Delivery, site=site)
class DeliveryAdmin(DeliveryFields, CustomerSearch, ListAdmin, PageAdmin):
    page_template = "admin/delivery/delivery.html"
    list_display = ["event_of", "customer_of", "connection", "state_of", "attempts_made", "created", "finished"]
    list_filter = [StateFilter, ConnectionFilter, DeliveryKindFilter, FinishedFilter, CauseFilter]
    tabs = [
        ("Failed", f"state={FAILED}"),
        ("Waiting", f"state={Delivery.State.PENDING}"),
        ("Delivered", f"state={Delivery.State.DONE}"),
    ]
    list_select_related = ["event__customer", "connection"]
    ordering = ["-id"]
    customer_path = "event__customer"
    search_help_text = "Customer's email, name, phone or ID, or the ID of an event, order or subscription"
    actions = ["send_again"]
    # All that failed for one cause are sent again from Delivery health, in the background.
    list_disable_select_all = True
    buttons = (
        Button(
            verb="send-again",
            title="Send again",
            icon="send",
            right=Right.DELIVERIES,
            question=(
                "Sends the same event once more, with the same ID. Where the outcome is unknown, a receiver that does "
                "not drop repeated events may act on it twice."
            ),
            run=resend_delivery,
            offered=may_be_resent,
        ),
        REPLAY_WEBHOOK,
    )

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        if public_id := parse_public_id(search_term, any_spelling=True):
            return queryset.filter(event__in=events_about(merchant_of(request), public_id)), False
        return super().get_search_results(request, queryset, search_term)

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return may(request, Right.DELIVERIES)

    @admin.action(description="Send again", permissions=["resend"])
    def send_again(self, request: HttpRequest, rows: QuerySet) -> None:
        # Those that were ticked: "all" would be as many as the list has.
        keys = request.POST.getlist("_selected_action")[:MOST_SELECTED]
        chosen = Delivery.objects.filter(merchant=merchant_of(request), pk__in=keys)
        if again := outbox.replay_deliveries(chosen):
            outbox.notify_connections(merchant_of(request).pk)
            messages.success(request, f"{again} of {len(keys)} deliveries are on their way again.")
        else:
            messages.warning(request, "None of these has failed at a connection that is switched on.")

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        rows = Delivery.objects.select_related("connection__merchant", "event__customer", "event__merchant")
        delivery = rows.get(pk=row.pk)
        row.page_title = self.page_title(delivery)  # for the breadcrumbs
        attempts = list(delivery.attempts.order_by("-pk")[:MOST_ATTEMPTS])
        return {
            "title": row.page_title,
            "delivery": delivery,
            "label": LABELS[delivery.get_state_display()],
            "event_title": event_title(delivery.event),
            "next": next_step(delivery),
            "attempts": list(zip(attempts, rebuilt_requests(delivery, attempts), strict=True)),
            "most_attempts": MOST_ATTEMPTS,
            "buttons": self.offered_buttons(request, delivery),
            "may_connect": may(request, Right.CONNECTIONS),
        }

    @display(description="Event")
    def event_of(self, row: Delivery) -> str:
        return event_title(row.event)

    def page_title(self, row: Delivery) -> str:
        return f"{event_title(row.event)} → {row.connection}"

    @display(description="Customer")
    def customer_of(self, row: Delivery) -> str:
        return str(row.event.customer)


def events_about(merchant: Merchant, public_id: object) -> list[int]:
    """Keys of the event with this ID, or of the newest events of the order or subscription with it."""
    events = Event.objects.filter(merchant=merchant)
    found: list[int] = []
    for path in ("public_id", "order__public_id", "subscription__public_id"):
        if not found:
            rows = events.filter(Q((path, public_id))).order_by("-pk")
            found = list(rows.values_list("pk", flat=True)[:MOST_EVENTS])
    return found


def next_step(delivery: Delivery) -> str:
    """When a delivery that waits is tried; empty for one that is finished."""
    now = timezone.now()
    if delivery.state != Delivery.State.PENDING:
        return ""
    if delivery.due >= Delivery.BEHIND:
        return "It waits for an earlier event of this customer, so that they arrive in order."
    if delivery.due > now:
        return f"The next attempt is at {clock_time(delivery.due, now)}."
    return "It leaves as soon as the connection can send."


def rebuilt_requests(delivery: Delivery, attempts: list[Attempt]) -> list[ShownRequest | None]:
    """The request of each attempt, with its body made readable."""
    integration = registry.INTEGRATIONS.get(delivery.connection.integration)
    if integration is None or delivery.event.kind not in ALL_KINDS or not attempts:
        return [None for _ in attempts]
    requests = integration.rebuild_requests(delivery, attempts)
    return [ShownRequest(each.method, each.path, pretty_body(each.body)) for each in requests]
