"""What staff change of a product: price, where it is offered, frequency, offer and groups."""

from decimal import Decimal
from typing import Any, cast

from django import forms
from django.http import HttpRequest
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from subscriptions.actions.checks import require_product_for_sale
from subscriptions.actions.product_fields import change_product
from subscriptions.admin.catalogue.pages import log_catalogue_change
from subscriptions.calendar import Period, frequency_description
from subscriptions.models import OfferProfile, Product
from subscriptions.money import money
from subscriptions.staff.buttons import Button, ButtonForm, actor_of
from subscriptions.staff.fields import RowChoiceField
from subscriptions.staff.roles import Right

MOST_EVERY = 999
MOST_OFFERS = 200
SWITCHES = {
    "live": ("In stock", "Out of stock: it leaves orders until it is back."),
    "autoship_enabled": ("Open to subscriptions", "Customers can subscribe to it, and others can be swapped for it."),
    "autoship_by_default": ("Subscribed by default", "Your shop preselects the subscription."),
    "prepaid_eligible": ("Open to prepaid", "Customers can pay several orders at once."),
    "upsell_eligible": ("Open to links", "1-Click links can add it to an order."),
}


class PriceForm(ButtonForm):
    price = forms.DecimalField(
        max_digits=12,
        decimal_places=2,
        min_value=Decimal(0),
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["price"].label = f"Price ({self.subject.merchant.currency_code})"
        self.fields["price"].initial = self.subject.price


class SwitchesForm(ButtonForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, (label, about) in SWITCHES.items():
            self.fields[name] = forms.BooleanField(
                label=label,
                help_text=about,
                required=False,
                initial=getattr(self.subject, name),
                widget=UnfoldBooleanWidget,
            )


class FrequencyForm(ButtonForm):
    every = forms.IntegerField(
        label="Every",
        required=False,
        min_value=1,
        max_value=MOST_EVERY,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Leave empty for no default: the customer chooses.",
    )
    every_period = forms.TypedChoiceField(
        label="Unit", choices=Period, coerce=int, initial=Period.MONTHS, widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.subject.every:
            self.initial = {"every": self.subject.every, "every_period": self.subject.every_period}


class OfferChoiceForm(ButtonForm):
    offer = RowChoiceField(label="Offer", required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        offers = OfferProfile.objects.filter(merchant=self.subject.merchant_id, status=OfferProfile.Status.AVAILABLE)
        rows = list(offers.order_by("-created")[:MOST_OFFERS])
        present = self.subject.offer_profile
        rows += [present] if present and present not in rows else []
        cast(RowChoiceField, self.fields["offer"]).offer_rows(rows, empty="No offer")
        self.fields["offer"].initial = self.subject.offer_profile_id


def change_price(request: HttpRequest, product: Product, answers: dict[str, Any]) -> str:
    price, currency = answers["price"], product.merchant.currency_code
    if not change_product(product, actor=actor_of(request), price=price):
        return f"The price is {money(price, currency)} already."
    sentence = f"Changed the price from {money(product.price, currency)} to {money(price, currency)}."
    return log_catalogue_change(request, product, sentence)


def change_switches(request: HttpRequest, product: Product, answers: dict[str, Any]) -> str:
    require_product_for_sale(product)
    changed = change_product(product, actor=actor_of(request), **answers)
    if not changed:
        return "Nothing was changed."
    words = [f"{SWITCHES[name][0].lower()}: {'yes' if answers[name] else 'no'}" for name in changed]
    return log_catalogue_change(request, product, f"Changed where it is offered. Now {', '.join(words)}.")


def change_frequency(request: HttpRequest, product: Product, answers: dict[str, Any]) -> str:
    every, period = answers["every"], answers["every_period"]
    words = frequency_description(every, period).lower() if every else "none"
    if not change_product(product, actor=actor_of(request), every=every, every_period=period if every else None):
        return "Nothing was changed."
    return log_catalogue_change(request, product, f"Changed the usual frequency to {words}.")


def change_offer(request: HttpRequest, product: Product, answers: dict[str, Any]) -> str:
    offer = answers["offer"]
    if not change_product(product, actor=actor_of(request), offer_profile_id=offer and offer.pk):
        return "Nothing was changed."
    return log_catalogue_change(request, product, f"It comes with the offer {offer} now." if offer else "No offer now.")


CHANGE_PRICE = Button(
    verb="change-price",
    title="Change price",
    icon="payments",
    right=Right.CATALOGUE,
    question=(
        "Subscriptions without a locked price pay the new one: their next order takes it with its reminder. An order "
        "that was announced before costs the lower of the two."
    ),
    run=change_price,
    form=PriceForm,
    offered=lambda product: not product.discontinued,
)
CHANGE_SWITCHES = Button(
    verb="change-availability",
    title="Change availability",
    icon="toggle_on",
    right=Right.CATALOGUE,
    question="Where the product is offered. Your shop's feed sets this again, unless it asks to keep what staff set.",
    run=change_switches,
    form=SwitchesForm,
    offered=lambda product: not product.discontinued,
)
CHANGE_FREQUENCY = Button(
    verb="change-default-frequency",
    title="Change frequency",
    icon="calendar_month",
    right=Right.CATALOGUE,
    question="What your shop proposes to new subscribers. Subscriptions keep their own frequency.",
    run=change_frequency,
    form=FrequencyForm,
    offered=lambda product: not product.discontinued,
)
CHANGE_OFFER = Button(
    verb="change-offer",
    title="Change offer",
    icon="sell",
    right=Right.CATALOGUE,
    question="The offer that your shop gives with the product. Subscriptions keep the offer they have.",
    run=change_offer,
    form=OfferChoiceForm,
    offered=lambda product: not product.discontinued,
)
PRODUCT_BUTTONS = (CHANGE_PRICE, CHANGE_SWITCHES, CHANGE_FREQUENCY, CHANGE_OFFER)
