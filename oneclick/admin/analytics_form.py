"""The filters of the analytics page."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.db.models import Q
from unfold.widgets import UnfoldAdminSelectWidget

from oneclick.analytics.figures import KEPT_DAYS, Selection
from oneclick.redemption.link_actions import LINK_ACTIONS
from subscriptions.models import Merchant
from subscriptions.staff.periods import PeriodForm

NONE = "none"
NO_LINK, NO_PAGE = "Without a saved link", "Your shop's pages and the API"
FILTERS = ("action", "link", "landing_page")


class SelectionForm(PeriodForm):
    action = forms.ChoiceField(required=False, widget=UnfoldAdminSelectWidget)
    link = forms.ChoiceField(required=False, widget=UnfoldAdminSelectWidget)
    landing_page = forms.ChoiceField(label="Landing page", required=False, widget=UnfoldAdminSelectWidget)

    too_far: ClassVar[str] = f"Choose days within the last {KEPT_DAYS}; older clicks are not kept."

    def __init__(self, merchant: Merchant, data: Any) -> None:
        super().__init__(merchant, data)
        actions = {row.name: row.label for row in LINK_ACTIONS.values()}
        choices = {"action": actions, "link": link_names(merchant), "landing_page": landing_page_names(merchant)}
        for name, known in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", "All"), *known.items()]

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


def _names_by_key(rows: Iterable[tuple[int, str]]) -> dict[str, str]:
    return {str(pk): name for pk, name in rows}
