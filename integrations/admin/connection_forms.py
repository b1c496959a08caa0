"""The forms of connections, one for each kind of integration. A new key is tried before it is stored."""

from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest
from httpx import URL

from common.web.outbound_address import AddressRefused, check_outbound_url, is_own_sandbox
from integrations import registry
from integrations.admin.tick_boxes import ticks_widget
from integrations.base import Answer, Outcome
from integrations.models import Connection
from subscriptions.events.catalogue import KINDS
from subscriptions.staff.base import MerchantForm
from subscriptions.staff.fields import SecretField

# The other side cannot be reached just now, which says nothing about the key.
NOT_TESTED = (Outcome.RETRY, Outcome.THROTTLED)
ABOUT_THE_KEY = (401, 403, None)
CATEGORIES = {"subscriber": "Subscribers", "subscription": "Subscriptions", "order": "Orders and items"}
KEY_KEPT = "The new key could not be tested, so the stored one stays: {reason} Try again in a while."


def kinds_by_category() -> list[tuple[str, list[tuple[str, str]]]]:
    """The kinds of events that ESPs get, in groups, with their titles."""
    return [
        (title, [(kind.name, kind.title) for kind in KINDS.values() if kind.category == category])
        for category, title in CATEGORIES.items()
    ]


class ConnectionForm(MerchantForm):
    """An account at an ESP."""

    kind: ClassVar[Connection.Integration]
    fieldsets: ClassVar[list[Any]] = [
        (None, {"fields": ["name", "secret", "base_url", "enabled"]}),
        ("Events that go out", {"fields": ["kinds"]}),
    ]
    secret = SecretField()
    kinds = forms.MultipleChoiceField(label="Events", choices=kinds_by_category, required=False, widget=ticks_widget())

    tested_fields: ClassVar[set[str]] = {"secret", "base_url"}
    """A change of one of these is tried at the other side before it is stored."""
    address_field: ClassVar[str] = "base_url"

    test_answer: Answer | None = None
    """What the other side says to a new key or address; None where nothing was tested."""

    class Meta:
        labels = {"enabled": "Send events"}
        help_texts = {"enabled": "While this is off, events that happen are not sent here later either."}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.instance.integration = self.kind
        setup = registry.INTEGRATIONS[self.kind].setup
        self.initial["kinds"] = [name for name in KINDS if name not in self.instance.switched_off_kinds]
        if address := self.fields.get("base_url"):
            address.help_text = setup.address_help
        if key := self.fields.get("secret"):
            key.label = setup.key
            key.error_messages["required"] = f"Enter the {setup.key.lower()}."
            key.required = not self.instance.secret
            key.help_text = f"{setup.key_help} It is stored encrypted and never shown."
            if key.required:
                key.widget.attrs["placeholder"] = ""
            else:
                kept = "Leave empty to keep the stored one. A new one is tested before it replaces it."
                key.help_text = f"{kept} {setup.key_change}".strip()

    def clean(self) -> dict[str, Any]:
        answers = super().clean()
        self.instance.switched_off_kinds = [name for name in KINDS if name not in answers.get("kinds", ())]
        if not self.errors and self.tested_fields & set(self.changed_data):
            self._check_setup(answers)
        return answers

    def trial_connection(self, answers: dict[str, Any]) -> Connection:
        """The connection as it would be, to be tried."""
        url, secret = answers["base_url"], answers["secret"]
        return Connection(merchant=self.merchant, integration=self.kind, base_url=url, secret=secret)

    def _check_setup(self, answers: dict[str, Any]) -> None:
        url = answers["base_url"]
        if url:
            try:
                check_outbound_url(url, own_sandbox=self.merchant.is_test)
            except AddressRefused as refusal:
                return self.add_error(self.address_field, str(refusal))
        if url and self.merchant.is_test and is_own_sandbox(URL(url)):
            return None  # the sandbox knows a key only once it is stored
        self.test_answer = answer = registry.INTEGRATIONS[self.kind].test(self.trial_connection(answers))
        is_untested = answer.outcome in NOT_TESTED
        if is_untested and self.instance.pk and "secret" in self.changed_data:
            self.add_error("secret", KEY_KEPT.format(reason=answer.detail))
        elif answer.outcome is not Outcome.DONE and not is_untested:
            self.add_error("secret" if answer.status in ABOUT_THE_KEY else self.address_field, answer.detail)
        return None

    def store(self, request: HttpRequest, connection: Connection, change: bool) -> Connection:
        """Save the row; a changed one keeps its other columns, which a worker may have written meanwhile."""
        columns = {"kinds": "switched_off_kinds"}
        changed = [columns.get(name, name) for name in self.changed_data]
        connection.save(update_fields=changed if change else None)
        return connection
