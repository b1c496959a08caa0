"""The page of a Klaviyo connection from which the status of all customers and past events are sent."""

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminDateWidget

from integrations.admin.run_descriptions import describe_run
from integrations.klaviyo.runs import control
from integrations.klaviyo.runs.status import count_profiles
from integrations.models import Connection, ProfileRun
from subscriptions import calendar
from subscriptions.errors import DomainError
from subscriptions.events.catalogue import KINDS
from subscriptions.staff.buttons import actor_of
from subscriptions.staff.current_merchant import merchant_of

EARLIER = 5


class PastEventsForm(forms.Form):
    kinds = forms.MultipleChoiceField(
        label="Events",
        choices=[(name, f"{kind.title} ({name})") for name, kind in KINDS.items()],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        error_messages={"required": "Choose at least one kind of event."},
    )
    since = forms.DateField(
        label="Since",
        widget=UnfoldAdminDateWidget(attrs={"type": "date"}),
        error_messages={"required": "Choose the first day.", "invalid": "Enter a date."},
    )

    def clean_since(self) -> datetime:
        merchant = self.initial["merchant"]
        day = self.cleaned_data["since"]
        if day > calendar.today(merchant.time_zone):
            raise forms.ValidationError("Choose a day that is not in the future.")
        return datetime.combine(day, time.min, ZoneInfo(merchant.time_zone))


def backfill_page(request: HttpRequest, connection: Connection, context: dict[str, Any]) -> HttpResponse:
    """The page, or, on POST, the start of a run. `context` is what every page of the connection shows."""
    is_history = "history" in request.POST
    form = PastEventsForm(request.POST if is_history else None, initial={"merchant": merchant_of(request)})
    if request.method == "POST" and (not is_history or form.is_valid()):
        return begin_run(request, connection, form if is_history else None)
    runs = ProfileRun.objects.filter(merchant=merchant_of(request), connection=connection).order_by("-pk")
    unfinished = {run.kind: run for run in runs.filter(state__in=control.UNFINISHED)}
    # Counting a million customers takes seconds, so the page asks for it once it is shown.
    may_count = "counts" in request.GET and ProfileRun.Kind.STATUS not in unfinished
    shown = {
        "connection": connection,
        "has_customers": merchant_of(request).customers.exists(),
        "counts": count_profiles(connection) if may_count else None,
        "status_run": unfinished.get(ProfileRun.Kind.STATUS),
        "history_run": unfinished.get(ProfileRun.Kind.HISTORY),
        "form": form,
        "runs": [describe_run(run) for run in runs[:EARLIER]],
    }
    return TemplateResponse(request, "admin/backfill.html", context | shown)


def begin_run(request: HttpRequest, connection: Connection, form: PastEventsForm | None) -> HttpResponse:
    actor = actor_of(request)
    try:
        if form is None:
            active_only = request.POST.get("customers") == "active"
            run = control.begin_status_backfill(connection, active_only=active_only, actor=actor)
        else:
            answers = form.cleaned_data
            run = control.begin_history(connection, answers["kinds"], answers["since"], actor=actor)
    except DomainError as error:
        messages.error(request, error.sentence)
        return redirect(request.path)
    return redirect(reverse("admin:integrations_profilerun_change", args=[run.pk]))
