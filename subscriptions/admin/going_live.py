"""The button by which an owner makes a test merchant a live one. There is no way back."""

from datetime import timedelta
from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpRequest
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextInputWidget

from subscriptions import calendar
from subscriptions.errors import Refused
from subscriptions.models import GatewaySettings, Merchant, Order
from subscriptions.staff.buttons import Button, ButtonForm
from subscriptions.staff.roles import Right
from subscriptions.staff.site import site

NO_GATEWAY = "Set under Gateway where orders are posted, and test it."
NO_KEY = "Enter the storefront key, with which orders are signed."


class NameForm(ButtonForm):
    """Asks for the merchant's name, so that nobody does by mistake what cannot be taken back."""

    name = forms.CharField(
        label="Name of the merchant", help_text="Enter the name to confirm.", widget=UnfoldAdminTextInputWidget()
    )

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name.casefold() != self.subject.name.casefold():
            raise forms.ValidationError(f"Enter {self.subject.name} to confirm.")
        return name


class GoLiveForm(NameForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        gateway: GatewaySettings | None = getattr(self.subject, "gateway", None)
        address = (gateway and gateway.url) or "no address yet"
        tomorrow = calendar.today(self.subject.time_zone) + timedelta(days=1)
        due = Order.objects.open().filter(merchant=self.subject, place_date__lte=tomorrow, customer__is_test=False)
        consequence = f"Orders will be posted to {address}. Due by tomorrow: {due.count():,}."
        self.fields["name"].help_text = f"{consequence} Enter the name to confirm."


@transaction.atomic
def go_live(request: HttpRequest, merchant: Merchant, answers: dict[str, Any]) -> str:
    merchant = Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
    require_real_gateway(merchant)
    merchant.is_test = False
    merchant.save(update_fields=["is_test"])
    site.get_model_admin(Merchant).log_change(request, merchant, "Went live.")
    return f"{merchant} is live: from now on, orders are posted to {merchant.gateway.url}."


def find_obstacle(merchant: Merchant) -> str:
    """Why no order of the merchant can be posted to its platform, or an empty text."""
    gateway: GatewaySettings | None = getattr(merchant, "gateway", None)
    if gateway is None or gateway.kind == GatewaySettings.Kind.SIMULATOR:
        return NO_GATEWAY
    return "" if merchant.storefront_key else NO_KEY


def require_real_gateway(merchant: Merchant) -> None:
    if obstacle := find_obstacle(merchant):
        raise Refused("no_gateway", f"{obstacle} Then go live.")


GO_LIVE = Button(
    verb="go-live",
    title="Go live",
    icon="rocket_launch",
    right=Right.SETTINGS,
    question=(
        "From the next placement run on, orders are posted to your platform and customers are charged. Orders that the "
        "simulator has placed stay placed. The sandbox stops taking events: give its connections the address and key "
        "of your real account. This cannot be undone."
    ),
    run=go_live,
    offered=lambda merchant: merchant.is_test,
    form=GoLiveForm,
    variant=ActionVariant.DANGER,
)
