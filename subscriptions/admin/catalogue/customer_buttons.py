"""What staff give one customer, from the customer's page: access to a resource, or a discount on an order."""

from datetime import date, timedelta
from typing import Any, cast

from django import forms
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.timezone import localtime
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from subscriptions import calendar
from subscriptions.actions import entitlement, incentive
from subscriptions.actions.offer_terms import Gives, Orders, Terms
from subscriptions.admin.catalogue.discount_fields import DiscountFields, incentive_columns
from subscriptions.admin.catalogue.durations import LONGEST_DAYS, in_seconds
from subscriptions.errors import SENTENCES
from subscriptions.models import Customer, Entitlement, Order, Resource, Subscription
from subscriptions.money import money
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


class GiveDiscountForm(DiscountFields, ButtonForm):
    choices = (
        Gives.PERCENT_ORDER,
        Gives.AMOUNT_ORDER,
        Gives.FREE_SHIPPING,
        Gives.PERCENT_SHIPPING,
        Gives.AMOUNT_SHIPPING,
    )
    order = RowChoiceField(label="Order")
    name = forms.CharField(
        label="Name",
        max_length=255,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Goes to your platform with the order. Left empty, it says what the discount is.",
    )
    last_day = forms.DateField(
        label="Valid until",
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
        help_text="If the order is placed later, it does not count. Leave empty for no end.",
    )

    def __init__(self, *args: Any, subject: Customer, **options: Any) -> None:
        super().__init__(*args, currency=subject.merchant.currency_code, subject=subject, **options)
        orders = open_orders(subject).order_by("place_date", "pk")[:MOST_CHOICES]
        cast(RowChoiceField, self.fields["order"]).offer_rows(orders, describe_order)
        self.order_fields(["order", "gives", "value", "last_day", "name"])

    def clean_last_day(self) -> date | None:
        day: date | None = self.cleaned_data["last_day"]
        if day is not None and not calendar.today(self.subject.merchant.time_zone) <= day <= calendar.LAST_DAY:
            raise forms.ValidationError(SENTENCES["place_date_past"])
        return day


def subscriptions_of(customer: Customer) -> Any:
    return Subscription.objects.filter(merchant=customer.merchant_id, customer=customer)


def open_orders(customer: Customer) -> Any:
    return Order.objects.open().filter(merchant=customer.merchant_id, customer=customer)


def describe_subscription(row: Subscription) -> str:
    return str(row.product) if row.live else f"{row.product} (cancelled)"


def describe_order(row: Order) -> str:
    return f"{calendar.human_date(row.place_date)}, {money(row.total, row.currency_code)}"


def may_grant(customer: Customer) -> bool:
    """Whether there is something to grant, and a subscription to grant it with."""
    return subscriptions_of(customer).exists() and customer.merchant.resources.exists()


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
    end = date_format(localtime(grant.result.expiration), "N j, Y, P")
    return f"{customer} has access to {resource} until {end}."


def give_discount(request: HttpRequest, customer: Customer, answers: dict[str, Any]) -> str:
    gives, value, order = answers["gives"], answers["value"], answers["order"]
    words = Terms(gives, value, Orders.EVERY).shown_amount(order.currency_code)
    last = answers["last_day"]
    end = calendar.local_midnight(last + timedelta(days=1), customer.merchant.time_zone) if last else None
    fields = incentive_columns(gives, value) | {"order": order, "name": answers["name"] or words, "expires": end}
    incentive.create(customer, actor=actor_of(request), **fields)
    return f"{words} for the order of {calendar.human_date(order.place_date)}."


GRANT_ACCESS = Button(
    verb="grant-access",
    title="Grant access",
    icon="key",
    right=Right.ACT,
    question="Gives access to a resource for some days, without an order. Plans grant theirs with each order.",
    run=grant_access,
    offered=may_grant,
    form=GrantForm,
)
GIVE_DISCOUNT = Button(
    verb="give-discount",
    title="Give a discount",
    icon="redeem",
    right=Right.ACT,
    question="Takes something off one upcoming order, once. Where an offer takes off more, the offer counts instead.",
    run=give_discount,
    offered=lambda customer: open_orders(customer).exists(),
    form=GiveDiscountForm,
)
CUSTOMER_BUTTONS = (GRANT_ACCESS, GIVE_DISCOUNT)
