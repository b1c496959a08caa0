"""Choices with a picture, a price or an address, and the search for a product, for the dialogs of acts."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms

from common.web.whole_numbers import parse_whole_number
from subscriptions.models import Product
from subscriptions.staff.buttons import ButtonForm
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.display import product_with_price
from subscriptions.staff.search import clean_search_term, products_matching

MOST_PRODUCTS = 6


@dataclass(frozen=True, slots=True)
class Choice:
    """How one choice looks, as `admin/parts/choice.html` takes it; `product` is from `product_with_price`."""

    title: str
    about: str = ""
    icon: str = ""
    product: dict[str, Any] | None = None


class ChoicesWidget(forms.RadioSelect):
    template_name = "admin/acts/choices.html"


class ProductsWidget(ChoicesWidget):
    """The products that match what is typed above them; `search` names what was typed, `address` the dialog."""

    template_name = "admin/acts/products.html"
    search = address = ""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        return super().get_context(name, value, attrs) | {"search": self.search, "address": self.address}


class ProductForm(ButtonForm):
    """Asks for a product for sale, with the wanted `traits`, other than `excluded`; a search narrows the choice."""

    traits: dict[str, bool] = {}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        merchant = merchant_of(self.request)
        allowed = Product.objects.filter(merchant=merchant, discontinued=False, **self.traits)
        term = clean_search_term(self.data.get("search") or self.request.GET.get("search", ""))
        found = allowed.filter(pk__in=products_matching(merchant, term)) if term else allowed
        chosen = self.data.get("product") or self.request.GET.get("product", "")
        rows = list(found.exclude(pk=self.excluded).select_related("merchant").order_by("name", "pk")[:MOST_PRODUCTS])
        if (key := parse_whole_number(chosen)) and not any(row.pk == key for row in rows):
            rows = [*allowed.filter(pk=key).select_related("merchant"), *rows]
        product = forms.ModelChoiceField(allowed, widget=ProductsWidget, label="Product", initial=chosen)
        product.choices = product_choices(rows)
        product.widget.search, product.widget.address = term, self.request.path
        self.fields = {"product": product, **self.fields}

    @property
    def excluded(self) -> int:
        """The product that is there already; 0 if none is."""
        return getattr(self.subject, "product_id", 0)


def product_choices(rows: Iterable[Product]) -> list[tuple[int, Choice]]:
    return [(row.pk, Choice(row.name, row.sku or row.external_product_id, "", product_with_price(row))) for row in rows]
