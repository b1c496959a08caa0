"""Prepaid cycles: making a subscription prepaid, and what follows the last order."""

from functools import partial
from typing import Any

from django import forms
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from subscriptions.actions import prepaid as verbs
from subscriptions.actions.core import is_allowed
from subscriptions.admin.acts.said import said
from subscriptions.models import Subscription
from subscriptions.staff.buttons import Button, ButtonForm, actor_of
from subscriptions.staff.roles import Right


class RenewalForm(ButtonForm):
    renewal_behavior = forms.ChoiceField(
        label="After the last order", choices=Subscription.Renewal, widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["renewal_behavior"].initial = self.subject.renewal_behavior


class UpgradeForm(RenewalForm):
    orders_per_billing = forms.IntegerField(
        label="Orders paid at once", min_value=2, max_value=99, initial=3, widget=UnfoldAdminIntegerFieldWidget
    )
    field_order = ["orders_per_billing", "renewal_behavior"]


def make_prepaid(request: HttpRequest, subscription: Subscription, answers: dict[str, Any]) -> str:
    return said(verbs.upgrade(subscription, actor=actor_of(request), **answers))


def change_renewal(request: HttpRequest, subscription: Subscription, answers: dict[str, Any]) -> str:
    return said(verbs.change_renewal_behavior(subscription, actor=actor_of(request), **answers))


UPGRADE = Button(
    verb="make-prepaid",
    title="Make prepaid",
    icon="savings",
    right=Right.PREPAID,
    question="The next order charges for several orders at once; the ones after it cost nothing.",
    run=make_prepaid,
    offered=partial(is_allowed, verbs.upgrade),
    form=UpgradeForm,
    previews=True,
)
RENEWAL = Button(
    verb="change-renewal",
    title="Change renewal",
    icon="autorenew",
    right=Right.PREPAID,
    question="What happens once all prepaid orders are delivered.",
    run=change_renewal,
    offered=partial(is_allowed, verbs.change_renewal_behavior),
    form=RenewalForm,
)
