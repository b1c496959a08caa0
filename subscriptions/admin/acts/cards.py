"""Changing the card, or another means of payment, of a subscription or an order."""

from functools import partial
from typing import Any

from django import forms
from django.http import HttpRequest

from subscriptions.actions import order as order_verbs
from subscriptions.actions import subscription as subscription_verbs
from subscriptions.actions.core import is_allowed
from subscriptions.admin.acts.addresses import Act
from subscriptions.admin.acts.choices import Choice, ChoicesWidget
from subscriptions.admin.acts.said import said
from subscriptions.models import Order, Payment, Subscription
from subscriptions.staff.buttons import Button, ButtonForm, actor_of
from subscriptions.staff.roles import Right

MOST_CARDS = 20


class CardForm(ButtonForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        own = Payment.objects.filter(merchant=self.subject.merchant_id, customer=self.subject.customer_id, live=True)
        rows = own.order_by("-created", "pk")[:MOST_CARDS]
        payment = forms.ModelChoiceField(
            own, label="Card", widget=ChoicesWidget, initial=self.subject.payment_id, empty_label=None
        )
        payment.choices = [(row.pk, Choice(str(row), card_expiry(row), "credit_card")) for row in rows]
        self.fields["payment"] = payment


def card_expiry(payment: Payment) -> str:
    return f"Expires {payment.cc_exp_date}" if payment.cc_exp_date else ""


def change_card(act: Act, request: HttpRequest, subject: Subscription | Order, answers: dict[str, Any]) -> str:
    return said(act(subject, actor=actor_of(request), payment=answers["payment"]))


def card_button(act: Act, question: str) -> Button:
    return Button(
        verb="change-card",
        title="Change card",
        icon="credit_card",
        right=Right.PAYMENTS,
        question=question,
        run=partial(change_card, act),
        offered=partial(is_allowed, act),
        form=CardForm,
        previews=True,
    )


NEW_CARDS = "Customers add new cards in your shop."
OF_SUBSCRIPTION = card_button(
    subscription_verbs.change_payment, f"The next order and all later ones are paid with this card. {NEW_CARDS}"
)
OF_ORDER = card_button(
    order_verbs.change_payment, f"Only this order is paid with this card; later ones stay. {NEW_CARDS}"
)
