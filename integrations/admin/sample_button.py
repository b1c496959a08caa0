"""Sends sample events, so that flows can be built before the first real event of a kind."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.widgets import UnfoldAdminEmailInputWidget

from integrations import registry
from integrations.admin.connection_forms import kinds_by_category
from integrations.admin.tick_boxes import ticks_widget
from integrations.base import Outcome, SendsSamples
from integrations.models import Connection
from subscriptions.staff.buttons import Button, ButtonForm
from subscriptions.staff.roles import Right
from subscriptions.staff.site import site

DROPPED_DOMAINS = ("@example.com", "@test.com")
DROPPED = "{name} silently drops events of {domain} addresses. Enter an address of your own."


class SampleForm(ButtonForm):
    email = forms.EmailField(
        label="E-mail address",
        max_length=99,
        widget=UnfoldAdminEmailInputWidget,
        help_text="One of your own: the events appear on its profile, which is made if there is none.",
    )
    kinds = forms.MultipleChoiceField(label="Events", choices=kinds_by_category, widget=ticks_widget())

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        off = self.subject.switched_off_kinds
        self.initial["kinds"] = [name for _, kinds in kinds_by_category() for name, _ in kinds if name not in off]

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        if email.endswith(DROPPED_DOMAINS):
            name, domain = self.subject.get_integration_display(), email.partition("@")[2]
            raise forms.ValidationError(DROPPED.format(name=name, domain=domain))
        return email


def send_samples(request: HttpRequest, connection: Connection, answers: dict[str, Any]) -> HttpResponse:
    integration = registry.INTEGRATIONS[connection.integration]
    assert isinstance(integration, SendsSamples)  # or else the button is not offered
    email, kinds, name = answers["email"], answers["kinds"], connection.get_integration_display()
    answer = integration.send_samples(connection, email, kinds)
    if answer.outcome is Outcome.DONE:
        events = f"{len(kinds)} sample event{'s' * (len(kinds) > 1)}"
        messages.success(request, f"{name} accepted {events} about {email}. They appear in a minute or two.")
        site.get_model_admin(Connection).log_change(request, connection, f"Sent {events}.")
    elif answer.outcome in (Outcome.RETRY, Outcome.THROTTLED):
        messages.warning(request, f"The sample events were not sent: {answer.detail} Try again in a while.")
    else:
        messages.error(request, f"{name} refused the sample events: {answer.detail}")
    return redirect("admin:integrations_connection_change", connection.pk)


def may_send_samples(connection: Connection) -> bool:
    return connection.enabled and isinstance(registry.INTEGRATIONS.get(connection.integration), SendsSamples)


SAMPLES = Button(
    verb="samples",
    title="Send sample events",
    icon="science",
    right=Right.CONNECTIONS,
    question=(
        "Klaviyo offers an event to your flows only once it has received one. This sends one of each, marked as past "
        "events, so that they start no flow. They are about Jamie Sample, with a product of yours."
    ),
    run=send_samples,
    offered=may_send_samples,
    form=SampleForm,
)
