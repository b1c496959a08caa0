"""Connections: whether they are sending, why not, and how much is waiting."""

from collections import Counter
from typing import Any, Protocol, runtime_checkable

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Field, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from httpx import URL
from unfold.decorators import display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from common.web.outbound_address import AddressRefused, check_outbound_url, is_own_sandbox
from integrations import outbox, registry
from integrations.admin.backfill import backfill_page
from integrations.base import Answer, Outcome
from integrations.models import Connection, Delivery
from subscriptions.errors import Refused
from subscriptions.events.catalogue import KINDS
from subscriptions.models import Merchant
from subscriptions.staff.base import MerchantAdmin, MerchantForm
from subscriptions.staff.buttons import Button
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.fields import SecretField
from subscriptions.staff.roles import Right, may
from subscriptions.staff.site import site

LABELS = {"Sending": "success", "Waiting": "warning", "Paused": "danger", "Off": "default"}
RECENT = 1000
# The other side cannot be reached just now, which says nothing about the key and must not keep anybody from saving it.
NOT_TESTED = (Outcome.RETRY, Outcome.THROTTLED)
ABOUT_THE_KEY = (401, 403, None)


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
    report_test(request, connection, integration.test(connection))
    return redirect("admin:integrations_connection_change", connection.pk)


def report_test(request: HttpRequest, connection: Connection, answer: Answer) -> None:
    """Say how the test went. A test that passes also ends the pause of a connection that was refused before."""
    if answer.outcome in NOT_TESTED:
        messages.warning(request, f"{connection} could not be tested: {answer.detail} Press Test in a while.")
    elif answer.outcome is not Outcome.DONE:
        messages.error(request, f"{connection} does not work: {answer.detail}")
    else:
        messages.success(request, f"{connection} works: {answer.detail}.")
        if connection.paused_reason:
            messages.success(request, resume_connection(request, connection, {}))


class ConnectionForm(MerchantForm):
    secret = SecretField(error_messages={"required": "Enter the key."})
    switched_off_kinds = forms.MultipleChoiceField(
        label="Events not sent",
        choices=[(name, f"{kind.title} ({name})") for name, kind in KINDS.items()],
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    test_answer: Answer | None = None
    """What the other side says to a new key or address; None where nothing was tested."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        kinds = [self.instance.integration] if self.instance.pk else list(registry.INTEGRATIONS)
        setups = [registry.INTEGRATIONS[kind].setup for kind in kinds if kind in registry.INTEGRATIONS]
        if address := self.fields.get("base_url"):
            address.help_text = setups[0].address_help if len(setups) == 1 else "Leave empty for the usual address."
        if key := self.fields.get("secret"):
            key.label = " or ".join(setup.key for setup in setups)
            key.required = not self.instance.secret
            key.help_text = " ".join([*(setup.key_help for setup in setups), "Stored encrypted and never shown."])
            if key.required:
                key.widget.attrs["placeholder"] = ""
            else:
                changed = " ".join(setup.key_change for setup in setups)
                key.help_text = f"{key.help_text} Leave empty to keep the stored one. {changed}"

    def clean(self) -> dict[str, Any]:
        answers = super().clean()
        if not self.errors and {"secret", "base_url", "integration"} & set(self.changed_data):
            self._check_setup(answers)
        return answers

    def _check_setup(self, answers: dict[str, Any]) -> None:
        url = answers["base_url"]
        if url:
            try:
                check_outbound_url(url, own_sandbox=self.merchant.is_test)
            except AddressRefused as refusal:
                return self.add_error("base_url", str(refusal))
        if url and self.merchant.is_test and is_own_sandbox(URL(url)):
            return None  # the sandbox knows a key only once it is stored
        kind = answers.get("integration", self.instance.integration)
        connection = Connection(merchant=self.merchant, integration=kind, base_url=url, secret=answers["secret"])
        integration = find_integration(connection)
        if not isinstance(integration, Testable):
            return None
        self.test_answer = answer = integration.test(connection)
        if answer.outcome not in (Outcome.DONE, *NOT_TESTED):
            self.add_error("secret" if answer.status in ABOUT_THE_KEY else "base_url", answer.detail)


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
    pages = ("backfill",)
    buttons = (
        Button(
            verb="test",
            title="Test",
            icon="network_check",
            right=Right.CONNECTIONS,
            question=(
                "Checks with the other side that the key and the address are correct. No event is sent. "
                "A paused connection sends again if they are."
            ),
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

    def backfill(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The page of the runs that tell Klaviyo of many customers."""
        connection = self.get_object(request, str(object_id))
        if connection is None or connection.integration != Connection.Integration.KLAVIYO:
            raise Http404(f"No Klaviyo connection {object_id} at this merchant.")
        if not may(request, self.view_right):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": f"Backfill of {connection}",
            "opts": self.opts,
            "original": connection,
        }
        return backfill_page(request, connection, context)

    def offered_buttons(self, request: HttpRequest, subject: Connection) -> list[dict[str, Any]]:
        buttons = super().offered_buttons(request, subject)
        if subject.integration == Connection.Integration.KLAVIYO and may(request, self.view_right):
            link = {"title": "Backfill", "icon": "history", "variant": ActionVariant.DEFAULT, "attrs": {}}
            buttons.append({**link, "path": self.url("backfill", subject)})
        return buttons

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return connections_with_pending(merchant_of(request))

    def save_model(self, request: HttpRequest, obj: Connection, form: ConnectionForm, change: bool) -> None:
        # A changed row keeps its other columns, which a worker may have written while the form was open.
        obj.save(update_fields=form.changed_data if change else None)
        if form.test_answer:
            report_test(request, obj, form.test_answer)
        if (
            change
            and "secret" in form.changed_data
            and (sentence := registry.INTEGRATIONS[obj.integration].setup.key_change)
        ):
            messages.warning(request, sentence)

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
