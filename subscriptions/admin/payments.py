"""Payments, which staff see and change on their customer's page."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.core.validators import RegexValidator
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from subscriptions import calendar
from subscriptions.actions import payment as verbs
from subscriptions.admin.record_buttons import is_live, record_buttons
from subscriptions.models import Customer, Payment
from subscriptions.staff.buttons import Button, ButtonForm, actor_of
from subscriptions.staff.customer_rows import CustomersRowAdmin
from subscriptions.staff.roles import Right
from subscriptions.staff.search import CustomerSearch
from subscriptions.staff.site import site

CARD_TYPES = [("", "Not known"), *Payment.CardType.choices]


class PaymentForm(ButtonForm):
    token_id = forms.CharField(
        label="Token",
        max_length=255,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text="What your platform calls this payment. Never a card number.",
    )
    payment_method = forms.ChoiceField(label="Method", choices=Payment.Method.choices, widget=UnfoldAdminSelectWidget)
    cc_type = forms.TypedChoiceField(
        label="Card type",
        choices=CARD_TYPES,
        coerce=int,
        empty_value=None,
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    cc_number_ending = forms.CharField(
        label="Last four digits",
        required=False,
        validators=[RegexValidator(r"^[0-9]{4}$", "Enter the last four digits, never more.")],
        empty_value=None,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric", "maxlength": 4, "autocomplete": "off"}),
    )
    expires_on = forms.CharField(
        label="Valid until",
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "MM/YYYY", "autocomplete": "off"}),
    )
    cc_holder = forms.CharField(
        label="Name on the card", max_length=255, required=False, empty_value=None, widget=UnfoldAdminTextInputWidget
    )

    def clean_expires_on(self) -> date | None:
        text = self.cleaned_data["expires_on"]
        day = calendar.card_expiry(text)
        if text and day is None:
            raise forms.ValidationError("Enter month and year, such as 02/2030.")
        return day


class ReplaceForm(PaymentForm):
    def __init__(self, *args: Any, subject: Payment, **options: Any) -> None:
        kept = {name: getattr(subject, name) for name in ("payment_method", "cc_type", "cc_holder")}
        super().__init__(*args, subject=subject, initial=kept, **options)


def add_payment(request: HttpRequest, customer: Customer, answers: dict[str, Any]) -> str:
    made = verbs.create(customer, actor=actor_of(request), **answers).result
    return f"{made} is added. “Use for all” puts it on the subscriptions."


def replace_payment(request: HttpRequest, payment: Payment, answers: dict[str, Any]) -> str:
    made = verbs.replace(payment, actor=actor_of(request), **answers).result
    return f"{made} takes the place of {payment}."


ADD_PAYMENT = Button(
    verb="add-payment",
    title="Add a payment",
    icon="add_card",
    right=Right.PAYMENTS,
    question="The payment must already be known to your platform, which charges it by its token.",
    run=add_payment,
    form=PaymentForm,
)
BUTTONS = record_buttons(
    verbs,
    Button(
        verb="replace",
        title="Replace",
        icon="edit",
        right=Right.PAYMENTS,
        question="Its subscriptions and upcoming orders are charged to the new payment, and this one is retired.",
        run=replace_payment,
        form=ReplaceForm,
        offered=is_live,
    ),
    right=Right.PAYMENTS,
    retired_icon="credit_card_off",
    question="All active subscriptions and upcoming orders of this customer are charged to it from now on.",
    used="All active subscriptions and upcoming orders use {}.",
)


@admin.register(Payment, site=site)
class PaymentAdmin(CustomerSearch, CustomersRowAdmin):
    buttons = BUTTONS
    list_display = ["payment", "customer", "live", "created"]
    list_select_related = ["customer"]
    ordering = ["-created", "public_id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("customer")

    def option_label(self, row: Any) -> str:
        return payment_label(row)

    @display(description="Payment")
    def payment(self, row: Payment) -> str:
        return str(row)


def payment_label(payment: Payment) -> str:
    return f"{payment}, {payment.customer}"
