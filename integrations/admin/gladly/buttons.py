"""What staff do to a Gladly connection besides its form."""

import secrets
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.text import get_text_list
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextareaWidget

from integrations.admin.gladly.find_account import find_account, is_gladly
from integrations.admin.gladly.sandbox_button import ADD_CUSTOMERS
from integrations.admin.gladly.signature_test import check_credentials, check_pasted, parse_request
from integrations.gladly.credentials import has_credentials
from integrations.gladly.enabled_actions import enabled_actions
from integrations.models import AgentAction, Connection, Delivery
from integrations.webhooks.deliveries import cancel_deliveries
from subscriptions.api_keys import active_keys
from subscriptions.errors import Refused
from subscriptions.staff.audit import Kind, audit
from subscriptions.staff.buttons import Button, ButtonForm
from subscriptions.staff.roles import Right
from subscriptions.staff.secrets import show_secret
from subscriptions.staff.site import site

LIST = "admin:integrations_connection_changelist"
KEY_USE = "Enter it in Gladly as the signing key of the app. It is shown only now."


def has_signing_key(connection: Connection) -> bool:
    return is_gladly(connection) and bool(connection.gladly.signing_key)


def make_signing_key(request: HttpRequest, connection: Connection, answers: dict[str, Any]) -> HttpResponse:
    account = find_account(connection)
    key = secrets.token_hex(32)
    account.signing_key = key
    account.save(update_fields=["signing_key"])
    admin = site.get_model_admin(Connection)
    audit(request, Kind.SECRET, "Made a signing key, and showed it.", connection)
    title = f"The signing key of {connection}"
    return show_secret(
        request, key, title=title, label="Signing key", explanation=KEY_USE, back=admin.url("change", connection)
    )


class SignatureForm(ButtonForm):
    pasted = forms.CharField(
        label="A request of Gladly's",
        required=False,
        max_length=100_000,
        strip=False,
        widget=UnfoldAdminTextareaWidget(
            attrs={"rows": 6, "placeholder": "POST /gladly/lookup/…\nGladly-Time: …\n\n{…}"}
        ),
        help_text="With its headers, an empty line and the body. Leave empty to send a sample to this portal.",
    )

    def clean_pasted(self) -> str:
        text: str = self.cleaned_data["pasted"]
        if text.strip() and parse_request(text) is None:
            raise forms.ValidationError(
                "Begin with a line such as “POST /gladly/lookup/…”, and then one line for each header."
            )
        return text.strip()


def test_signature(request: HttpRequest, connection: Connection, answers: dict[str, Any]) -> HttpResponse:
    if not has_credentials(find_account(connection)):
        raise Refused("no_credentials", "Make a signing key first.")
    parts = parse_request(answers["pasted"])
    checks = [check_pasted(connection, parts)] if parts else list(check_credentials(connection))
    admin = site.get_model_admin(Connection)
    context = {
        **site.each_context(request),
        "title": f"Signature test of {connection}",
        "opts": admin.opts,
        "checks": checks,
        "are_fine": all(check.is_fine for check in checks),
        "back": admin.url("change", connection),
        "again": admin.url("test-signature", connection),
    }
    return TemplateResponse(request, "admin/connections/gladly/signature_test.html", context)


def disconnect(request: HttpRequest, connection: Connection, answers: dict[str, Any]) -> HttpResponse:
    """Gladly's requests are refused, nothing more is written, and the credentials are gone."""
    account = find_account(connection)
    with transaction.atomic():
        Connection.objects.filter(pk=connection.pk).update(removed_at=timezone.now(), enabled=False, secret="")
        account.signing_key = account.basic_password = account.header_value = ""
        account.save(update_fields=["signing_key", "basic_password", "header_value"])
        cancel_deliveries(Delivery.objects.filter(connection=connection))
    site.get_model_admin(Connection).log_change(request, connection, "Disconnected.")
    messages.success(request, f"{connection} is disconnected. Remove the app in Gladly, too.")
    return redirect(LIST)


class DisconnectForm(ButtonForm):
    """Names what agents may still do by the app package, which has no connection but a key."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        keys = [str(key) for key in active_keys(self.subject.merchant) if "gladly:act" in key.scopes]
        if keys:
            self.about = f"The app package goes on with {get_text_list(keys, 'and')}: agents {self.describe_actions()}."

    def describe_actions(self) -> str:
        connection = self.subject
        before = enabled_actions(connection.merchant)
        after = enabled_actions(connection.merchant, without=connection)
        kept = get_text_list([action.label for action in AgentAction if action in after], "and")
        added = get_text_list([action.label for action in AgentAction if action in after - before], "and")
        if not kept:
            return "can still look, and do nothing"
        return f"can use {kept} there" + (f", also {added}, which is off now" if added else "")


GLADLY_BUTTONS = (
    Button(
        verb="make-signing-key",
        title="Make signing key",
        icon="key",
        right=Right.CONNECTIONS,
        question="The key is shown once, to be entered in Gladly.",
        run=make_signing_key,
        offered=lambda connection: is_gladly(connection) and not has_signing_key(connection),
        variant=ActionVariant.PRIMARY,
    ),
    Button(
        verb="replace-signing-key",
        title="Replace signing key",
        icon="autorenew",
        right=Right.CONNECTIONS,
        question="Makes a new key and shows it once. Gladly's requests are refused until it is entered there.",
        run=make_signing_key,
        offered=has_signing_key,
    ),
    Button(
        verb="test-signature",
        title="Test signature",
        icon="verified_user",
        right=Right.CONNECTIONS,
        question="Signs samples of Gladly's requests, and shows what is answered, what is refused, and why.",
        run=test_signature,
        form=SignatureForm,
        offered=lambda connection: is_gladly(connection) and has_credentials(connection.gladly),
    ),
    ADD_CUSTOMERS,
    Button(
        verb="disconnect",
        title="Disconnect",
        icon="link_off",
        right=Right.CONNECTIONS,
        question="Gladly's lookups are refused, nothing more is written to the timeline, and the credentials are "
        "forgotten. The app package has a key of its own and ends when that is revoked under API keys.",
        run=disconnect,
        form=DisconnectForm,
        offered=is_gladly,
        variant=ActionVariant.DANGER,
    ),
)
