"""What a subscription sends, how often, and at which price."""

from functools import partial
from typing import Any

from django import forms
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelectWidget

from subscriptions.actions import subscription as verbs
from subscriptions.actions.core import is_allowed
from subscriptions.admin.acts.choices import ProductForm
from subscriptions.admin.acts.fields import FrequencyForm, QuantityForm, money_field
from subscriptions.admin.acts.said import said
from subscriptions.models import Offer, Subscription
from subscriptions.money import money
from subscriptions.staff.buttons import Button, ButtonForm, actor_of
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.roles import Right

MOST_OFFERS = 200


class SwapForm(ProductForm):
    traits = {"autoship_enabled": True}


class OfferForm(ButtonForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        own = Offer.objects.filter(merchant=merchant_of(self.request), live=True, profile__live=True)
        offer = forms.ModelChoiceField(
            own, required=False, empty_label="No offer", widget=UnfoldAdminSelectWidget, initial=self.subject.offer_id
        )
        rows = own.select_related("profile").order_by("profile__name", "name")[:MOST_OFFERS]
        offer.choices = [("", "No offer"), *((row.pk, f"{row.profile}: {row}") for row in rows)]
        self.fields["offer"] = offer


class PriceForm(ButtonForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        subscription = self.subject
        usual = money(subscription.product.price, subscription.currency_code)
        self.fields["price"] = money_field(
            "Locked unit price",
            subscription.currency_code,
            required=False,
            initial=subscription.price,
            help_text=f"Leave it empty to unlock it: the product's price applies, {usual} today.",
        )


def change(act: Any, request: HttpRequest, subscription: Subscription, answers: dict[str, Any]) -> str:
    """Run an action whose inputs are the form's answers."""
    inputs = {name: value for name, value in answers.items() if name != "search"}
    return said(act(subscription, actor=actor_of(request), **inputs))


def terms_button(
    act: Any, right: Right, form: type[ButtonForm], verb: str, title: str, icon: str, question: str
) -> Button:
    return Button(
        verb=verb,
        title=title,
        icon=icon,
        right=right,
        question=question,
        run=partial(change, act),
        offered=partial(is_allowed, act),
        form=form,
        previews=True,
    )


QUANTITY = terms_button(
    verbs.change_quantity,
    Right.QUANTITY,
    QuantityForm,
    "change-quantity",
    "Change quantity",
    "123",
    "From the next order on.",
)
FREQUENCY = terms_button(
    verbs.change_frequency,
    Right.QUANTITY,
    FrequencyForm,
    "change-frequency",
    "Change frequency",
    "event_repeat",
    "The next order keeps its date; the ones after it follow the new frequency.",
)
SWAP = terms_button(
    verbs.change_product,
    Right.SWAP,
    SwapForm,
    "swap",
    "Swap product",
    "swap_horiz",
    "For good, from the next order on. A locked price stays.",
)
OFFER = terms_button(
    verbs.change_offer,
    Right.PRICES,
    OfferForm,
    "change-offer",
    "Change offer",
    "sell",
    "The offer gives the discounts, from the next order on.",
)
PRICE = terms_button(
    verbs.change_price,
    Right.PRICES,
    PriceForm,
    "change-price",
    "Change price",
    "lock",
    "A locked price stays when the price of the product changes. From the next order on, before discounts.",
)
