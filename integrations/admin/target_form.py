"""The form of a webhook target: where it is, which events it gets, and what comes with them."""

from typing import Any, ClassVar

from django import forms
from django.db import IntegrityError
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.timezone import localtime, now
from unfold.widgets import UnfoldAdminTextInputWidget

from integrations.admin.tick_boxes import ticks_widget
from integrations.base import Answer
from integrations.models import Connection, WebhookTarget
from integrations.webhooks import targets
from integrations.webhooks.patterns import KINDS_BY_TYPE, TYPES_BY_FAMILY, join_types, matching_types
from integrations.webhooks.snapshots import SNAPSHOTS
from subscriptions.errors import SENTENCES, Refused
from subscriptions.events.catalogue import ALL_KINDS
from subscriptions.staff.base import MerchantForm

FAMILIES = {
    "subscriber": "Subscribers",
    "subscription": "Subscriptions",
    "order": "Orders",
    "item": "Items",
}


def types_by_family() -> list[tuple[str, list[tuple[str, str]]]]:
    """The types of events in groups, with their titles."""
    return [
        (FAMILIES[family], [(name, f"{ALL_KINDS[KINDS_BY_TYPE[name]].title} ({name})") for name in names])
        for family, names in TYPES_BY_FAMILY.items()
    ]


class TargetForm(MerchantForm):
    kind: ClassVar[Connection.Integration]
    fieldsets: ClassVar[list[Any]] = [
        (None, {"fields": ["name", "base_url", "enabled", "key_state"]}),
        ("Events that go out", {"fields": ["types"]}),
        ("What comes with each event", {"fields": ["snapshots"]}),
    ]
    types = forms.MultipleChoiceField(
        label="Events",
        choices=types_by_family,
        required=False,
        widget=ticks_widget(),
        help_text="With all of a group ticked, types that are added to it later are sent, too.",
    )
    snapshots = forms.MultipleChoiceField(
        label="Also send",
        choices=lambda: list(SNAPSHOTS.items()),
        required=False,
        widget=ticks_widget(),
        help_text="Each makes every request bigger and slower. Tick only what the receiver uses.",
    )
    key_state = forms.CharField(label="Signing key", required=False, disabled=True, widget=UnfoldAdminTextInputWidget())

    test_answer: Answer | None = None
    """Nothing is sent when a target is saved."""

    class Meta:
        labels = {"base_url": "Address", "enabled": "Send events"}
        help_texts = {
            "base_url": "Begins with https://, at a public address.",
            "enabled": "When this is switched off, what waits is canceled.",
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.instance.integration = Connection.Integration.WEBHOOK
        if "base_url" in self.fields:
            self.fields["base_url"].required = True
        target = self.instance.target if self.instance.pk else None
        self.initial["types"] = matching_types(target.pattern) if target else []
        self.initial["snapshots"] = target.snapshots if target else []
        self.initial["key_state"] = describe_key(target)

    def clean(self) -> dict[str, Any]:
        answers = super().clean()
        if "base_url" in self.changed_data and answers.get("base_url"):
            try:
                targets.check_address(self.merchant, answers["base_url"])
            except Refused as refusal:
                self.add_error("base_url", refusal.sentence)
        if not self.instance.pk and targets.targets_of(self.merchant).count() >= targets.MOST_TARGETS:
            self.add_error(None, SENTENCES["too_many_targets"].format(n=targets.MOST_TARGETS))
        return answers

    def store(self, request: HttpRequest, connection: Connection, change: bool) -> Connection:
        """The target as it is stored."""
        answers = self.cleaned_data
        pattern, snapshots = join_types(answers["types"]), answers["snapshots"]
        wanted = {"name": answers["name"], "target_url": answers["base_url"], "enabled": answers["enabled"]}
        try:
            if not change:
                return targets.create_target(self.merchant, **wanted, pattern=pattern, snapshots=snapshots)
            targets.change_target(connection, **wanted)
            targets.set_filter(connection, pattern, snapshots)
        except Refused as refusal:
            # Something was saved meanwhile. The view runs again, and `clean` says what.
            raise IntegrityError from refusal
        return targets.targets_of(self.merchant).get(pk=connection.pk)


def describe_key(target: WebhookTarget | None) -> str:
    if target is None:
        return "Made when you save; show it once with “Show signing key”."
    if target.old_secret_until and target.old_secret_until > now():
        end = date_format(localtime(target.old_secret_until), "DATETIME_FORMAT")
        return f"Rotated: until {end} requests are signed with the old key, too."
    return "Was shown, and is not shown again." if target.secret_shown else "Not shown yet."
