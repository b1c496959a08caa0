"""The filters of the analytics page."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django import forms
from django.db.models import Q
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from oneclick.analytics.figures import KEPT_DAYS, Selection
from oneclick.redemption.link_actions import LINK_ACTIONS
from subscriptions import calendar
from subscriptions.models import Merchant

DEFAULT_DAYS = 30
PERIODS = {"7": "The last 7 days", "30": "The last 30 days", "90": "The last 90 days", "own": "Custom range"}
NONE = "none"
NO_LINK, NO_PAGE = "Without a saved link", "Your shop's pages and the API"
FILTERS = ("action", "link", "landing_page")


class SelectionForm(forms.Form):
    period = forms.ChoiceField(choices=PERIODS, required=False, widget=UnfoldAdminSelectWidget)
    first = forms.DateField(label="From", required=False)
    last = forms.DateField(label="To", required=False)
    action = forms.ChoiceField(required=False, widget=UnfoldAdminSelectWidget)
    link = forms.ChoiceField(required=False, widget=UnfoldAdminSelectWidget)
    landing_page = forms.ChoiceField(label="Landing page", required=False, widget=UnfoldAdminSelectWidget)

    def __init__(self, merchant: Merchant, data: Any) -> None:
        super().__init__(data={"period": str(DEFAULT_DAYS), **data})
        self.merchant = merchant
        self.today = calendar.today(merchant.time_zone)
        actions = {row.name: row.label for row in LINK_ACTIONS.values()}
        choices = {"action": actions, "link": link_names(merchant), "landing_page": landing_page_names(merchant)}
        for name, known in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", "All"), *known.items()]
        for name in ("first", "last"):
            limits = {"type": "date", "max": self.today.isoformat()}
            self.fields[name].widget = UnfoldAdminTextInputWidget(attrs=limits)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("period") != "own" or self.errors:
            return cleaned
        first, last = cleaned["first"], cleaned["last"]
        if not first or not last or first > last:
            raise forms.ValidationError("Enter a first and a last day, in this order.")
        if last > self.today or first < self.today - timedelta(days=KEPT_DAYS):
            raise forms.ValidationError(f"Choose days within the last {KEPT_DAYS}; older clicks are not kept.")
        return cleaned

    def selection(self) -> Selection:
        """The chosen days and clicks; all clicks of the last 30 days if the choice is not valid."""
        chosen = self.cleaned_data if self.is_valid() else {}
        conditions = {name: None if chosen[name] == NONE else chosen[name] for name in FILTERS if chosen.get(name)}
        if chosen.get("period") == "own":
            return Selection(chosen["first"], chosen["last"], Q(**conditions))
        return Selection(*last_days(self.today, int(chosen.get("period") or DEFAULT_DAYS)), Q(**conditions))


def last_days(today: date, days: int) -> tuple[date, date]:
    return today - timedelta(days=days - 1), today


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
