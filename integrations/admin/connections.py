"""Connections: whether they are sending, why not, and how to correct them."""

from itertools import count
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import display
from unfold.enums import ActionVariant

from integrations import outbox, registry
from integrations.admin.backfill import backfill_page
from integrations.admin.connection_forms import NOT_TESTED, ConnectionForm
from integrations.admin.connection_rows import read_figures, shown_count
from integrations.admin.forms import FORMS
from integrations.admin.gladly.buttons import GLADLY_BUTTONS
from integrations.admin.gladly.find_account import is_gladly
from integrations.admin.gladly.page import page_context
from integrations.admin.sample_button import SAMPLES
from integrations.admin.target_buttons import TARGET_BUTTONS, count_after_retries, is_target
from integrations.base import Answer, Outcome
from integrations.connection_states import LABELS, TROUBLES, describe_connection, describe_connections
from integrations.delivery_figures import read_waiting
from integrations.gladly.states import LABELS as LOOKUP_LABELS
from integrations.gladly.states import describe_lookups
from integrations.models import Connection
from subscriptions.staff.base import MerchantAdmin
from subscriptions.staff.buttons import Button
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.roles import Right, may
from subscriptions.staff.site import site

UNKNOWN_KIND: list[Any] = [(None, {"fields": ["name", "base_url", "enabled"]})]
OTHER_ACCOUNT = "The key belongs to another account than before: what was sent so far stays in account {account}."
LACKING = (
    "The key lacks {scopes}. Events are sent, but the status of customers from before the connection cannot be set: "
    "make a key that has these scopes too."
)


def resume_connection(request: HttpRequest, connection: Connection, answers: dict[str, Any]) -> str:
    outbox.resume_connection(connection)
    site.get_model_admin(Connection).log_change(request, connection, "Resumed.")
    return f"{connection} is sending again."


def test_connection(request: HttpRequest, connection: Connection, answers: dict[str, Any]) -> HttpResponse:
    report_test(request, connection, registry.INTEGRATIONS[connection.integration].test(connection))
    return redirect("admin:integrations_connection_change", connection.pk)


def report_test(request: HttpRequest, connection: Connection, answer: Answer) -> None:
    """Say how the test went. A test that passes also ends the pause of a connection that was refused before."""
    if answer.outcome in NOT_TESTED:
        messages.warning(request, f"{connection} could not be tested: {answer.detail} Press Test in a while.")
        return
    if answer.outcome is not Outcome.DONE:
        messages.error(request, f"{connection} does not work: {answer.detail}")
        return
    messages.success(request, f"{connection} works: {answer.detail}.")
    if answer.lacking:
        messages.warning(request, LACKING.format(scopes=" and ".join(answer.lacking)))
    if connection.account and answer.remote_id and connection.account != answer.remote_id:
        messages.warning(request, OTHER_ACCOUNT.format(account=connection.account))
    if answer.remote_id:
        Connection.objects.filter(pk=connection.pk).update(account=answer.remote_id)
    connection.refresh_from_db(fields=["paused_reason"])
    if connection.paused_reason:
        messages.success(request, resume_connection(request, connection, {}))


def is_testable(connection: Connection) -> bool:
    """Whether there is an account to ask; what a webhook would get is an event."""
    if is_gladly(connection):
        return bool(connection.base_url and connection.secret)
    return connection.integration in registry.INTEGRATIONS and not is_target(connection)


def is_held_back(connection: Connection) -> bool:
    return connection.enabled and describe_connection(connection).name in TROUBLES


def free_name(request: HttpRequest, kind: str) -> str:
    """`Klaviyo`, or `Klaviyo 2` if that is taken; empty for an unknown kind."""
    taken = set(
        Connection.objects.filter(merchant=merchant_of(request), removed_at=None).values_list("name", flat=True)
    )
    label = dict(Connection.Integration.choices).get(kind, "")
    numbered = (f"{label} {number}" for number in count(2))
    return label if label not in taken else next(name for name in numbered if name not in taken)


@admin.register(Connection, site=site)
class ConnectionAdmin(MerchantAdmin):
    view_right = edit_right = Right.CONNECTIONS
    deletable = False
    list_display = ["about", "state", "explanation", "waiting"]
    ordering = ["name", "pk"]
    pages = ("backfill",)
    empty_about = (
        "A connection sends your events to Klaviyo and other tools. Until there is one, they are only recorded."
    )
    change_form_before_template = "admin/connections/state.html"
    change_form_after_template = "admin/connections/after.html"
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
            offered=is_testable,
        ),
        Button(
            verb="resume",
            title="Resume",
            icon="play_arrow",
            right=Right.CONNECTIONS,
            question="Sends everything that is waiting, oldest first.",
            run=resume_connection,
            offered=is_held_back,
            variant=ActionVariant.PRIMARY,
        ),
        SAMPLES,
        *TARGET_BUTTONS,
        *GLADLY_BUTTONS,
    )

    def backfill(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The page of the runs that tell Klaviyo of many customers."""
        connection = self.find_row(request, object_id)
        if connection.integration != Connection.Integration.KLAVIYO:
            raise Http404(f"Connection {object_id} is not one of Klaviyo.")
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
        return super().get_queryset(request).filter(removed_at=None)

    # The list

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        shown = super().get_changelist_instance(request)
        states = describe_connections(shown.result_list)
        lookups = describe_lookups(shown.result_list)
        waiting = read_waiting(merchant_of(request), timezone.now())
        for row in shown.result_list:
            # A timeline that needs nobody says less than how agents do.
            is_calm = row.pk in lookups and states[row.pk].name not in TROUBLES
            row.described = lookups[row.pk] if is_calm else states[row.pk]
            row.waits = waiting.get(row.pk)
        return shown

    @display(description="Connection", header=True)
    def about(self, row: Connection) -> list[str]:
        return [row.name, row.get_integration_display()]

    @display(description="State", label=LABELS | LOOKUP_LABELS)
    def state(self, row: Any) -> str:
        return str(row.described.name)

    @display(description="In words")
    def explanation(self, row: Any) -> str:
        return str(row.described.sentence)

    @display(description="Waiting")
    def waiting(self, row: Any) -> str:
        return shown_count(row.waits.count) if row.waits else "0"

    # The form

    def kind_of(self, request: HttpRequest, connection: Connection | None) -> str:
        return connection.integration if connection else request.GET.get("integration", "")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request) or self.kind_of(request, None) in FORMS:
            return super().add_view(request, form_url, extra_context)
        context = {
            **site.each_context(request),
            "title": "Add connection",
            "opts": self.opts,
            "kinds": [
                (kind, Connection.Integration(kind).label, registry.INTEGRATIONS[kind].setup.about) for kind in FORMS
            ],
        }
        return TemplateResponse(request, "admin/connections/choose.html", context)

    def response_post_save_add(self, request: HttpRequest, obj: Connection) -> HttpResponse:
        """Gladly's own page says what to do next."""
        return redirect(self.url("change", obj)) if is_gladly(obj) else super().response_post_save_add(request, obj)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"name": free_name(request, self.kind_of(request, None))} | super().get_changeform_initial_data(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.integration in FORMS)

    def get_form(self, request: HttpRequest, obj: Any = None, **options: Any) -> Any:
        kind = self.kind_of(request, obj)
        if kind in FORMS:
            form = FORMS[kind]
            options["form"] = type(form.__name__, (form,), {"kind": kind})
        return super().get_form(request, obj, **options)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        kind = self.kind_of(request, obj)
        fieldsets: list[Any] = FORMS[kind].fieldsets if kind in FORMS else UNKNOWN_KIND
        return fieldsets

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        connection = options.get("obj")
        if connection and request.method == "POST":
            # A refused form has put its values on `obj`; the page describes the connection as it is.
            connection = self.get_object(request, str(connection.pk))
        integration = registry.INTEGRATIONS.get(self.kind_of(request, connection))
        context["setup"] = integration and integration.setup
        if connection:
            (context["row"],) = read_figures(merchant_of(request), [connection]).rows
            context["after_retries"] = count_after_retries(connection) if is_target(connection) else None
            context["health_page"] = reverse("admin:delivery")
            context["shows_sending"] = connection.enabled or not is_gladly(connection)
            context |= page_context(request, connection) if is_gladly(connection) else {}
        return super().render_change_form(request, context, *args, **options)

    def save_model(self, request: HttpRequest, obj: Connection, form: ConnectionForm, change: bool) -> None:
        stored = form.store(request, obj, change)
        if stored is not None:
            vars(obj).update(vars(stored))
        if form.test_answer:
            report_test(request, obj, form.test_answer)
        key_change = registry.INTEGRATIONS[obj.integration].setup.key_change
        if change and "secret" in form.changed_data and key_change:
            messages.warning(request, key_change)
