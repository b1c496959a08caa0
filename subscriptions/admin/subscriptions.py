"""Subscriptions: a list, a read-only page, and the buttons that cancel and reactivate."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from unfold.decorators import display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from subscriptions import calendar
from subscriptions.actions import subscription as verbs
from subscriptions.actions.cancel_reasons import describe_reason, encode_cancel_reason, offered_reasons
from subscriptions.admin.subscription_list import SubscriptionList
from subscriptions.models import Subscription
from subscriptions.staff.buttons import Button, ButtonForm, actor_of
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.roles import Right
from subscriptions.staff.site import site


class CancelForm(ButtonForm):
    text = forms.CharField(
        label="Customer's comment",
        required=False,
        max_length=900,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        reason = forms.ModelChoiceField(
            offered_reasons(merchant_of(self.request)),
            to_field_name="code",
            required=False,
            empty_label="No reason given",
            widget=UnfoldAdminSelectWidget,
        )
        self.fields = {"reason": reason, **self.fields}


class ReactivateForm(ButtonForm):
    next_order_date = forms.DateField(
        label="Next order date", widget=UnfoldAdminTextInputWidget(attrs={"type": "date"})
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        today = calendar.today(merchant_of(self.request).time_zone)
        self.fields["next_order_date"].initial = today + timedelta(days=1)
        self.fields["next_order_date"].widget.attrs["min"] = today.isoformat()


def cancel_subscription(request: HttpRequest, subscription: Subscription, answers: dict[str, Any]) -> str:
    verbs.cancel(subscription, actor=actor_of(request), reason=encode_cancel_reason(answers["reason"], answers["text"]))
    return f"The subscription to {subscription.product} is cancelled."


def reactivate_subscription(request: HttpRequest, subscription: Subscription, answers: dict[str, Any]) -> str:
    day = answers["next_order_date"]
    act = verbs.reactivate(subscription, actor=actor_of(request), next_order_date=day)
    planned = calendar.human_date(act.result.order.place_date)
    return f"The subscription to {subscription.product} is active again. Its next order is on {planned}."


CANCEL = Button(
    verb="cancel",
    title="Cancel subscription",
    icon="cancel",
    right=Right.ACT,
    question="No further orders are placed. Your connections receive the event right away.",
    run=cancel_subscription,
    offered=lambda subscription: subscription.live,
    form=CancelForm,
    variant=ActionVariant.DANGER,
)
REACTIVATE = Button(
    verb="reactivate",
    title="Reactivate",
    icon="autorenew",
    right=Right.ACT,
    question="Quantity and frequency stay as they were. Your connections receive the event right away.",
    run=reactivate_subscription,
    offered=lambda subscription: not subscription.live,
    form=ReactivateForm,
    variant=ActionVariant.PRIMARY,
)


@admin.register(Subscription, site=site)
class SubscriptionAdmin(SubscriptionList):
    buttons = (CANCEL, REACTIVATE)
    fieldsets = [
        (None, {"fields": ["customer", "product", "quantity", "frequency", "price", "state"]}),
        ("Dates", {"fields": ["start_date", "created", "cancelled", "reason"]}),
        ("Delivery and payment", {"fields": ["shipping_address", "payment", "offer", "reminder_days"]}),
        (
            "Prepaid",
            {"fields": ["prepaid_orders_per_billing", "prepaid_orders_remaining", "renewal_behavior"]},
        ),
        ("IDs", {"fields": ["id_outside", "external_id", "merchant_order_id", "raw_subscription_type"]}),
    ]
    readonly_fields = ["frequency", "state", "reason", "id_outside"]

    def return_url(self, subject: Subscription) -> str:
        return reverse("admin:subscriptions_customer_change", args=[subject.customer_id])

    @display(description="Frequency")
    def frequency(self, row: Subscription) -> str:
        return row.frequency_description

    @display(description="Status", label={"Active": "success", "Cancelled": "danger"})
    def state(self, row: Subscription) -> str:
        return "Active" if row.live else "Cancelled"

    @display(description="Cancel reason")
    def reason(self, row: Subscription) -> str:
        return describe_reason(row, dict(offered_reasons(row.merchant).values_list("code", "label"))) or "-"

    @display(description="Subscription ID")
    def id_outside(self, row: Subscription) -> str:
        return row.public_id.hex
