"""Delivery health: how fast events leave, what waits, why deliveries failed, and sending them again."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_safe
from unfold.enums import ActionVariant

from integrations import replays
from integrations.admin.connection_rows import (
    DeliveryFigures,
    deliveries_url,
    read_figures,
    shown_age,
    shown_count,
)
from integrations.delivery_figures import HOURS, LATE_AFTER, MOST_COUNTED, Cause, Counts, Day
from integrations.models import Connection, Delivery, Replay
from subscriptions.models import Merchant
from subscriptions.staff.buttons import actor_of
from subscriptions.staff.charts import HOUR, build_chart
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.display import percent_done
from subscriptions.staff.roles import Right, may
from subscriptions.staff.site import site

MOST_CAUSES = 50
FINISHED_SHOWN = timedelta(hours=1)
MAY_DOUBLE = " Their outcome is unknown: a receiver that does not drop repeated events may act on them twice."


@require_safe
def health_page(request: HttpRequest) -> HttpResponse:
    merchant = merchant_of(request)
    figures = read_figures(merchant)
    failures = sum(cause.count for cause in figures.causes)
    runs = [describe_replay(run) for run in latest_replays(merchant)]
    context = {
        **site.each_context(request),
        "title": "Delivery health",
        "rows": figures.rows,
        "tiles": figure_tiles(figures, failures),
        "charts": hourly_charts(figures.day),
        "causes": describe_causes(figures, merchant),
        "more_causes": max(0, len(figures.causes) - MOST_CAUSES),
        "failures": failures,
        "failures_text": shown_count(failures),
        "are_capped": failures >= MOST_COUNTED,
        "most": MOST_COUNTED,
        "replays": runs,
        "is_running": any(run["is_running"] for run in runs),
        "may_replay": may(request, Right.DELIVERIES),
        "may_connect": may(request, Right.CONNECTIONS),
    }
    return TemplateResponse(request, "admin/delivery/health.html", context)


def figure_tiles(figures: DeliveryFigures, failures: int) -> list[tuple[str, str, Any, str]]:
    """Each tile as icon, title, figure and note; figures lead to their lists."""
    day, hours = figures.day.sum(), f"last {HOURS} hours"
    waiting = sum(row.waiting.count for row in figures.rows)
    lag = "behind" if figures.lag > LATE_AFTER else "on time"
    return [
        ("timer", "Lag now", shown_age(figures.lag), lag),
        ("hourglass_empty", "Waiting", _link(shown_count(waiting), state=Delivery.State.PENDING), ""),
        ("send", "Delivered", _link(f"{day.delivered:,}", state=Delivery.State.DONE, period=1), hours),
        ("speed", "Per minute", f"{day.per_minute:,.1f}", "last 5 minutes"),
        ("replay", "Repeated requests", f"{day.retried:,}", hours),
        ("error", "Failed", _link(shown_count(failures), state="failed"), "not sent again yet" if failures else ""),
    ]


def _link(text: str, **query: object) -> str:
    return format_html('<a class="text-link" href="{}">{}</a>', deliveries_url(**query), text)


def hourly_charts(day: Day) -> dict[str, Any]:
    hours: Sequence[datetime] = [day.first + timedelta(hours=n) for n in range(HOURS)]

    def counts(figure: Callable[[Counts], float]) -> dict[datetime, int]:
        return {hour.astimezone(UTC): round(figure(each)) for hour, each in day.hours.items()}

    return {
        "any": bool(day.hours),
        "rate": build_chart(
            HOUR,
            hours,
            {"Failed": counts(lambda each: each.failed), "Delivered": counts(lambda each: each.delivered)},
            {
                "Repeated requests": counts(lambda each: each.retried),
                "Not sent": counts(lambda each: each.not_sent),
            },
        ),
        "lag": build_chart(
            HOUR,
            hours,
            {
                "Longest": counts(lambda each: each.lag_longest),
                "Average": counts(lambda each: each.lag_average),
            },
        ),
    }


def describe_causes(figures: DeliveryFigures, merchant: Merchant) -> list[dict[str, Any]]:
    shown = figures.causes[:MOST_CAUSES]
    names = {row.connection.pk: row.connection for row in figures.rows}
    removed = {cause.connection for cause in shown} - names.keys()
    names |= Connection.objects.filter(merchant=merchant).in_bulk(removed) if removed else {}
    return [_describe_cause(cause, names[cause.connection]) for cause in shown]


def _describe_cause(cause: Cause, connection: Connection) -> dict[str, Any]:
    query = {"state": cause.state, "connection": connection.pk, "cause": cause.text}
    return {
        "cause": cause,
        "connection": connection,
        "state": Delivery.State(cause.state).label,
        "text": cause.text or "Without a reason from the other side.",
        "count": shown_count(cause.count),
        "list": deliveries_url(**query),
        # What waits for a connection that is switched off would not be sent.
        "replay": replay_url(**query) if connection.enabled and connection.removed_at is None else "",
    }


def replay_url(**query: object) -> str:
    return deliveries_url(**query).replace(
        reverse("admin:integrations_delivery_changelist"), reverse("admin:replay_failed")
    )


# Sending again


def latest_replays(merchant: Merchant) -> list[Replay]:
    """Those that run, and those that have just finished, newest first."""
    rows = Replay.objects.filter(merchant=merchant).select_related("connection").order_by("-pk")[:5]
    ended = timezone.now() - FINISHED_SHOWN
    return [row for row in rows if row.finished is None or row.finished > ended]


def describe_replay(run: Replay) -> dict[str, Any]:
    is_running = run.finished is None
    return {
        "run": run,
        "is_running": is_running,
        "percent": percent_done(run.done, run.total, is_finished=not is_running),
        "what": (run.cause or "Without a reason from the other side.") if run.cause is not None else "All that failed",
    }


class ReplayForm(forms.Form):
    """What to send again: of one connection and cause, or everything that was refused."""

    connection = forms.ModelChoiceField(Connection.objects.none(), required=False, widget=forms.HiddenInput)
    state = forms.ChoiceField(
        choices=[(state.value, state.label) for state in Delivery.FAILED], required=False, widget=forms.HiddenInput
    )
    cause = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    def __init__(self, merchant: Merchant, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        known = Connection.objects.filter(merchant=merchant, enabled=True, removed_at=None)
        self.fields["connection"].queryset = known  # type: ignore[attr-defined]  # of a ModelChoiceField


@require_http_methods(["GET", "HEAD", "POST"])
def replay_failed(request: HttpRequest) -> HttpResponse:
    if not may(request, Right.DELIVERIES):
        raise PermissionDenied
    merchant = merchant_of(request)
    form = ReplayForm(merchant, request.POST if request.method == "POST" else request.GET)
    if not form.is_valid():
        raise Http404("This merchant has no such connection.")
    chosen = form.cleaned_data
    state = chosen["state"] or Delivery.State.DEAD
    if request.method == "POST":
        replays.start_replay(
            merchant,
            connection=chosen["connection"],
            cause=chosen["cause"] if chosen["connection"] else None,
            state=state,
            started_by=actor_of(request).name,
        )
        messages.success(request, "The deliveries are queued to be sent again.")
        return redirect("admin:delivery")
    what = f"what failed at {chosen['connection']} for this cause" if chosen["connection"] else "everything that failed"
    question = f"Sends {what} again, oldest first. The events keep their IDs, so nothing counts twice."
    if state == Delivery.State.UNKNOWN:
        question = f"Sends {what} again, oldest first.{MAY_DOUBLE}"
    context = {
        **site.each_context(request),
        "title": "Send again",
        "button": {"title": "Send again", "icon": "send", "question": question, "variant": ActionVariant.PRIMARY},
        "subject": chosen["cause"] or "all that failed",
        "form": ReplayForm(merchant, initial=chosen),
        "back": reverse("admin:delivery"),
    }
    return TemplateResponse(request, "admin/dialog.html", context)


site.pages += [
    path("delivery/", site.admin_view(health_page), name="delivery"),
    path("delivery/replay/", site.admin_view(replay_failed), name="replay_failed"),
]
