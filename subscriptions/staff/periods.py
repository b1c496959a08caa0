"""The days that a page of figures is about: the last 7, 30 or 90, or a range of one's own."""

from datetime import date, timedelta
from typing import Any, ClassVar

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from subscriptions import calendar
from subscriptions.models import Merchant

DEFAULT_DAYS = 30
MOST_DAYS = 400
PERIODS = {"7": "The last 7 days", "30": "The last 30 days", "90": "The last 90 days", "own": "Custom range"}


class PeriodForm(forms.Form):
    period = forms.ChoiceField(choices=PERIODS, required=False, widget=UnfoldAdminSelectWidget)
    first = forms.DateField(label="From", required=False)
    last = forms.DateField(label="To", required=False)

    too_far: ClassVar[str] = f"Choose days within the last {MOST_DAYS}."

    def __init__(self, merchant: Merchant, data: Any) -> None:
        super().__init__(data={"period": str(DEFAULT_DAYS), **data})
        self.merchant = merchant
        self.today = calendar.today(merchant.time_zone)
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
        if last > self.today or first < self.today - timedelta(days=MOST_DAYS):
            raise forms.ValidationError(self.too_far)
        return cleaned

    def days(self) -> tuple[date, date]:
        """The first and the last of the chosen days, both included; the last 30 if the choice is not valid."""
        chosen = self.cleaned_data if self.is_valid() else {}
        if chosen.get("period") == "own":
            return chosen["first"], chosen["last"]
        return last_days(self.today, int(chosen.get("period") or DEFAULT_DAYS))

    def query(self) -> dict[str, str]:
        """The valid choice as parameters of an address."""
        first, last = self.days()
        if self.is_valid() and self.cleaned_data.get("period") == "own":
            return {"period": "own", "first": first.isoformat(), "last": last.isoformat()}
        return {"period": str((last - first).days + 1)}


def last_days(today: date, days: int) -> tuple[date, date]:
    return today - timedelta(days=days - 1), today
