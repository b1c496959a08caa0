"""What staff give with one order: a discount or a gift, once."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextInputWidget

from subscriptions import calendar
from subscriptions.actions import incentive
from subscriptions.actions.discounts import ON_ORDER
from subscriptions.actions.offer_terms import Gives, Orders, Terms
from subscriptions.admin.acts.choices import ProductForm
from subscriptions.admin.catalogue.discount_fields import DiscountFields, incentive_columns
from subscriptions.errors import SENTENCES
from subscriptions.models import OneTimeIncentive, Order
from subscriptions.staff.buttons import Button, ButtonForm, actor_of
from subscriptions.staff.roles import Right


class GiveDiscountForm(DiscountFields, ButtonForm):
    choices = (
        Gives.PERCENT_ORDER,
        Gives.AMOUNT_ORDER,
        Gives.FREE_SHIPPING,
        Gives.PERCENT_SHIPPING,
        Gives.AMOUNT_SHIPPING,
    )
    last_day = forms.DateField(
        label="Valid until",
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
        help_text="If the order is placed later, it does not count. Leave empty for no end.",
    )
    name = forms.CharField(
        label="Name",
        max_length=255,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Goes to your platform with the order. Left empty, it says what the discount is.",
    )

    def __init__(self, *args: Any, subject: Order, **options: Any) -> None:
        super().__init__(*args, currency=subject.currency_code, subject=subject, **options)
        self.order_fields(["gives", "value", "last_day", "name"])

    def clean_last_day(self) -> date | None:
        day: date | None = self.cleaned_data["last_day"]
        if day is not None and not calendar.today(self.subject.merchant.time_zone) <= day <= calendar.LAST_DAY:
            raise forms.ValidationError(SENTENCES["place_date_past"])
        return day


def give_discount(request: HttpRequest, order: Order, answers: dict[str, Any]) -> str:
    gives, value, last = answers["gives"], answers["value"], answers["last_day"]
    words = Terms(gives, value, Orders.EVERY).shown_amount(order.currency_code)
    end = calendar.local_midnight(last + timedelta(days=1), order.merchant.time_zone) if last else None
    fields = incentive_columns(gives, value) | {"order": order, "name": answers["name"] or words, "expires": end}
    incentive.create(order.customer, actor=actor_of(request), **fields)
    return f"{words} for the order of {calendar.human_date(order.place_date)}."


def add_gift(request: HttpRequest, order: Order, answers: dict[str, Any]) -> str:
    product = answers["product"]
    fields = {"type": OneTimeIncentive.Type.GIFT, "target": ON_ORDER, "product": product, "name": str(product)}
    incentive.create(order.customer, actor=actor_of(request), order=order, **fields)
    return f"{product} comes with the order of {calendar.human_date(order.place_date)} as a gift."


GIVE_DISCOUNT = Button(
    verb="give-discount",
    title="Give a discount",
    icon="redeem",
    right=Right.INCENTIVES,
    question="Takes something off this order, once. Where an offer takes off more, the offer counts instead.",
    run=give_discount,
    offered=lambda order: order.is_open,
    form=GiveDiscountForm,
    previews=True,
)
ADD_GIFT = Button(
    verb="add-gift",
    title="Add a gift",
    icon="card_giftcard",
    right=Right.INCENTIVES,
    question="The product joins the order when it is placed, at no charge.",
    run=add_gift,
    offered=lambda order: order.is_open,
    form=ProductForm,
)
ORDER_BUTTONS = (GIVE_DISCOUNT, ADD_GIFT)
