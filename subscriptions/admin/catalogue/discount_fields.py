"""How staff say what a discount takes off, for offers and for single orders."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from subscriptions.actions.discounts import FIELD_NAMES, ON_ITEM, ON_ORDER
from subscriptions.actions.offer_terms import COLUMNS, Gives
from subscriptions.models import Discount, OneTimeIncentive

LARGEST_AMOUNT = Decimal("9999999999.99")
ALL = Decimal(100)


def gives_title(gives: Gives, currency: str) -> str:
    """`% off the item`."""
    return {
        Gives.PERCENT_ITEM: "% off the item",
        Gives.AMOUNT_ITEM: f"{currency} off the item",
        Gives.PERCENT_ORDER: "% off the whole order",
        Gives.AMOUNT_ORDER: f"{currency} off the whole order",
        Gives.FREE_SHIPPING: "Free shipping",
        Gives.PERCENT_SHIPPING: "% off shipping",
        Gives.AMOUNT_SHIPPING: f"{currency} off shipping",
    }[gives]


def amount_field(label: str, **options: Any) -> forms.DecimalField:
    """An amount above zero, typed as a number."""
    return forms.DecimalField(
        label=label,
        required=False,
        min_value=Decimal("0.01"),
        decimal_places=2,
        validators=[MaxValueValidator(LARGEST_AMOUNT)],
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={"min_value": "Enter more than 0.", "invalid": "Enter a number, for example 10 or 2.50."},
        **options,
    )


class DiscountFields(forms.Form):
    """`gives` says what is taken off, `value` how much; free shipping needs no value."""

    choices: tuple[Gives, ...] = tuple(Gives)

    def __init__(self, *args: Any, currency: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.titles = [(gives.value, gives_title(gives, currency)) for gives in self.choices]
        self.fields["value"] = amount_field("Amount", help_text="Not needed for free shipping.")
        self.fields["gives"] = forms.ChoiceField(
            label="What it gives", choices=self.titles, widget=UnfoldAdminSelectWidget, initial=self.choices[0]
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "gives" not in cleaned or "value" in self.errors:
            return cleaned
        gives = cleaned["gives"] = Gives(cleaned["gives"])
        if gives is Gives.FREE_SHIPPING:
            cleaned["value"] = ALL
        elif cleaned.get("value") is None:
            self.add_error("value", "Enter how much, for example 10.")
        elif gives.is_percent and cleaned["value"] > ALL:
            self.add_error("value", "Enter at most 100 %.")
        return cleaned


def incentive_columns(gives: Gives, value: Decimal) -> dict[str, Any]:
    """The columns of a one-time incentive that gives this."""
    kind, target, field = COLUMNS[gives]
    return {
        "type": OneTimeIncentive.Type.DISCOUNT,
        "discount_type": kind,
        "target": ON_ITEM if target == Discount.Target.ITEM else ON_ORDER,
        "field": FIELD_NAMES[field],
        "value": value,
    }
