"""The 1-Click settings of a merchant."""

import re
from ipaddress import ip_network

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextareaWidget

from common.web.client_address import CLIENT_BITS
from oneclick.models import Action, OneClickSettings
from oneclick.pages import domains, origins
from subscriptions.staff.base import MerchantForm, OneRowAdmin
from subscriptions.staff.fields import LinesField
from subscriptions.staff.roles import Right
from subscriptions.staff.site import site

ORIGIN = "https://shop.example"
NETWORK = "192.0.2.0/24"
MOST_NETWORKS = 1000
HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")


class SettingsForm(MerchantForm):
    shop_origins = LinesField(
        label="Shop origins",
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=f"The sites whose pages may run the script, one on each line, such as {ORIGIN}",
    )
    confirm_actions = forms.MultipleChoiceField(
        label="Ask first",
        choices=Action,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="These act when the customer presses a button. The others act as soon as a person opens the link.",
    )

    machine_networks = LinesField(
        label="Networks of machines",
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}),
        help_text="Visitors from here are asked before a link acts, such as the scanners of mail services. "
        f"One on each line, such as {NETWORK}",
    )

    class Meta:
        labels = {
            "token_days": "Token lifetime in days",
            "delay_days": "Days of a delay",
            "replay_seconds": "Seconds for a repeated click",
            "undo_minutes": "Minutes to undo",
            "allow_get": "Act on GET requests of API clients",
            "require_signed_links": "Signed links only",
            "corrected_delay_wording": "Corrected messages for delay",
            "z_index": "z-index",
            "auto_hide_seconds": "Hide success after (seconds)",
        }
        help_texts = {
            "token_days": "For subscriptions. The token of an order ends with its order.",
            "delay_days": "For links that do not say how many.",
            "require_signed_links": "Links made by hand, without a signature, are refused.",
        }

    def clean_shop_origins(self) -> list[str]:
        # Stored in browsers' spelling; any other would never match.
        return list(dict.fromkeys(parse_shop_origin(text) for text in self.cleaned_data["shop_origins"]))

    def clean_machine_networks(self) -> list[str]:
        networks = list(dict.fromkeys(parse_network(text) for text in self.cleaned_data["machine_networks"]))
        if len(networks) > MOST_NETWORKS:
            raise forms.ValidationError(f"Enter no more than {MOST_NETWORKS} networks.")
        return networks

    def clean_landing_host(self) -> str | None:
        host = (self.cleaned_data["landing_host"] or "").strip().lower().rstrip(".")
        if host and not HOST.fullmatch(host):
            raise forms.ValidationError("Write the host name only, such as links.shop.example.")
        if domains.is_portal_host(host):
            raise forms.ValidationError("The portal itself uses this host name. Choose another one.")
        return host or None


def parse_network(text: str) -> str:
    """`text` as a network. Of IPv6, clients are known by the first 64 bits alone. Raises ValidationError."""
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise forms.ValidationError(f"{text} is not a network, for example {NETWORK}.") from None
    return str(network.supernet(new_prefix=CLIENT_BITS) if network.prefixlen > CLIENT_BITS else network)


def parse_shop_origin(text: str) -> str:
    """`text` as an origin. Raises ValidationError if it is anything else or anything more."""
    address = text.lower().removesuffix("/")
    origin = origins.parse_origin(address)
    if not origin or re.search("[/?#@]", address.partition("://")[2]):
        raise forms.ValidationError(f"{text} is not a valid origin, for example {ORIGIN}.")
    return origin


@admin.register(OneClickSettings, site=site)
class OneClickSettingsAdmin(OneRowAdmin):
    form = SettingsForm
    edit_right = Right.LINKS
    fieldsets = [
        (None, {"fields": ["enabled", "shop_origins", "confirm_actions"]}),
        ("Tokens and clicks", {"fields": ["token_days", "delay_days", "replay_seconds", "undo_minutes"]}),
        ("Links", {"fields": ["allow_get", "require_signed_links", "machine_networks"]}),
        ("Banner", {"fields": ["corrected_delay_wording", "z_index", "auto_hide_seconds"]}),
        ("Landing pages", {"fields": ["landing_host"]}),
    ]

    def save_model(self, request: HttpRequest, obj: OneClickSettings, form: forms.ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        domains.forget_merchant_hosts()
