"""The merchant itself and its storefront key."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.formats import date_format
from django.utils.timezone import localtime
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from subscriptions.admin.going_live import GO_LIVE
from subscriptions.admin.test_customer import TEST_CUSTOMER
from subscriptions.models import Merchant, RetryPlan
from subscriptions.staff.audit import Kind, audit
from subscriptions.staff.base import MerchantAdmin, MerchantForm, OneRowAdmin
from subscriptions.staff.buttons import Button
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.fields import LongSelectWidget, SecretField
from subscriptions.staff.roles import Right
from subscriptions.staff.secrets import show_secret
from subscriptions.staff.site import site


def hour_choices(most: int) -> list[tuple[int, str]]:
    return [(hour, f"{hour:02}:00") for hour in range(most + 1)]


class MerchantSettingsForm(MerchantForm):
    storefront_key = SecretField(
        help_text=(
            "Signs requests from your shop's own pages. Leave empty to keep the stored one. After a change, the old "
            "one stays valid for 24 hours."
        )
    )
    reminder_hour = forms.TypedChoiceField(
        label="Reminder time",
        choices=hour_choices(23),
        coerce=int,
        widget=UnfoldAdminSelectWidget,
        help_text="When order reminders and card warnings are sent, in your time zone.",
    )
    placement_hour = forms.TypedChoiceField(
        label="Placement time",
        choices=[("", "Never"), *hour_choices(11)],
        coerce=int,
        empty_value=None,
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="When the orders of the day are placed, in your time zone. Never: automatic placement is off.",
    )

    class Meta:
        widgets = {
            "retry_days": UnfoldAdminTextInputWidget,
            **dict.fromkeys(("time_zone", "currency_code", "country_code", "locale"), LongSelectWidget),
        }
        help_texts = {
            "reminder_days": "Days between reminder and order, at least 5. Applies to new subscriptions.",
            "retry_plan": "When an order is tried again after its payment was declined.",
        }

    def clean(self) -> dict[str, Any]:
        answers = super().clean()
        if answers.get("retry_plan") == RetryPlan.MANUAL and not answers.get("retry_days"):
            self.add_error("retry_days", "Enter the days of the manual plan, for example 2, 5, 9.")
        return answers


def rotate_storefront_key(request: HttpRequest, merchant: Merchant, answers: dict[str, Any]) -> HttpResponse:
    key = merchant.new_storefront_key()
    settings = site.get_model_admin(Merchant)
    audit(request, Kind.SECRET, "Rotated the storefront key, and showed the new one.", merchant)
    return show_secret(
        request,
        key,
        title="New storefront key",
        label="Storefront key",
        explanation=(
            "Give it to your shop and your platform: it is shown only now. Orders are signed with it from now on. "
            f"The old key: {describe_old_key(merchant)}."
        ),
        back=settings.url("change", merchant),
    )


def describe_old_key(merchant: Merchant) -> str:
    """Until when the storefront key before the present one is valid."""
    end = merchant.old_key_valid_until
    return f"valid until {date_format(localtime(end), 'DATETIME_FORMAT')}" if end else "not valid"


ROTATE = Button(
    verb="rotate-key",
    title="Rotate storefront key",
    icon="autorenew",
    right=Right.SETTINGS,
    question=(
        "Makes a new storefront key and shows it once. Requests signed with the present key are accepted for 24 more "
        "hours; a key before that one stops working at once. Orders are signed with the new key from now on, so your "
        "platform must know both while you change over."
    ),
    run=rotate_storefront_key,
)


@admin.register(Merchant, site=site)
class MerchantSettingsAdmin(OneRowAdmin):
    form = MerchantSettingsForm
    edit_right = Right.SETTINGS
    buttons: tuple[Button, ...] = (GO_LIVE, ROTATE)
    danger: tuple[Button, ...] = (ROTATE,)
    """Those that stand in the danger zone at the end of the page, with their questions."""
    change_form_outer_after_template = "admin/danger.html"
    pages = ("test_customer",)
    readonly_fields = ["id_outside", "old_key", "is_test", "created"]
    fieldsets = [
        ("Your shop", {"fields": ["name", "shop_url", "is_shopify"]}),
        ("Region", {"fields": ["time_zone", "currency_code", "country_code", "locale"]}),
        ("Prices", {"fields": ["shipping_rate", "prepaid_enabled"]}),
        (
            "Reminders",
            {
                "fields": [
                    "reminder_days",
                    "reminder_hour",
                    "remind_near_orders",
                    "card_recycling",
                    "warn_once_per_card",
                ]
            },
        ),
        (
            "Placement",
            {
                "fields": [
                    "placement_hour",
                    "placed_hourly",
                    "retry_plan",
                    "retry_days",
                    "generic_error_limit",
                    "disengaged_after",
                ]
            },
        ),
        ("Team", {"fields": ["requires_two_factor"]}),
        ("History", {"fields": ["history_days"]}),
        ("Keys and IDs", {"fields": ["id_outside", "storefront_key", "old_key", "is_test", "created"]}),
    ]

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """Without what the merchant has not: an old key that is valid, and the mark of a test merchant."""
        missing = set()
        if isinstance(obj, Merchant):
            missing = {"old_key"} if obj.old_key_valid_until is None else set()
            missing |= set() if obj.is_test else {"is_test"}
        return [
            (title, {**options, "fields": [name for name in options["fields"] if name not in missing]})
            for title, options in super().get_fieldsets(request, obj)
        ]

    def offered_buttons(self, request: HttpRequest, subject: Merchant) -> list[dict[str, Any]]:
        """Those at the top of the page."""
        apart = {button.title for button in self.danger}
        return [one for one in super().offered_buttons(request, subject) if one["title"] not in apart]

    def list_dangers(self, request: HttpRequest, merchant: Merchant) -> list[tuple[str, list[dict[str, Any]]]]:
        """What each does, and its button."""
        offered = {one["title"]: one for one in super().offered_buttons(request, merchant)}
        return [(one.question, [offered[one.title]]) for one in self.danger if one.title in offered]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        if merchant := options.get("obj"):
            context["danger"] = self.list_dangers(request, merchant)
        return super().render_change_form(request, context, *args, **options)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super(MerchantAdmin, self).get_queryset(request).filter(pk=merchant_of(request).pk)

    def save_model(self, request: HttpRequest, obj: Merchant, form: forms.ModelForm, change: bool) -> None:
        typed = obj.storefront_key
        obj.refresh_from_db(fields=["storefront_key"])
        super().save_model(request, obj, form, change)
        obj.set_storefront_key(typed)

    def test_customer(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        return self.button_view(request, object_id, TEST_CUSTOMER)

    @display(description="Old storefront key")
    def old_key(self, row: Merchant) -> str:
        return describe_old_key(row)

    @display(description="Merchant ID")
    def id_outside(self, row: Merchant) -> str:
        return row.public_id.hex
