"""The form of a Gladly connection: the buttons of agents, the other ways to know Gladly, and the timeline."""

import re
from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from integrations.admin.connection_forms import ConnectionForm
from integrations.admin.tick_boxes import ticks_widget
from integrations.gladly.timeline.integration import DEFAULT_KINDS
from integrations.gladly.timeline.organizations import (
    OWN,
    OWN_TITLE,
    TITLES,
    Organization,
    account_of,
    organization_url,
    parse_organization,
    read_organization,
)
from integrations.models import Connection, GladlyAccount
from integrations.models.gladly import AgentAction
from integrations.sandbox.private_keys import create_key
from subscriptions.staff.fields import SecretField

HEADER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*", re.ASCII)
ACCOUNT_FIELDS = ("basic_user", "basic_password", "header_name", "header_value", "api_user")
SECRETS = {"basic_password", "header_value"}
SANDBOX_USER = "api-user@sandbox.test"
PAIRS = {
    "basic_user": ("basic_password", "Enter the user name, too.", "Enter the password, too."),
    "header_name": ("header_value", "Enter the name of the header, too.", "Enter the value of the header, too."),
}
NEEDED = {
    "organization": "The timeline needs the name of your organization.",
    "api_user": "The timeline needs the e-mail address of the API user.",
    "secret": "The timeline needs the API token.",
}


class GladlyForm(ConnectionForm):
    fieldsets: ClassVar[list[Any]] = [
        (None, {"fields": ["name", "agent_actions"]}),
        (
            "If your Gladly does not sign its requests",
            {
                "fields": [("basic_user", "basic_password"), ("header_name", "header_value")],
                "description": "Requests with the signing key need nothing of this.",
                "classes": ["collapse"],
            },
        ),
        (
            "Timeline",
            {
                "fields": ["enabled", "organization", "place", "api_user", "secret", "kinds"],
                "description": (
                    "What customers, your team and the portal change is written to the customer's timeline in Gladly. "
                    "Gladly itself keeps what agents do there."
                ),
            },
        ),
    ]
    tested_fields: ClassVar[set[str]] = {"secret", "organization", "place", "api_user"}
    address_field: ClassVar[str] = "organization"

    agent_actions = forms.MultipleChoiceField(
        label="What agents may do",
        choices=AgentAction.choices,
        required=False,
        widget=ticks_widget(),
        help_text="Buttons on the card of an active subscription. All agents of your Gladly may press them.",
    )
    basic_user = forms.CharField(
        label="User name",
        max_length=100,
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )
    basic_password = SecretField(label="Password", max_length=200)
    header_name = forms.CharField(
        label="Name of a header", max_length=100, required=False, widget=UnfoldAdminTextInputWidget
    )
    header_value = SecretField(label="Value of the header", max_length=200)
    organization = forms.CharField(
        label="Organization",
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "acme", "autocomplete": "off"}),
        help_text="The first part of the address at which you open Gladly, such as acme in acme.gladly.com.",
    )
    place = forms.ChoiceField(label="Where it is", required=False, widget=UnfoldAdminSelectWidget)
    api_user = forms.EmailField(
        label="API user",
        max_length=254,
        required=False,
        widget=UnfoldAdminEmailInputWidget(attrs={"autocomplete": "off"}),
        help_text="The e-mail address of a Gladly user with the role “API User”.",
    )

    class Meta(ConnectionForm.Meta):
        labels = {"enabled": "Write changes to the timeline"}
        help_texts = {"enabled": "While this is off, changes that happen are not written later either."}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        is_new = self.instance.pk is None
        self.account = GladlyAccount() if is_new else self.instance.gladly
        self.initial["agent_actions"] = AgentAction.values if is_new else self.account.actions_enabled
        for name in ACCOUNT_FIELDS:
            self.initial[name] = getattr(self.account, name)
        found = read_organization(self.instance.base_url)
        self.initial["organization"], self.initial["place"] = found or ("", "live")
        if is_new:
            self.initial["enabled"], self.initial["kinds"] = False, list(DEFAULT_KINDS)
        if "place" in self.fields:
            own = [(OWN, OWN_TITLE)] if self.merchant.is_test else []
            self.fields["place"].choices = [*TITLES.items(), *own]  # type: ignore[attr-defined]  # a ChoiceField
            self.fields["secret"].required = False
            for name in SECRETS:
                stored = bool(getattr(self.account, name))
                self.fields[name].widget.attrs["placeholder"] = "••••••••" if stored else ""

    def clean_organization(self) -> str:
        text = self.cleaned_data["organization"]
        name = parse_organization(text)
        if text and name is None:
            raise forms.ValidationError("Enter only the name, such as acme for acme.gladly.com.")
        return name or ""

    def clean_header_name(self) -> str:
        name: str = self.cleaned_data["header_name"].strip()
        if name and not HEADER_NAME.fullmatch(name):
            raise forms.ValidationError("A header has only letters, digits and hyphens in its name.")
        return name

    def clean_header_value(self) -> str:
        value: str = self.cleaned_data["header_value"]
        if not (value.isascii() and value.isprintable()):
            raise forms.ValidationError("The value contains characters that a header cannot have.")
        return value

    def clean(self) -> dict[str, Any]:
        answers = self.cleaned_data
        if not self.errors:
            self._check_pairs(answers)
            place = answers.get("place") or "live"
            if place == OWN:
                answers["secret"] = answers["secret"] or self.instance.secret or create_key(self.merchant)
                answers["api_user"] = answers["api_user"] or SANDBOX_USER
            is_given = place == OWN or answers["organization"]
            answers["base_url"] = organization_url(Organization(answers["organization"], place)) if is_given else ""
            if answers["enabled"]:
                self._check_timeline(answers, is_given=bool(is_given))
        return super().clean()

    def _check_pairs(self, answers: dict[str, Any]) -> None:
        for name, (secret, name_missing, secret_missing) in PAIRS.items():
            has_secret = bool(answers[secret] or (getattr(self.account, secret) and answers[name]))
            if answers[name] and not has_secret:
                self.add_error(secret, secret_missing)
            elif answers[secret] and not answers[name]:
                self.add_error(name, name_missing)

    def _check_timeline(self, answers: dict[str, Any], *, is_given: bool) -> None:
        given = {
            "organization": is_given,
            "api_user": answers["api_user"],
            "secret": answers["secret"] or self.instance.secret,
        }
        for name, sentence in NEEDED.items():
            if not given[name]:
                self.add_error(name, sentence)

    def _check_setup(self, answers: dict[str, Any]) -> None:
        # Half of it cannot be tried, and is not used before the rest is there.
        if answers["base_url"] and answers["secret"] and answers["api_user"]:
            super()._check_setup(answers)

    def trial_connection(self, answers: dict[str, Any]) -> Connection:
        connection = super().trial_connection(answers)
        connection.gladly = GladlyAccount(connection=connection, api_user=answers["api_user"])
        return connection

    def store(self, request: HttpRequest, connection: Connection, change: bool) -> Connection:
        """Save the connection and its account, and of both only what was changed."""
        answers = self.cleaned_data
        connection.base_url = answers["base_url"]
        connection.account = account_of(connection.base_url, self.merchant)
        connection.secret = answers["secret"]
        address = ["base_url", "account", "secret"]
        columns = {"kinds": ["switched_off_kinds"]} | dict.fromkeys(("organization", "place"), address)
        plain = {"name", "secret", "enabled"}
        changed = [
            column for name in self.changed_data for column in columns.get(name, [name] if name in plain else [])
        ]
        connection.save(update_fields=changed if change else None)
        account = self.account
        account.connection = connection
        account.actions_enabled = answers["agent_actions"]
        for name in ACCOUNT_FIELDS:
            if name not in SECRETS or answers[name]:
                setattr(account, name, answers[name])
        for name, (secret, *_) in PAIRS.items():
            if not answers[name]:
                setattr(account, secret, "")
        account.save(update_fields=[*ACCOUNT_FIELDS, "actions_enabled"] if account.pk else None)
        return connection
