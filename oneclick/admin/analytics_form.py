"""The filters of the analytics page."""

from collections.abc import Iterable
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.db.models import Q
from unfold.widgets import UnfoldAdminSelectWidget

from oneclick.analytics.figures import KEPT_DAYS, Selection
from oneclick.redemption.link_actions import LINK_ACTIONS
from subscriptions.models import Merchant, Product
from subscriptions.staff.periods import PeriodForm

NONE = "none"
NO_LINK, NO_PAGE = "Without a saved link", "Your shop's pages and the API"
NO_PRODUCT = "Orders of several products"
FILTERS = ("action", "link", "landing_page", "product")


class SelectionForm(PeriodForm):
    action = forms.ChoiceField(required=False, widget=UnfoldAdminSelectWidget)
    link = forms.ChoiceField(required=False, widget=UnfoldAdminSelectWidget)
    landing_page = forms.ChoiceField(label="Landing page", required=False, widget=UnfoldAdminSelectWidget)
    # Chosen in the table of products, as there may be thousands.
    product = forms.ModelChoiceField(Product.objects.none(), required=False, widget=forms.HiddenInput)

    too_far: ClassVar[str] = f"Choose days within the last {KEPT_DAYS}; older clicks are not kept."

    def __init__(self, merchant: Merchant, data: Any) -> None:
        super().__init__(merchant, data)
        actions = {row.name: row.label for row in LINK_ACTIONS.values()}
        choices = {"action": actions, "link": link_names(merchant), "landing_page": landing_page_names(merchant)}
        for name, known in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", "All"), *known.items()]
        products = self.fields["product"]
        assert isinstance(products, forms.ModelChoiceField)
        products.queryset = merchant.products.all()

    def query(self) -> dict[str, str]:
        chosen = self.cleaned_data if self.is_valid() else {}
        filters = {name: chosen[name] for name in FILTERS if chosen.get(name)}
        return {**super().query(), **{name: str(getattr(each, "pk", each)) for name, each in filters.items()}}

    def address(self, **changes: str) -> str:
        """The query of the page for the valid choice with `changes`; an empty one takes a filter away."""
        return "?" + urlencode({name: value for name, value in {**self.query(), **changes}.items() if value})

    def cuts(self) -> list[dict[str, str]]:
        """What is chosen beside the fields, as `admin/analytics/cuts.html` shows it."""
        product = self.cleaned_data.get("product") if self.is_valid() else None
        return [{"title": "product", "value": product.name, "url": self.address(product="")}] if product else []

    def selection(self) -> Selection:
        """The chosen days and clicks; all clicks of the last 30 days if the choice is not valid."""
        chosen = self.cleaned_data if self.is_valid() else {}
        conditions = {name: None if chosen[name] == NONE else chosen[name] for name in FILTERS if chosen.get(name)}
        return Selection(*self.days(), Q(**conditions))


def link_names(merchant: Merchant) -> dict[str, str]:
    """The names of the merchant's saved links by key, with one for clicks without a saved link."""
    rows = merchant.saved_links.order_by("name", "pk").values_list("pk", "name")
    return {NONE: NO_LINK, **_names_by_key(rows)}


def landing_page_names(merchant: Merchant) -> dict[str, str]:
    """The names of the merchant's landing pages by key, with one for clicks elsewhere."""
    rows = merchant.landing_pages.order_by("name", "pk").values_list("pk", "name")
    return {NONE: NO_PAGE, **_names_by_key(rows)}


def product_names(merchant: Merchant, keys: Iterable[int | None]) -> dict[str, str]:
    """The names of these products by key, with one for clicks that are about no single product."""
    rows = merchant.products.filter(pk__in=[key for key in keys if key]).values_list("pk", "name")
    return {NONE: NO_PRODUCT, **_names_by_key(rows)}


def _names_by_key(rows: Iterable[tuple[int, str]]) -> dict[str, str]:
    return {str(pk): name for pk, name in rows}
