"""The form of an offer: its name, and up to a few discounts, each said in one line."""

from typing import Any, cast

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from subscriptions.actions.offer import change_offer, create_offer
from subscriptions.actions.offer_terms import ON, Gives, Orders, Terms, read_terms
from subscriptions.admin.catalogue.discount_fields import DiscountFields, amount_field
from subscriptions.admin.catalogue.pages import CatalogueForm
from subscriptions.models import Coupon, Discount, OfferProfile

CODE_USES: dict[str, str] = {"first_code": Coupon.Use.INITIAL, "later_code": Coupon.Use.RECURRING}
FREE_LINES = 2  # beside the first one, and those the offer has


class DiscountForm(DiscountFields):
    """One discount, or none: only the first line of a new offer has to give something."""

    gives_nothing = "none"

    def __init__(self, *args: Any, currency: str, terms: Terms | None = None, is_needed: bool = False, **options: Any):
        usual = {"gives": Gives.PERCENT_ITEM if is_needed else self.gives_nothing, "orders": Orders.EVERY}
        super().__init__(*args, currency=currency, initial=initial_values(terms) if terms else usual, **options)
        self.minimum_of = terms.minimum_of if terms and terms.minimum is not None else Discount.Field.SUB_TOTAL
        self.fields["value"].help_text = ""
        self.fields["gives"].label = "Gives"
        if not is_needed:
            gives = cast(forms.ChoiceField, self.fields["gives"])
            gives.choices = [(self.gives_nothing, "No discount"), *self.titles]
        orders = [(each.value, ON[each].removeprefix("on ").capitalize()) for each in Orders]
        self.fields["orders"] = forms.ChoiceField(label="On", choices=orders, widget=UnfoldAdminSelectWidget)
        self.fields["minimum"] = amount_field(f"Only for orders from ({currency})")
        self.order_fields(["value", "gives", "orders", "minimum"])

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("gives") == self.gives_nothing:
            return {}
        return super().clean()

    @property
    def terms(self) -> Terms | None:
        """Of a valid form; None if it gives nothing."""
        given = self.cleaned_data
        if not given:
            return None
        return Terms(given["gives"], given["value"], Orders(given["orders"]), given["minimum"], self.minimum_of)


def initial_values(terms: Terms) -> dict[str, Any]:
    needs_value = terms.gives is not Gives.FREE_SHIPPING
    return {
        "gives": terms.gives,
        "value": terms.value if needs_value else None,
        "orders": terms.orders,
        "minimum": terms.minimum,
    }


def code_field(label: str) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=255, required=False, widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"})
    )


class OfferForm(CatalogueForm):
    template = "admin/catalogue/offer_fields.html"
    name = forms.CharField(
        max_length=255,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "10 % off every order"}),
        help_text="For your team. Orders carry what each discount takes off as its name.",
    )
    usable_in_links = forms.BooleanField(
        label="1-Click links can give it", required=False, initial=True, widget=UnfoldBooleanWidget
    )
    first_code = code_field("Coupon code of first orders")
    later_code = code_field("Coupon code of later orders")

    def __init__(self, data: Any = None, *, row: OfferProfile | None = None, **options: Any) -> None:
        given = [terms for terms, _ in read_terms(row)] if row else []
        initial = None
        if row:
            codes = dict(row.coupons.values_list("use", "code"))
            initial = {
                "name": row.name,
                "usable_in_links": row.offers.filter(usable_in_links=True).exists(),
                **{name: codes.get(use, "") for name, use in CODE_USES.items()},
            }
        super().__init__(data, row=row, initial=initial, **options)
        lines = [*given, *[None] * (FREE_LINES + (not given))]
        currency = self.merchant.currency_code
        self.lines = [
            DiscountForm(data, currency=currency, terms=terms, is_needed=not (n or row), prefix=f"discount-{n}")
            for n, terms in enumerate(lines)
        ]

    def guarded_facts(self) -> dict[str, str]:
        given = [terms for terms, _ in read_terms(self.row)] if self.row else []
        return {"what it gives": "; ".join(terms.sentence(self.merchant.currency_code) for terms in given) or "nothing"}

    def is_valid(self) -> bool:
        is_valid = all([super().is_valid(), *(line.is_valid() for line in self.lines)])
        if is_valid:
            self.check_codes()
        return is_valid and not self.errors

    def check_codes(self) -> None:
        """A new code is for a discount."""
        uses = {use for terms in self.terms for use in terms.orders.uses}
        for name, use in CODE_USES.items():
            if name in self.changed_data and self.cleaned_data[name] and use not in uses:
                self.add_error(name, "The offer takes nothing off these orders.")

    def describe_change(self) -> str:
        """Says what the offer gives now, where that has changed."""
        sentence = super().describe_change()
        if all(not line.has_changed() for line in self.lines):
            return sentence
        gives = "; ".join(terms.sentence(self.merchant.currency_code) for terms in self.terms)
        return f"{sentence} Gives now: {gives}.".strip()

    @property
    def terms(self) -> list[Terms]:
        """Of a valid form."""
        return [line.terms for line in self.lines if line.terms]

    def save(self) -> OfferProfile:
        given = self.cleaned_data
        codes = {use: given[name] for name, use in CODE_USES.items()}
        name, terms, usable = given["name"], self.terms, given["usable_in_links"]
        if self.row is None:
            return create_offer(self.merchant, name=name, terms=terms, usable_in_links=usable, codes=codes)
        links = usable if "usable_in_links" in self.changed_data else None
        change_offer(self.row, name=name, terms=terms, usable_in_links=links, codes=codes)
        self.row.name = name
        return self.row
