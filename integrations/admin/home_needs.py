"""What of the deliveries needs a person, for Home: paused connections, failing ones, failures by cause, ESP runs."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from integrations.admin.connection_rows import ConnectionRow, DeliveryFigures, deliveries_url
from integrations.admin.health import describe_causes
from integrations.gladly.states import describe_lookups
from integrations.models import Connection, ProfileRun
from subscriptions.models import Merchant
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.needs import Need, dialog_button
from subscriptions.staff.roles import Right, may

CAUSES_SHOWN = 3
RUNS_SHOWN = 3
RUNS_FROM = timedelta(days=7)


def find_needs(request: HttpRequest, figures: DeliveryFigures) -> list[Need]:
    """`figures` are those that Home shows anyway; besides them it takes one query, and two where Gladly is."""
    merchant = merchant_of(request)
    connections = (need for row in figures.rows for need in _needs_of_connection(request, row))
    lookups = _needs_of_lookups(request, [row.connection for row in figures.rows])
    return [*connections, *lookups, *_needs_of_causes(request, figures, merchant), *_needs_of_runs(request, merchant)]


def _needs_of_connection(request: HttpRequest, row: ConnectionRow) -> Iterator[Need]:
    key, waiting = row.connection.pk, row.waiting
    if row.state.name == "Paused":
        yield Need(
            icon="pause_circle",
            title=f"{row.connection} is paused",
            about=row.state.sentence,
            url=deliveries_url(state="pending", connection=key),
            count=waiting.count,
            since=waiting.oldest,
            buttons=dialog_button(
                request,
                Right.CONNECTIONS,
                "Resume",
                "play_arrow",
                reverse("admin:integrations_connection_resume", args=[key]),
            ),
        )
    elif row.day.failed and not row.day.delivered:
        yield Need(
            icon="error",
            title=f"Everything fails at {row.connection}",
            about="In the last 24 hours nothing was delivered there.",
            url=deliveries_url(state="failed", connection=key),
            count=row.day.failed,
        )


def _needs_of_lookups(request: HttpRequest, connections: list[Connection]) -> Iterator[Need]:
    """While Gladly is refused, its agents see no subscriptions and cannot say why."""
    states = describe_lookups(connections)
    for row in connections:
        state = states.get(row.pk)
        if state and state.name in ("Refused", "Failed"):
            page = reverse("admin:integrations_connection_change", args=[row.pk])
            yield Need(
                icon="support_agent",
                title=f"{row}: requests of agents {'are refused' if state.name == 'Refused' else 'fail'}",
                about=state.sentence,
                url=page if may(request, Right.CONNECTIONS) else reverse("admin:delivery"),
                since=state.latest.at if state.latest else None,
            )


def _needs_of_causes(request: HttpRequest, figures: DeliveryFigures, merchant: Merchant) -> Iterator[Need]:
    top = DeliveryFigures(figures.rows, figures.day, figures.causes[:CAUSES_SHOWN])
    for each in describe_causes(top, merchant):
        path = each["replay"]
        yield Need(
            icon="sms_failed",
            title=f"Failed deliveries to {each['connection']}",
            about=each["text"],
            url=each["list"],
            count=each["cause"].count,
            since=each["cause"].first,
            buttons=dialog_button(request, Right.DELIVERIES, "Send again", "send", path) if path else [],
        )
    hidden = figures.causes[CAUSES_SHOWN:]
    if hidden:
        yield Need(
            icon="more_horiz",
            title="Deliveries that failed for other causes",
            about="Each cause can be sent again as a whole.",
            url=f"{reverse('admin:delivery')}#failed",
            count=sum(cause.count for cause in hidden),
            since=min(cause.first for cause in hidden),
        )


def _needs_of_runs(request: HttpRequest, merchant: Merchant) -> Iterator[Need]:
    troubled = Q(state=ProfileRun.State.PAUSED) | Q(refused__gt=0)
    rows = ProfileRun.objects.filter(troubled, merchant=merchant, created__gte=timezone.now() - RUNS_FROM)
    for run in rows.select_related("connection").order_by("-created", "-id")[:RUNS_SHOWN]:
        is_paused = run.state == ProfileRun.State.PAUSED
        yield Need(
            icon="contact_mail",
            title=f"{run.get_kind_display()} of {run.connection}: {'paused' if is_paused else 'some were refused'}",
            about=run.error or ("It goes on when it is resumed." if is_paused else "Its page says who, and why."),
            url=reverse("admin:integrations_profilerun_change", args=[run.pk])
            if may(request, Right.CONNECTIONS)
            else reverse("admin:delivery"),
            count=run.refused,
            since=run.created,
        )
