"""Why was there no reminder? The question of a customer and a day, with its answer."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import HttpRequest
from django.utils.module_loading import import_string
from unfold.widgets import UnfoldAdminTextInputWidget

from subscriptions import calendar
from subscriptions.jobs.reminder_reasons import explain_day
from subscriptions.models import Customer, Event
from subscriptions.staff.current_merchant import merchant_of

FARTHEST = timedelta(days=400)  # as long as runs are kept


class ReminderForm(forms.Form):
    def __init__(self, request: HttpRequest) -> None:
        today = calendar.today(merchant_of(request).time_zone)
        super().__init__({"day": today, **request.GET.dict()}, auto_id="reminder-%s")
        first, last = today - FARTHEST, today + FARTHEST
        widget = UnfoldAdminTextInputWidget(attrs={"type": "date", "min": first.isoformat(), "max": last.isoformat()})
        limits = [MinValueValidator(first), MaxValueValidator(last)]
        self.fields["day"] = forms.DateField(validators=limits, widget=widget)

    @property
    def day(self) -> date | None:
        return self.cleaned_data.get("day") if self.is_valid() else None


def reminder_context(request: HttpRequest, customer: Customer, url: str) -> dict[str, Any]:
    """The question and, once it is asked, its answer."""
    form = ReminderForm(request)
    question = {"form": form, "url": url}
    if "day" not in request.GET or form.day is None:
        return question
    answer = explain_day(customer, form.day)
    return question | {"answer": answer, "sent": with_deliveries(answer.sent)}


def with_deliveries(sent: list[Event]) -> list[dict[str, Any]]:
    """Each reminder that was sent, with a sentence for each connection."""
    explain = import_string(settings.DELIVERY_REASONS)
    return [{"event": event, "deliveries": explain(event)} for event in sent]
