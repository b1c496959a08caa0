"""Runs that tell Klaviyo of customers: their progress, what was refused, and buttons to pause and cancel them."""

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_safe
from unfold.decorators import display
from unfold.enums import ActionVariant

from integrations.admin.filters import ConnectionFilter
from integrations.admin.run_descriptions import LABELS, describe_run
from integrations.klaviyo.runs import control
from integrations.models import ProfileRun
from subscriptions.actors import Actor
from subscriptions.staff.base import PageAdmin
from subscriptions.staff.buttons import Button
from subscriptions.staff.csv_files import csv_response
from subscriptions.staff.roles import Right
from subscriptions.staff.site import site

PER_PAGE = 25
COLUMNS = ["e-mail or phone", "customer", "code", "reason", "where"]
ENDED = "Nothing to do: this run has ended or changed meanwhile."


def press(act: Callable[[ProfileRun], bool], done: str) -> Callable[[HttpRequest, ProfileRun, dict[str, Any]], str]:
    """What a button does: `act`, with `done` as the sentence and in the row's history."""

    def run_button(request: HttpRequest, run: ProfileRun, answers: dict[str, Any]) -> str:
        if not act(run):
            return ENDED
        site.get_model_admin(ProfileRun).log_change(request, run, done)
        return done

    return run_button


@admin.register(ProfileRun, site=site)
class ProfileRunAdmin(PageAdmin):
    page_template = "admin/profile_run.html"
    view_right = Right.CONNECTIONS
    addable = deletable = False
    list_display = ["about", "status", "total", "sent", "refused", "created", "finished"]
    list_filter = ["kind", "state", ConnectionFilter]
    list_select_related = ["connection"]
    ordering = ["-created", "-id"]
    pages = ("errors",)
    buttons = (
        Button(
            verb="pause",
            title="Pause",
            icon="pause",
            right=Right.CONNECTIONS,
            question="Sends nothing more until you resume. What Klaviyo has already accepted is finished there.",
            run=press(control.pause_run, "Paused."),
            offered=lambda run: run.state == ProfileRun.State.RUNNING,
        ),
        Button(
            verb="resume",
            title="Resume",
            icon="play_arrow",
            right=Right.CONNECTIONS,
            question="Continues where the run stopped.",
            run=press(control.resume_run, "The run continues."),
            offered=lambda run: run.state == ProfileRun.State.PAUSED,
            variant=ActionVariant.PRIMARY,
        ),
        Button(
            verb="cancel",
            title="Cancel",
            icon="close",
            right=Right.CONNECTIONS,
            question="Ends the run for good. What was sent stays at Klaviyo.",
            run=press(control.cancel_run, "Canceled."),
            # An erasure is owed to the customer, who is blocked already.
            offered=lambda run: run.state in control.UNFINISHED and run.kind != ProfileRun.Kind.ERASURE,
            variant=ActionVariant.DANGER,
        ),
    )

    @display(description="Run", header=True)
    def about(self, row: ProfileRun) -> list[str]:
        return [row.get_kind_display(), str(row.connection)]

    @display(description="State", label=LABELS)
    def status(self, row: ProfileRun) -> str:
        return row.get_state_display()

    def page_context(self, request: HttpRequest, row: ProfileRun) -> dict[str, Any]:
        errors = row.errors.select_related("customer").order_by("pk")
        return {
            "run": describe_run(row),
            "actor": Actor.from_json(row.actor),
            "buttons": self.offered_buttons(request, row),
            "csv": self.url("errors", row),
            "page": Paginator(errors, PER_PAGE).get_page(request.GET.get("page")),
        }

    def errors(self, request: HttpRequest, object_id: int) -> HttpResponse | StreamingHttpResponse:
        """What was refused, as CSV."""
        return errors_csv(request, self.find_row(request, object_id))


@require_safe
def errors_csv(request: HttpRequest, run: ProfileRun) -> StreamingHttpResponse:
    name = f"klaviyo-{run.kind}-{run.created:%Y-%m-%d}-errors.csv"
    return csv_response(name, COLUMNS, error_rows(run))


def error_rows(run: ProfileRun) -> Iterator[list[str]]:
    for error in run.errors.select_related("customer").order_by("pk").iterator():
        customer = error.customer.merchant_user_id if error.customer else ""
        yield [error.identifier, customer, error.code, error.detail, error.pointer]
