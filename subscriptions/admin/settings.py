"""The merchant itself, its team, its API keys and its cancel reasons."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from subscriptions.admin.going_live import GO_LIVE
from subscriptions.models import ApiKey, CancelReason, Membership, Merchant, RetryPlan, Role
from subscriptions.staff.base import MerchantAdmin, MerchantForm, OneRowAdmin
from subscriptions.staff.buttons import Button
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.fields import SecretField
from subscriptions.staff.roles import Right
from subscriptions.staff.site import site


def hour_choices(most: int) -> list[tuple[int, str]]:
    return [(hour, f"{hour:02}:00") for hour in range(most + 1)]


class MerchantSettingsForm(MerchantForm):
    storefront_key = SecretField(
        help_text="Signs requests from your shop's own pages. Leave empty to keep the stored one."
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
        widgets = {"retry_days": UnfoldAdminTextInputWidget}
        help_texts = {
            "reminder_days": "Days between reminder and order, at least 5. Applies to new subscriptions.",
            "retry_plan": "When an order is tried again after its payment was declined.",
        }

    def clean(self) -> dict[str, Any]:
        answers = super().clean()
        if answers.get("retry_plan") == RetryPlan.MANUAL and not answers.get("retry_days"):
            self.add_error("retry_days", "Enter the days of the manual plan, for example 2, 5, 9.")
        return answers


@admin.register(Merchant, site=site)
class MerchantSettingsAdmin(OneRowAdmin):
    form = MerchantSettingsForm
    edit_right = Right.SETTINGS
    buttons = (GO_LIVE,)
    readonly_fields = ["id_outside", "is_test", "created"]
    fieldsets = [
        (None, {"fields": ["name", "shop_url", "time_zone", "currency_code", "country_code", "locale", "is_shopify"]}),
        ("Orders", {"fields": ["shipping_rate", "prepaid_enabled"]}),
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
        ("Keys and IDs", {"fields": ["id_outside", "storefront_key", "is_test", "created"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super(MerchantAdmin, self).get_queryset(request).filter(pk=merchant_of(request).pk)

    @display(description="Merchant ID")
    def id_outside(self, row: Merchant) -> str:
        return row.public_id.hex


class MembershipForm(MerchantForm):
    def clean(self) -> dict[str, Any]:
        answers = super().clean()
        others = Membership.objects.filter(merchant=self.merchant, role=Role.OWNER).exclude(pk=self.instance.pk)
        if answers.get("role") != Role.OWNER and not others.exists():
            raise forms.ValidationError("A merchant needs at least one owner. Make someone else an owner first.")
        return answers


@admin.register(Membership, site=site)
class MembershipAdmin(MerchantAdmin):
    form = MembershipForm
    edit_right = Right.SETTINGS
    addable = False
    list_display = ["person", "role_of", "last_login"]
    list_select_related = ["user"]
    ordering = ["pk"]
    fields = ["user", "role"]
    readonly_fields = ["user"]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # Staff cannot remove themselves, so the last owner stays too.
        oneself = isinstance(obj, Membership) and obj.user_id == request.user.pk
        return super().has_delete_permission(request, obj) and not oneself

    @display(description="Person", header=True)
    def person(self, row: Membership) -> list[str]:
        return [row.user.get_full_name() or row.user.get_username(), row.user.email]

    @display(description="Role", label={"Owner": "primary", "Marketing": "info", "Support": "success"})
    def role_of(self, row: Membership) -> str:
        return row.get_role_display()

    @display(description="Last login")
    def last_login(self, row: Membership) -> Any:
        return row.user.last_login


def revoke_key(request: HttpRequest, key: ApiKey, answers: dict[str, Any]) -> str:
    ApiKey.objects.filter(pk=key.pk, merchant=merchant_of(request), revoked=None).update(revoked=timezone.now())
    site.get_model_admin(ApiKey).log_change(request, key, "Revoked.")
    return f"{key} is revoked. Requests with this key are refused from now on."


@admin.register(ApiKey, site=site)
class ApiKeyAdmin(MerchantAdmin):
    view_right = Right.SETTINGS
    list_display = ["name", "shown", "scopes", "created", "expires", "state"]
    ordering = ["-created", "-id"]
    fields = ["name", "shown", "scopes", "created", "expires", "revoked"]
    readonly_fields = ["shown"]
    buttons = (
        Button(
            verb="revoke",
            title="Revoke",
            icon="block",
            right=Right.SETTINGS,
            question="Programs that use this key are refused from now on. This cannot be undone.",
            run=revoke_key,
            offered=lambda key: key.revoked is None,
            variant=ActionVariant.DANGER,
        ),
    )

    @display(description="Key")
    def shown(self, row: ApiKey) -> str:
        return f"rpk_{row.prefix}_…"

    @display(description="State", label={"Valid": "success", "Expired": "warning", "Revoked": "danger"})
    def state(self, row: ApiKey) -> str:
        if row.revoked:
            return "Revoked"
        return "Expired" if row.expires and row.expires <= timezone.now() else "Valid"


@admin.register(CancelReason, site=site)
class CancelReasonAdmin(MerchantAdmin):
    edit_right = Right.SETTINGS
    list_display = ["code", "label", "application"]
    ordering = ["application", "code"]
    search_fields = ["label__icontains"]
    search_help_text = "Text"
