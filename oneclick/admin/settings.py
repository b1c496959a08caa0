"""What marketing sets: how links behave."""

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextareaWidget

from oneclick.models import Action, OneClickSettings
from oneclick.pages import domains, origins
from subscriptions.staff.base import MerchantForm, OneRowAdmin
from subscriptions.staff.roles import Right
from subscriptions.staff.site import site

ORIGIN = "https://shop.example"
HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")


class LinesField(forms.Field):
    """A list of texts, one on each line."""

    widget = UnfoldAdminTextareaWidget

    def prepare_value(self, value: Any) -> str:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        return (value or "").split()


class SettingsForm(MerchantForm):
    shop_origins = LinesField(
        label="The shop's origins",
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=f"Of the pages that may run the script, one on each line: {ORIGIN}",
    )
    confirm_actions = forms.MultipleChoiceField(
        label="Ask first",
        choices=Action,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="These act after one button; the others at once, where somebody is there.",
    )

    class Meta:
        labels = {
            "token_days": "Days a token lives",
            "delay_days": "Days of a delay",
            "replay_seconds": "Seconds of a double click",
            "undo_minutes": "Minutes to undo",
            "allow_get": "GET acts for programs",
            "require_signed_links": "Signed links only",
            "corrected_delay_wording": "Corrected wording of delay",
            "z_index": "z-index",
            "auto_hide_seconds": "Hide success after seconds",
        }
        help_texts = {
            "token_days": "A subscription's; an order's ends with its order.",
            "delay_days": "Where its link names none.",
            "require_signed_links": "Links made by hand, which carry no signature, are refused.",
        }

    def clean_shop_origins(self) -> list[str]:
        # Kept as browsers name them, or they would match none.
        return list(dict.fromkeys(named(text) for text in self.cleaned_data["shop_origins"]))

    def clean_landing_host(self) -> str | None:
        host = (self.cleaned_data["landing_host"] or "").strip().lower().rstrip(".")
        if host and not HOST.fullmatch(host):
            raise forms.ValidationError("Write the host name only, such as links.shop.example.")
        if domains.is_portal_host(host):
            raise forms.ValidationError("The portal itself answers there; choose another host name.")
        return host or None


def named(text: str) -> str:
    """The origin that `text` is, with nothing before or behind it. Raises ValidationError."""
    address = text.lower().removesuffix("/")
    origin = origins.parse_origin(address)
    if not origin or re.search("[/?#@]", address.partition("://")[2]):
        raise forms.ValidationError(f"{text} is no origin; write scheme and host only, such as {ORIGIN}.")
    return origin


@admin.register(OneClickSettings, site=site)
class OneClickSettingsAdmin(OneRowAdmin):
    form = SettingsForm
    edit_right = Right.LINKS
    fieldsets = [
        (None, {"fields": ["enabled", "shop_origins", "confirm_actions"]}),
        ("Tokens and clicks", {"fields": ["token_days", "delay_days", "replay_seconds", "undo_minutes"]}),
        ("Links", {"fields": ["allow_get", "require_signed_links"]}),
        ("Banner", {"fields": ["corrected_delay_wording", "z_index", "auto_hide_seconds"]}),
        ("Landing pages", {"fields": ["landing_host"]}),
    ]

    def save_model(self, request: HttpRequest, obj: OneClickSettings, form: forms.ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        domains.forget_merchant_hosts()
