"""What marketing sets: how links behave, the landing pages; and the saved links."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.html import format_html
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminColorInputWidget,
    UnfoldAdminTextareaWidget,
)

from oneclick import links
from oneclick.models import Action, LandingPage, OneClickSettings
from subscriptions.admin.base import MerchantAdmin, MerchantForm, OneRowAdmin
from subscriptions.admin.roles import Right
from subscriptions.admin.site import site

ORIGIN = "https://shop.example"


class LinesField(forms.Field):
    """A list of texts, one on each line."""

    widget = UnfoldAdminTextareaWidget

    def prepare_value(self, value: Any) -> str:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        return (value or "").split()


class SettingsForm(MerchantForm):
    shop_origins = LinesField(
        required=False, help_text=f"Origins of the shop's pages that may run the script, one on each line: {ORIGIN}"
    )
    confirm_actions = forms.MultipleChoiceField(
        choices=Action,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="These ask for one button first; the others act at once.",
    )

    def clean_shop_origins(self) -> list[str]:
        origins = [origin.rstrip("/") for origin in self.cleaned_data["shop_origins"]]
        for origin in origins:
            scheme, mark, host = origin.partition("://")
            if scheme not in ("http", "https") or not mark or not host or "/" in host:
                raise forms.ValidationError(f"{origin} is no origin; write scheme and host only, such as {ORIGIN}.")
        return origins


@admin.register(OneClickSettings, site=site)
class OneClickSettingsAdmin(OneRowAdmin):
    form = SettingsForm
    edit = Right.LINKS
    fieldsets = [
        (None, {"fields": ["enabled", "shop_origins", "confirm_actions"]}),
        ("Tokens and clicks", {"fields": ["token_days", "delay_days", "replay_seconds", "undo_minutes"]}),
        ("Links", {"fields": ["allow_get", "require_signed_links"]}),
        ("Banner", {"fields": ["corrected_delay_wording", "z_index", "auto_hide_seconds"]}),
    ]


class LandingPageForm(MerchantForm):
    class Meta:
        widgets = {"accent_color": UnfoldAdminColorInputWidget}


@admin.register(LandingPage, site=site)
class LandingPageAdmin(MerchantAdmin):
    form = LandingPageForm
    edit = Right.LINKS
    list_display = ["name", "slug", "default", "address"]
    list_select_related = ["merchant"]
    ordering = ["name", "pk"]
    search_fields = ["name__icontains"]
    search_help_text = "Name"
    prepopulated_fields = {"slug": ["name"]}
    readonly_fields = ["address"]
    fieldsets = [
        (None, {"fields": ["name", "slug", "is_default", "address"]}),
        ("What it says", {"fields": ["title", "heading", "text", "support_contact", "continue_url"]}),
        ("Look", {"fields": ["logo_url", "accent_color", "css_url"]}),
    ]

    @display(description="Default", boolean=True)
    def default(self, row: LandingPage) -> bool:
        return row.is_default

    @display(description="Address", empty_value="-")
    def address(self, row: LandingPage) -> str | None:
        if row.pk is None:
            return None
        url = links.landing_url(row.merchant, row.slug)
        return format_html('<a href="{0}" class="text-link" target="_blank" rel="noopener">{0}</a>', url)
