"""Addresses, which staff see and change on their customer's page."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from subscriptions.actions import address as verbs
from subscriptions.models import Address, Customer
from subscriptions.normal_forms import country_names
from subscriptions.staff.buttons import Button, ButtonForm, actor_of
from subscriptions.staff.customer_rows import CustomersRowAdmin
from subscriptions.staff.roles import Right
from subscriptions.staff.search import CustomerSearch
from subscriptions.staff.site import site

FIELDS = (
    *("first_name", "last_name", "company_name", "address", "address2", "city"),
    *("state_province_code", "zip_postal_code", "country_code", "phone"),
)
OPTIONAL = ("company_name", "address2", "state_province_code", "zip_postal_code", "phone")


def text_field(name: str) -> forms.CharField:
    column = cast(models.CharField, Address._meta.get_field(name))
    label = {"address": "Street", "address2": "Flat, floor", "state_province_code": "State or province"}
    return forms.CharField(
        label=label.get(name) or name.replace("_", " ").capitalize(),
        max_length=column.max_length,
        required=name not in OPTIONAL,
        empty_value=None if column.null else "",
        widget=UnfoldAdminTextInputWidget,
    )


class AddressForm(ButtonForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields |= {name: text_field(name) for name in FIELDS}
        names = sorted(country_names().items(), key=lambda row: row[1])
        self.fields["country_code"] = forms.ChoiceField(label="Country", choices=names, widget=UnfoldAdminSelectWidget)
        for name in FIELDS:
            self.fields[name].initial = self.first_value(name)

    def first_value(self, name: str) -> Any:
        """What the field shows at first: the customer's own name and the usual country."""
        customer = self.subject
        return customer.phone_region if name == "country_code" else getattr(customer, name, "")


class CorrectForm(AddressForm):
    def first_value(self, name: str) -> Any:
        return getattr(self.subject, name)


def add_address(request: HttpRequest, customer: Customer, answers: dict[str, Any]) -> str:
    made = verbs.create(customer, actor=actor_of(request), **answers).result
    return f"{made} is added. “Use for all” sends the orders there."


def correct_address(request: HttpRequest, address: Address, answers: dict[str, Any]) -> str:
    made = verbs.correct(address, actor=actor_of(request), **answers).result
    return f"The address is now {made}." if made else "The address is as it was."


def use_address_for_all(request: HttpRequest, address: Address, answers: dict[str, Any]) -> str:
    verbs.use_for_all(address, actor=actor_of(request))
    return f"All active subscriptions and upcoming orders go to {address}."


def retire_address(request: HttpRequest, address: Address, answers: dict[str, Any]) -> str:
    verbs.update_record(address, actor=actor_of(request), live=False)
    return f"{address} is retired."


def bring_address_back(request: HttpRequest, address: Address, answers: dict[str, Any]) -> str:
    verbs.update_record(address, actor=actor_of(request), live=True)
    return f"{address} can be used again."


ADD_ADDRESS = Button(
    verb="add-address",
    title="Add an address",
    icon="add_location",
    right=Right.ADDRESSES,
    question="Nothing is sent there until a subscription or an order uses it.",
    run=add_address,
    form=AddressForm,
)
BUTTONS = (
    Button(
        verb="use-for-all",
        title="Use for all",
        icon="done_all",
        right=Right.ADDRESSES,
        question="All active subscriptions and upcoming orders of this customer go to this address from now on.",
        run=use_address_for_all,
        offered=lambda address: address.live,
    ),
    Button(
        verb="correct",
        title="Correct",
        icon="edit",
        right=Right.ADDRESSES,
        question="Subscriptions and upcoming orders that use it get the corrected one. Past orders keep it as it was.",
        run=correct_address,
        form=CorrectForm,
        offered=lambda address: address.live,
    ),
    Button(
        verb="retire",
        title="Retire",
        icon="location_off",
        right=Right.ADDRESSES,
        question="Nothing new can use it. Subscriptions and orders that use it now keep it.",
        run=retire_address,
        offered=lambda address: address.live,
        variant=ActionVariant.DANGER,
    ),
    Button(
        verb="reuse",
        title="Bring back",
        icon="undo",
        right=Right.ADDRESSES,
        question="Subscriptions and orders can use it again.",
        run=bring_address_back,
        offered=lambda address: not address.live,
    ),
)


@admin.register(Address, site=site)
class AddressAdmin(CustomerSearch, CustomersRowAdmin):
    buttons = BUTTONS
    list_display = ["__str__", "customer", "live", "created"]
    list_select_related = ["customer"]
    ordering = ["-created", "public_id"]
