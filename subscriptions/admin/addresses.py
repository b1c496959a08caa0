"""Addresses, which staff see and change on their customer's page."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from subscriptions.actions import address as verbs
from subscriptions.admin.record_buttons import is_live, record_buttons
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


ADD_ADDRESS = Button(
    verb="add-address",
    title="Add an address",
    icon="add_location",
    right=Right.ADDRESSES,
    question="Nothing is sent there until a subscription or an order uses it.",
    run=add_address,
    form=AddressForm,
)
BUTTONS = record_buttons(
    verbs,
    Button(
        verb="correct",
        title="Correct",
        icon="edit",
        right=Right.ADDRESSES,
        question="Subscriptions and upcoming orders that use it get the corrected one. Past orders keep it as it was.",
        run=correct_address,
        form=CorrectForm,
        offered=is_live,
    ),
    right=Right.ADDRESSES,
    retired_icon="location_off",
    question="All active subscriptions and upcoming orders of this customer go to this address from now on.",
    used="All active subscriptions and upcoming orders go to {}.",
)


@admin.register(Address, site=site)
class AddressAdmin(CustomerSearch, CustomersRowAdmin):
    buttons = BUTTONS
    list_display = ["__str__", "customer", "live", "created"]
    list_select_related = ["customer"]
    ordering = ["-created", "public_id"]
