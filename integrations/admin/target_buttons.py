"""What staff do to a webhook target besides its form, and to what was sent there."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import date_format
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from integrations.admin.target_form import types_by_family
from integrations.base import Outcome
from integrations.models import Connection, Delivery
from integrations.webhooks import replay, signing_keys, targets
from integrations.webhooks.integration import Webhooks
from subscriptions.staff.audit import Kind, audit
from subscriptions.staff.buttons import Button, ButtonForm
from subscriptions.staff.roles import Right
from subscriptions.staff.secrets import show_secret
from subscriptions.staff.site import site

PAGE, LIST = "admin:integrations_connection_change", "admin:integrations_connection_changelist"
RECENT = 10_000
KEY_USE = "The receiver verifies with it that requests come from here. It is shown only now."


def is_target(connection: Connection) -> bool:
    return connection.integration == Connection.Integration.WEBHOOK


def count_after_retries(connection: Connection) -> int:
    """How many of the target's latest deliveries took more than one try."""
    latest = connection.deliveries.order_by("-pk").values("pk")[:RECENT]
    return Delivery.objects.filter(pk__in=latest, state=Delivery.State.DONE, attempts_made__gt=1).count()


def log_change(request: HttpRequest, connection: Connection, sentence: str) -> None:
    site.get_model_admin(Connection).log_change(request, connection, sentence)


def show_key(request: HttpRequest, key: str, title: str, explanation: str, connection: Connection) -> HttpResponse:
    back = site.get_model_admin(Connection).url("change", connection)
    return show_secret(request, key, title=title, label="Signing key", explanation=explanation, back=back)


class SampleForm(ButtonForm):
    webhook_type = forms.ChoiceField(label="Event", choices=types_by_family, widget=UnfoldAdminSelectWidget)


def send_sample(request: HttpRequest, connection: Connection, answers: dict[str, Any]) -> HttpResponse:
    answer = Webhooks().send_sample(connection, answers["webhook_type"])
    status = f"HTTP {answer.status}" if answer.status else "No answer"
    told = f"{status}: {answer.detail}" if answer.detail else f"{status}."
    tell = messages.success if answer.outcome is Outcome.DONE else messages.error
    tell(request, f"{answers['webhook_type']} was sent to {connection}. {told}")
    return redirect(PAGE, connection.pk)


def reveal_key(request: HttpRequest, connection: Connection, answers: dict[str, Any]) -> str | HttpResponse:
    key = signing_keys.take_signing_key(connection)
    if key is None:
        return "The key was shown before. Rotate it to get a new one."
    audit(request, Kind.SECRET, "Showed the signing key.", connection)
    return show_key(request, key, f"The signing key of {connection}", KEY_USE, connection)


def rotate_key(request: HttpRequest, connection: Connection, answers: dict[str, Any]) -> str | HttpResponse:
    _, _, until = signing_keys.rotate_signing_key(connection)
    end = date_format(timezone.localtime(until), "DATETIME_FORMAT")
    key = signing_keys.take_signing_key(connection)
    if key is None:
        return f"The key was rotated before; both keys are used until {end}."
    audit(request, Kind.SECRET, "Rotated the signing key, and showed the new one.", connection)
    explanation = f"{KEY_USE} Until {end} requests are signed with the old key, too."
    return show_key(request, key, f"The new signing key of {connection}", explanation, connection)


def is_rotating(connection: Connection) -> bool:
    return len(connection.target.valid_keys()) > 1


def moment_field(label: str) -> forms.DateTimeField:
    return forms.DateTimeField(label=label, widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}))


class RangeForm(ButtonForm):
    start = moment_field("From")
    end = moment_field("Until before")

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or self.cleaned_data
        if not self.errors and answers["start"] >= answers["end"]:
            self.add_error("end", "Choose a time after the first one.")
        return answers


def replay_range(request: HttpRequest, connection: Connection, answers: dict[str, Any]) -> str:
    count = replay.replay_range(connection, answers["start"], answers["end"])
    log_change(request, connection, f"Replayed {count:,} events.")
    if not count:
        return "No event came in this time, or their bodies are no longer kept."
    return f"{count:,} event{'s' * (count > 1)} on the way again, with the same IDs."


def remove(request: HttpRequest, connection: Connection, answers: dict[str, Any]) -> HttpResponse:
    targets.remove_target(connection)
    log_change(request, connection, "Removed.")
    messages.success(request, f"{connection} is removed. What was sent stays in the list of deliveries.")
    return redirect(LIST)


def replay_delivery(request: HttpRequest, delivery: Delivery, answers: dict[str, Any]) -> HttpResponse:
    again = replay.replay_delivery(delivery)
    messages.success(request, "The event is on its way again. It keeps its ID, by which the receiver knows it.")
    return redirect(site.get_model_admin(Delivery).url("change", again))


TARGET_BUTTONS = (
    Button(
        verb="send-sample",
        title="Send test event",
        icon="science",
        right=Right.CONNECTIONS,
        question="Sends a sample once, signed as every event is, and shows what the receiver answers.",
        run=send_sample,
        form=SampleForm,
        offered=is_target,
    ),
    Button(
        verb="show-key",
        title="Show signing key",
        icon="key",
        right=Right.CONNECTIONS,
        question="The key is shown once, and never again.",
        run=reveal_key,
        offered=lambda connection: is_target(connection) and not connection.target.secret_shown,
    ),
    Button(
        verb="rotate-signing-key",
        title="Rotate signing key",
        icon="autorenew",
        right=Right.CONNECTIONS,
        question="Makes a new key and shows it once. For 24 hours requests are signed with both keys.",
        run=rotate_key,
        offered=lambda connection: is_target(connection) and not is_rotating(connection),
    ),
    Button(
        verb="replay-time",
        title="Replay",
        icon="replay",
        right=Right.CONNECTIONS,
        question="Sends what came in this time once more, with the same IDs. Bodies are kept for a month.",
        run=replay_range,
        form=RangeForm,
        offered=lambda connection: is_target(connection) and connection.enabled,
    ),
    Button(
        verb="remove-target",
        title="Remove",
        icon="delete",
        right=Right.CONNECTIONS,
        question="Nothing more is sent there, and what waits is canceled. This cannot be undone.",
        run=remove,
        offered=is_target,
        variant=ActionVariant.DANGER,
    ),
)
REPLAY_WEBHOOK = Button(
    verb="replay",
    title="Replay",
    icon="replay",
    right=Right.DELIVERIES,
    question="Sends the event once more, with the same ID and body.",
    run=replay_delivery,
    offered=lambda delivery: delivery.state == Delivery.State.DONE and replay.can_be_replayed(delivery),
)
