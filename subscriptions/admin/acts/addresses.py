"""Changing the address of a subscription or an order: one of the customer's, or a new one."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextInputWidget

from subscriptions.actions import address as addresses
from subscriptions.actions import order as order_verbs
from subscriptions.actions import subscription as subscription_verbs
from subscriptions.actions.core import ActionContext, is_allowed
from subscriptions.actions.customer_lock import CUSTOMER_BY_KEY, lock_customer
from subscriptions.admin.acts.choices import Choice, ChoicesWidget
from subscriptions.admin.acts.said import said
from subscriptions.models import Address, Order, Subscription
from subscriptions.normal_forms import parse_country
from subscriptions.staff.buttons import Button, ButtonForm, actor_of
from subscriptions.staff.roles import Right

MOST_ADDRESSES = 20
NEW = "new"
LONGEST_POSTAL_CODE = 32
LABELS = {
    "first_name": "First name",
    "last_name": "Last name",
    "address": "Street",
    "address2": "Apartment, floor",
    "city": "City",
    "state_province_code": "State or province",
    "zip_postal_code": "Postal code",
    "country_code": "Country in two letters",
}
OPTIONAL = {"address2", "state_province_code"}


def address_lines(address: Address) -> str:
    """The whole address in one line, without the name."""
    place = f"{address.city} {address.state_province_code} {address.zip_postal_code}".strip()
    return ", ".join(part for part in (address.address, address.address2, place, address.country_code) if part)


class AddressForm(ButtonForm):
    """`address` is one of the customer's; it is None for a new one, and `new` then has its columns."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        customer = self.subject.customer
        own = Address.objects.filter(
            merchant=self.subject.merchant_id, customer=customer, live=True, address_type=Address.Type.SHIPPING
        )
        self.own = {str(row.pk): row for row in own.order_by("-created", "pk")[:MOST_ADDRESSES]}
        choices = [(key, Choice(name_of(row), address_lines(row), "home_pin")) for key, row in self.own.items()]
        self.fields["address"] = forms.ChoiceField(
            choices=[*choices, (NEW, Choice("A new address", "", "add_location"))],
            widget=ChoicesWidget(attrs={"class": "staff-has-new"}),
            initial=str(self.subject.shipping_address_id),
        )
        for name, label in LABELS.items():
            self.fields[f"new_{name}"] = forms.CharField(
                label=label,
                required=False,
                max_length=255,
                widget=UnfoldAdminTextInputWidget(),
                initial=getattr(customer, name, None),
            )

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        if "address" not in answers:
            return answers
        new = {name: answers.get(f"new_{name}", "") for name in LABELS} if answers["address"] == NEW else None
        for name in LABELS if new is not None else ():
            if name not in OPTIONAL and not answers.get(f"new_{name}"):
                self.add_error(f"new_{name}", "This field is required.")
        if new and len(new["zip_postal_code"]) > LONGEST_POSTAL_CODE:
            self.add_error("new_zip_postal_code", "This is too long for a postal code.")
        if new and new["country_code"] and parse_country(new["country_code"]) is None:
            self.add_error("new_country_code", "Enter a country in two letters, such as US.")
        return {"address": self.own.get(answers["address"]), "new": new}


def name_of(address: Address) -> str:
    return f"{address.first_name} {address.last_name}".strip() or str(address)


Act = Callable[..., ActionContext[Any]]


def change_address(act: Act, request: HttpRequest, subject: Subscription | Order, answers: dict[str, Any]) -> str:
    """A new address is kept even if the customer has the same one: it may have another name on it."""
    actor = actor_of(request)
    with lock_customer(CUSTOMER_BY_KEY, pk=subject.customer_id, merchant=subject.merchant_id) as customer:
        address = answers["address"] or addresses.create(customer, actor=actor, **answers["new"]).result
        return said(act(subject, actor=actor, address=address))


def address_button(act: Act, question: str) -> Button:
    return Button(
        verb="change-address",
        title="Change address",
        icon="home_pin",
        right=Right.ADDRESSES,
        question=question,
        run=partial(change_address, act),
        offered=partial(is_allowed, act),
        form=AddressForm,
        previews=True,
    )


OF_SUBSCRIPTION = address_button(
    subscription_verbs.change_shipping_address, "The next order and all later ones go to this address."
)
OF_ORDER = address_button(
    order_verbs.change_shipping_address, "Only this order goes to this address; later ones go where they did."
)
