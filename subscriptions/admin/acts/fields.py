"""Forms that several acts ask with: a day, a quantity, a frequency."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from common.web.whole_numbers import parse_whole_number
from subscriptions import calendar
from subscriptions.models import Activity, Customer
from subscriptions.staff.buttons import ButtonForm
from subscriptions.staff.current_merchant import merchant_of

MOST_UNITS = 9999


def today_of(customer: Customer) -> date:
    """The day it is for the customer: in the merchant's zone, and by the customer's clock if they have one."""
    with calendar.fixed_clock(customer.clock):
        return calendar.today(customer.merchant.time_zone)


class DayForm(ButtonForm):
    """Asks for `day`, `least` days from today or later."""

    least = 0
    day = forms.DateField(label="New date", widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        first = today_of(self.subject.customer) + timedelta(days=self.least)
        self.fields["day"].initial = self.day_now() or first
        self.fields["day"].widget.attrs |= {"min": first.isoformat(), "max": calendar.LAST_DAY.isoformat()}

    def day_now(self) -> date | None:
        """The date that is to change."""
        return None


class ActivityForm(ButtonForm):
    """`activity` is one of the customer's, at first the one in the address of the dialog; `about` is its sentence."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        own, chosen = self.activities(), parse_whole_number(self.request.GET.get("activity", ""))
        found = own.filter(pk=chosen).first() if chosen else None
        self.about = found.sentence if found else ""
        self.fields["activity"] = forms.ModelChoiceField(own, widget=forms.HiddenInput, initial=found)

    def activities(self) -> QuerySet[Activity]:
        """Those to choose from."""
        return Activity.objects.filter(merchant=merchant_of(self.request), customer=self.subject)


class QuantityForm(ButtonForm):
    quantity = forms.IntegerField(
        label="Quantity", min_value=1, max_value=MOST_UNITS, widget=UnfoldAdminIntegerFieldWidget
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["quantity"].initial = getattr(self.subject, "quantity", 1)


class FrequencyForm(ButtonForm):
    every = forms.IntegerField(label="Every", min_value=1, max_value=999, widget=UnfoldAdminIntegerFieldWidget)
    every_period = forms.TypedChoiceField(
        label="Unit", coerce=int, choices=calendar.Period.choices, widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, usual in {"every": 1, "every_period": calendar.Period.MONTHS}.items():
            self.fields[name].initial = getattr(self.subject, name, usual)


def money_field(label: str, currency: str, **options: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=f"{label} ({currency})",
        min_value=0,
        max_digits=12,
        decimal_places=2,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}),
        **options,
    )


def merchant_currency(form: ButtonForm) -> str:
    return merchant_of(form.request).currency_code
