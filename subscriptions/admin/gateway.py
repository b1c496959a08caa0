"""Where orders are placed: the merchant's platform, or the simulator with the answers it gives."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.validators import MaxValueValidator
from django.db.models import ForeignKey
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.decorators import display

from common.web.outbound_address import AddressRefused, check_outbound_url
from subscriptions.admin.payments import payment_label
from subscriptions.errors import Refused
from subscriptions.models import Effect, GatewaySettings, Merchant, SimulatedOutcome
from subscriptions.placement.probe import EMPTY_POSTS, probe_gateway
from subscriptions.placement.registry import places_for_real
from subscriptions.staff.base import MerchantAdmin, MerchantForm, OneRowAdmin
from subscriptions.staff.buttons import Button
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.fields import SecretField
from subscriptions.staff.roles import Right
from subscriptions.staff.site import site

LONGEST_ANSWER = 60_000
AS_AGREED = (Effect.VERIFY, Effect.REFUSED, Effect.CALLED_OFF, Effect.DECLINED, Effect.TEMPORARY)


class GatewayForm(MerchantForm):
    key = SecretField(
        label="Storefront key",
        help_text=(
            "Signs each order; your platform has the same key. Stored encrypted. Leave empty to keep the stored one. "
            "Requests signed with the old key are accepted for 24 more hours."
        ),
    )

    class Meta:
        labels = {"url": "Address"}
        help_texts = {"kind": "Orders of test customers always go to the simulator."}

    def clean(self) -> dict[str, Any]:
        answers = super().clean()
        url = answers.get("url") or ""
        if answers.get("kind") in EMPTY_POSTS and not url and "url" not in self.errors:
            self.add_error("url", "Enter the address that orders are sent to.")
        try:
            if url:
                check_outbound_url(url)
        except AddressRefused as refusal:
            self.add_error("url", str(refusal))
        return answers


def where_orders_go(merchant: Merchant, gateway: GatewaySettings | None) -> str:
    """What the Gateway page says about itself."""
    if merchant.is_test:
        return (
            "This is a test merchant: the simulator answers every order, whatever is set here. Until the merchant goes "
            "live, the address gets only the empty order that Test sends."
        )
    if gateway is None:
        return "Orders wait until you have set where they go."
    if gateway.kind == GatewaySettings.Kind.SIMULATOR:
        return "The simulator answers every order: nothing is placed for real, and nobody is charged."
    return (
        f"On its day, each order is posted to {gateway.url}, and your platform charges the customer. Orders of test "
        "customers go to the simulator."
    )


def test_gateway(request: HttpRequest, gateway: GatewaySettings, answers: dict[str, Any]) -> HttpResponse:
    if gateway.kind not in EMPTY_POSTS:
        raise Refused("no_test", "The simulator needs no test.")
    answer = probe_gateway(gateway)
    if answer.effect in AS_AGREED:
        messages.success(request, f"Your platform answers as expected: {answer.message} ({answer.code})")
    elif answer.effect is Effect.PLACED:
        messages.warning(
            request,
            f"Your platform accepted an empty order, as {answer.order_id}. It should refuse such an order.",
        )
    else:
        messages.error(request, f"Your platform gave no usable answer: {answer.message}")
    if gateway.merchant.is_test:
        messages.info(request, "Orders of this test merchant do not go there: the simulator answers them.")
    return redirect("admin:subscriptions_gatewaysettings_change", gateway.pk)


@admin.register(GatewaySettings, site=site)
class GatewaySettingsAdmin(OneRowAdmin):
    form = GatewayForm
    edit_right = Right.SETTINGS
    addable = True
    change_form_before_template = "admin/gateway/where.html"
    fields = ["kind", "url", "key", "without_card"]
    buttons = (
        Button(
            verb="test",
            title="Test",
            icon="network_check",
            right=Right.SETTINGS,
            question=(
                "Sends an empty order, signed like a real one, and shows the answer. A platform set up correctly "
                "refuses it. This can take up to a minute."
            ),
            run=test_gateway,
            offered=lambda gateway: gateway.kind in EMPTY_POSTS,
        ),
    )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if self.has_add_permission(request) and not self.get_queryset(request).exists():
            return redirect("admin:subscriptions_gatewaysettings_add")
        return super().changelist_view(request, extra_context)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if self.get_queryset(request).exists():
            return redirect("admin:subscriptions_gatewaysettings_changelist")
        return super().add_view(request, form_url, extra_context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        gateway, merchant = options.get("obj"), merchant_of(request)
        context["where_orders_go"] = where_orders_go(merchant, gateway)
        context["is_real"] = gateway is not None and places_for_real(merchant)
        return super().render_change_form(request, context, *args, **options)

    def save_model(self, request: HttpRequest, obj: GatewaySettings, form: forms.ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if key := form.cleaned_data["key"]:
            merchant_of(request).set_storefront_key(key)


class SimulatedOutcomeForm(MerchantForm):
    class Meta:
        help_texts = {
            "payment": "Applies to orders paid this way; it overrides the products' rules.",
            "product": "Applies to orders with this product.",
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if time := self.fields.get("milliseconds"):
            time.validators.append(MaxValueValidator(LONGEST_ANSWER))
            time.help_text = "How long the answer takes; 60,000 milliseconds at most."

    def clean(self) -> dict[str, Any]:
        answers = super().clean()
        if bool(answers.get("payment")) == bool(answers.get("product")) and not self.errors:
            raise forms.ValidationError("Choose either a payment or a product.")
        return answers


class PaymentField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return payment_label(obj)


@admin.register(SimulatedOutcome, site=site)
class SimulatedOutcomeAdmin(MerchantAdmin):
    form = SimulatedOutcomeForm
    edit_right = Right.TEST
    added_in_rows = True
    list_display = ["about", "outcome_of", "times", "milliseconds"]
    list_select_related = ["payment__customer", "product"]
    list_filter = ["outcome"]
    ordering = ["-pk"]
    autocomplete_fields = ["payment", "product"]
    fields = ["payment", "product", "outcome", "times", "milliseconds"]

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **options: Any) -> Any:
        if db_field.name == "payment":
            options["form_class"] = PaymentField
        return super().formfield_for_foreignkey(db_field, request, **options)

    @display(description="For orders with", header=True)
    def about(self, row: SimulatedOutcome) -> list[str]:
        return [str(row.payment), str(row.payment.customer)] if row.payment else [str(row.product), "Product"]

    @display(description="The simulator answers", label={SimulatedOutcome.Outcome.APPROVE.label: "success"})
    def outcome_of(self, row: SimulatedOutcome) -> str:
        return row.get_outcome_display()
