"""Cancelling a subscription, and starting it again."""

from datetime import date, timedelta
from functools import partial
from typing import Any

from django import forms
from django.http import HttpRequest
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from subscriptions import calendar
from subscriptions.actions import subscription as verbs
from subscriptions.actions.cancel_reasons import encode_cancel_reason, offered_reasons
from subscriptions.actions.core import is_allowed
from subscriptions.admin.acts.fields import DayForm, today_of
from subscriptions.admin.acts.said import said
from subscriptions.models import Subscription
from subscriptions.staff.buttons import Button, ButtonForm, actor_of
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.roles import Right


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


class ReactivateForm(DayForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["day"].label = "Next order date"

    def day_now(self) -> date:
        return today_of(self.subject.customer) + timedelta(days=1)


def cancel_subscription(request: HttpRequest, subscription: Subscription, answers: dict[str, Any]) -> str:
    reason = encode_cancel_reason(answers["reason"], answers["text"])
    act = verbs.cancel(subscription, actor=actor_of(request), reason=reason)
    return said(act, f"The subscription to {subscription.product} is cancelled.")


def reactivate_subscription(request: HttpRequest, subscription: Subscription, answers: dict[str, Any]) -> str:
    act = verbs.reactivate(subscription, actor=actor_of(request), next_order_date=answers["day"])
    planned = calendar.human_date(act.result.order.place_date)
    return said(act, f"The subscription to {subscription.product} is active again. Its next order is on {planned}.")


CANCEL = Button(
    verb="cancel",
    title="Cancel subscription",
    icon="cancel",
    right=Right.CANCEL,
    question="No further orders are placed. Your connections receive the event right away.",
    run=cancel_subscription,
    offered=partial(is_allowed, verbs.cancel),
    form=CancelForm,
    variant=ActionVariant.DANGER,
    previews=True,
)
REACTIVATE = Button(
    verb="reactivate",
    title="Reactivate",
    icon="autorenew",
    right=Right.REACTIVATE,
    question="Quantity and frequency stay as they were. Your connections receive the event right away.",
    run=reactivate_subscription,
    offered=partial(is_allowed, verbs.reactivate),
    form=ReactivateForm,
    variant=ActionVariant.PRIMARY,
    previews=True,
)
