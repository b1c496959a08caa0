"""Access to a resource, which staff grant on the customer's page."""

from typing import Any, cast

from django import forms
from django.db.models import Exists
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.timezone import localtime
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from subscriptions.actions import entitlement
from subscriptions.admin.catalogue.durations import LONGEST_DAYS, in_seconds
from subscriptions.models import Customer, Entitlement, Resource, Subscription
from subscriptions.staff.buttons import Button, ButtonForm, actor_of
from subscriptions.staff.fields import RowChoiceField
from subscriptions.staff.roles import Right

MOST_CHOICES = 50
USUAL_DAYS = 30


class GrantForm(ButtonForm):
    resource = RowChoiceField(label="Access to")
    days = forms.IntegerField(
        label="Days",
        initial=USUAL_DAYS,
        min_value=1,
        max_value=LONGEST_DAYS,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Added to the end of the access that the customer has with this subscription, or from now on.",
    )
    subscription = RowChoiceField(label="With the subscription to")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        resources = Resource.objects.filter(merchant=self.subject.merchant_id).order_by("name", "pk")
        cast(RowChoiceField, self.fields["resource"]).offer_rows(resources)
        cast(RowChoiceField, self.fields["subscription"]).offer_rows(
            subscriptions_of(self.subject).select_related("product").order_by("-created")[:MOST_CHOICES],
            describe_subscription,
        )


def subscriptions_of(customer: Customer) -> Any:
    return Subscription.objects.filter(merchant=customer.merchant_id, customer=customer)


def describe_subscription(row: Subscription) -> str:
    return str(row.product) if row.live else f"{row.product} (cancelled)"


def may_grant(customer: Customer) -> bool:
    """Whether there is something to grant, and a subscription to grant it with."""
    return Resource.objects.filter(Exists(subscriptions_of(customer)), merchant=customer.merchant_id).exists()


def grant_access(request: HttpRequest, customer: Customer, answers: dict[str, Any]) -> str:
    subscription, resource = answers["subscription"], answers["resource"]
    held = Entitlement.objects.filter(
        merchant=customer.merchant_id, subscription=subscription, resource=resource
    ).first()
    grant = entitlement.grant(
        subscription,
        actor=actor_of(request),
        resource=resource,
        seconds=in_seconds(answers["days"]),
        grace_period=held.grace_period if held else None,
    )
    end = date_format(localtime(grant.result.expiration), "N j, Y, g:i A")
    return f"{customer} has access to {resource} until {end}."


GRANT_ACCESS = Button(
    verb="grant-access",
    title="Grant access",
    icon="key",
    right=Right.ACCESS,
    question="Gives access to a resource for some days, without an order. Plans grant theirs with each order.",
    run=grant_access,
    offered=may_grant,
    form=GrantForm,
)
