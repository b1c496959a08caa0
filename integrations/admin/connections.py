"""Connections: whether they are sending, why not, and how much is waiting."""

from collections import Counter
from typing import Any, Protocol, runtime_checkable

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Field, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from unfold.decorators import display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from integrations import outbox, registry
from integrations.base import Answer, Outcome
from integrations.models import Connection, Delivery
from subscriptions.errors import Refused
from subscriptions.events.catalogue import KINDS
from subscriptions.models import Merchant
from subscriptions.staff.base import MerchantAdmin, MerchantForm
from subscriptions.staff.buttons import Button
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.fields import SecretField
from subscriptions.staff.roles import Right
from subscriptions.staff.site import site

LABELS = {"Sending": "success", "Waiting": "warning", "Paused": "danger", "Off": "default"}
RECENT = 1000


@runtime_checkable
class Testable(Protocol):
    def test(self, connection: Connection) -> Answer: ...


def find_integration(connection: Connection) -> object:
    return registry.INTEGRATIONS.get(connection.integration)


def connection_state(connection: Connection) -> str:
    if not connection.enabled:
        return "Off"
    if connection.paused_reason:
        return "Paused"
    waits = connection.not_before is not None and connection.not_before > timezone.now()
    return "Waiting" if waits else "Sending"


def connections_with_pending(merchant: Merchant) -> QuerySet[Connection]:
    waiting = Delivery.objects.filter(connection=OuterRef("pk"), state=Delivery.State.PENDING).order_by()
    count = waiting.values("connection").annotate(n=Count("pk")).values("n")
    return Connection.objects.filter(merchant=merchant).annotate(pending=Coalesce(Subquery(count), 0))


def connections_health(merchant: Merchant) -> list[dict[str, Any]]:
    """Each connection with its state, what is pending, and how many of the merchant's latest deliveries failed."""
    latest = Delivery.objects.filter(merchant=merchant).order_by("-pk").values("pk")[:RECENT]
    failed = Counter(
        Delivery.objects.filter(pk__in=latest, state=Delivery.State.DEAD).values_list("connection", flat=True)
    )
    return [
        {"row": row, "state": connection_state(row), "label": LABELS[connection_state(row)], "failed": failed[row.pk]}
        for row in connections_with_pending(merchant).order_by("name")
    ]


def resume_connection(request: HttpRequest, connection: Connection, answers: dict[str, Any]) -> str:
    outbox.resume_connection(connection)
    site.get_model_admin(Connection).log_change(request, connection, "Resumed.")
    return f"{connection} is sending again."


def test_connection(request: HttpRequest, connection: Connection, answers: dict[str, Any]) -> HttpResponse:
    integration = find_integration(connection)
    if not isinstance(integration, Testable):
        raise Refused("no_test", f"{connection.get_integration_display()} connections cannot be tested.")
    answer = integration.test(connection)
    works = answer.outcome is Outcome.DONE
    sentence = f"{connection} works: {answer.detail}" if works else f"{connection} does not work: {answer.detail}"
    messages.add_message(request, messages.SUCCESS if works else messages.ERROR, sentence)
    return redirect("admin:integrations_connection_change", connection.pk)


class ConnectionForm(MerchantForm):
    secret = SecretField(
        label="Private key", help_text="Stored encrypted and never shown. Leave empty to keep the stored one."
    )
    switched_off_kinds = forms.MultipleChoiceField(
        label="Events not sent",
        choices=[(name, f"{kind.title} ({name})") for name, kind in KINDS.items()],
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )


@admin.register(Connection, site=site)
class ConnectionAdmin(MerchantAdmin):
    form = ConnectionForm
    view_right = edit_right = Right.CONNECTIONS
    deletable = False
    list_display = ["about", "state", "pending", "last_success_at", "last_error"]
    ordering = ["name", "pk"]
    fieldsets = [
        (None, {"fields": ["name", "integration", "base_url", "secret", "enabled"]}),
        ("State", {"fields": ["state", "paused_reason", "not_before", "pending", "last_success_at", "last_error"]}),
        ("Events", {"fields": ["switched_off_kinds"]}),
    ]
    readonly_fields = ["state", "paused_reason", "not_before", "pending", "last_success_at", "last_error"]
    buttons = (
        Button(
            verb="test",
            title="Test",
            icon="network_check",
            right=Right.CONNECTIONS,
            question="Checks with the other side that the key and the address are correct. No event is sent.",
            run=test_connection,
            offered=lambda connection: isinstance(find_integration(connection), Testable),
        ),
        Button(
            verb="resume",
            title="Resume",
            icon="play_arrow",
            right=Right.CONNECTIONS,
            question="Sends everything that is waiting, oldest first.",
            run=resume_connection,
            offered=lambda connection: connection_state(connection) in ("Paused", "Waiting"),
            variant=ActionVariant.PRIMARY,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return connections_with_pending(merchant_of(request))

    def formfield_for_choice_field(self, db_field: Field, request: HttpRequest, **options: Any) -> Any:
        if db_field.name == "integration":
            options["choices"] = [(kind, Connection.Integration(kind).label) for kind in registry.INTEGRATIONS]
        return super().formfield_for_choice_field(db_field, request, **options)

    def get_readonly_fields(self, request: HttpRequest, obj: Connection | None = None) -> list[str]:
        return [*self.readonly_fields, "integration"] if obj else self.readonly_fields

    @display(description="Connection", header=True)
    def about(self, row: Connection) -> list[str]:
        return [row.name, row.get_integration_display()]

    @display(description="State", label=LABELS)
    def state(self, row: Connection) -> str:
        return connection_state(row)

    @display(description="Waiting")
    def pending(self, row: Any) -> int:
        return int(getattr(row, "pending", 0))
