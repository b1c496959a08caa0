"""What staff choose to see of a feed."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q, QuerySet
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from subscriptions import calendar
from subscriptions.admin.feed.doors import ACTS, DOORS, acts_of_kind
from subscriptions.models import Activity, Merchant, Subscription

MOST_WORDS = 4


class DayField(forms.DateField):
    """A day whose midnight exists in every zone."""

    def __init__(self, label: str) -> None:
        limits = [MinValueValidator(date(2000, 1, 1)), MaxValueValidator(calendar.LAST_DAY)]
        widget = UnfoldAdminTextInputWidget(attrs={"type": "date"})
        super().__init__(label=label, required=False, validators=limits, widget=widget)


class FeedForm(forms.Form):
    q = forms.CharField(
        label="Search",
        required=False,
        max_length=100,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "search", "placeholder": "Text or name"}),
    )
    door = forms.ChoiceField(
        label="By",
        required=False,
        choices=[("", "Everyone"), *((kind.value, door.title) for kind, door in DOORS.items())],
        widget=UnfoldAdminSelectWidget,
    )
    act = forms.ChoiceField(
        label="What",
        required=False,
        choices=[("", "Everything"), *((name, kind.title) for name, kind in ACTS.items())],
        widget=UnfoldAdminSelectWidget,
    )
    subscription = forms.ChoiceField(required=False, widget=UnfoldAdminSelectWidget)
    first = DayField("From")
    last = DayField("To")

    def __init__(self, data: Any, merchant: Merchant, subscriptions: Iterable[Subscription] | None) -> None:
        """`subscriptions` are those to choose from; with None there is no choice."""
        super().__init__(data, auto_id="feed-%s")
        self.merchant = merchant
        field = self.fields["subscription"]
        assert isinstance(field, forms.ChoiceField)
        if subscriptions is None:
            del self.fields["subscription"]
        else:
            field.choices = [("", "All"), *((row.pk, subscription_name(row)) for row in subscriptions)]

    def chosen(self, rows: QuerySet[Activity]) -> QuerySet[Activity]:
        """Those of `rows` that the form asks for; a field that cannot be read asks for nothing."""
        self.full_clean()
        asked, zone = self.cleaned_data, self.merchant.time_zone
        if asked.get("door"):
            rows = rows.filter(actor_kind=asked["door"])
        if asked.get("act"):
            rows = rows.filter(acts_of_kind(asked["act"]))
        if asked.get("subscription"):
            rows = rows.filter(subscription=asked["subscription"])
        if asked.get("first"):
            rows = rows.filter(at__gte=calendar.local_midnight(asked["first"], zone))
        if asked.get("last"):
            rows = rows.filter(at__lt=calendar.local_midnight(asked["last"] + timedelta(days=1), zone))
        for word in asked.get("q", "").split()[:MOST_WORDS]:
            rows = rows.filter(Q(sentence__icontains=word) | Q(actor_name__icontains=word))
        return rows


def subscription_name(row: Subscription) -> str:
    return str(row) if row.live else f"{row} (cancelled)"
