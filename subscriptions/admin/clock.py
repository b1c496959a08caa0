"""The clock of a test customer: its time, the buttons that move it, and what happened since."""

from collections import Counter
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextInputWidget

from common.web.whole_numbers import parse_whole_number
from subscriptions import calendar
from subscriptions.actions import customer as verbs
from subscriptions.calendar import Period
from subscriptions.errors import SENTENCES
from subscriptions.events.catalogue import KINDS
from subscriptions.jobs import clock as clocks
from subscriptions.models import Activity, Customer, Event, SimulatedOutcome
from subscriptions.staff.buttons import Button, ButtonForm, actor_of
from subscriptions.staff.roles import Right

FORWARD = {"day": Period.DAYS, "week": Period.WEEKS, "month": Period.MONTHS}
MOST_LINES = 200
MOST_PAYMENTS = 5


class MoveForm(ButtonForm):
    by = forms.ChoiceField(
        label="Move forward by",
        choices=[("day", "A day"), ("week", "A week"), ("month", "A month"), ("to", "To a date and time")],
        initial="day",
        widget=UnfoldAdminRadioSelectWidget,
    )
    to = forms.DateTimeField(
        label="Date and time", required=False, widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"})
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        shown = date_format(calendar.local_time(clock_time(self.subject), self.zone), "F j, Y, g:i A")
        self.fields["to"].help_text = f"The clock shows {shown} ({self.zone})."

    @property
    def zone(self) -> str:
        zone: str = self.subject.merchant.time_zone
        return zone

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        start, by = clock_time(self.subject), answers.get("by")
        if by in FORWARD:
            answers["to"] = advance_time(start, FORWARD[by], self.zone)
        elif by and not answers.get("to") and not self.errors:
            self.add_error("to", "Choose the date and time to move to.")
        if answers.get("to") and not start < answers["to"] <= start + verbs.FARTHEST:
            self.add_error("to", SENTENCES["clock_out_of_range"])
        return answers


def clock_time(customer: Customer) -> datetime:
    return customer.clock or calendar.now()


def advance_time(start: datetime, period: Period, zone: str) -> datetime:
    """The same time of day in `zone`, a day, week or month later."""
    local = calendar.local_time(start, zone)
    return datetime.combine(calendar.add_frequency(local.date(), 1, period), local.time(), ZoneInfo(zone))


def move_clock(request: HttpRequest, customer: Customer, answers: dict[str, Any]) -> HttpResponse:
    start, to = clock_time(customer), answers["to"]
    latest = customer.activities.order_by("-pk").values_list("pk", flat=True).first()
    clocks.begin_move(customer, to, actor=actor_of(request))
    followed = urlencode({"from": start.isoformat(), "to": to.isoformat(), "after": latest or 0})
    return redirect(f"{reverse('admin:subscriptions_customer_change', args=[customer.pk])}?{followed}")


def run_reminder(request: HttpRequest, customer: Customer, answers: dict[str, Any]) -> str:
    order = clocks.remind_test_customer(customer)
    if order is None:
        return "No reminder was sent: this customer has no upcoming order."
    return f"Reminder of the order of {calendar.human_date(order.place_date)} sent."


def stop_clock(request: HttpRequest, customer: Customer, answers: dict[str, Any]) -> str:
    verbs.move_clock(customer, actor=actor_of(request), to=None)
    return "The customer follows real time again."


def mark_as_test(request: HttpRequest, customer: Customer, answers: dict[str, Any]) -> str:
    verbs.mark_as_test(customer, actor=actor_of(request))
    return "This customer is a test customer from now on."


BUTTONS = (
    Button(
        verb="move-clock",
        title="Move forward",
        icon="fast_forward",
        right=Right.TEST,
        question="Everything due for this customer by then happens now, in order. No other customer is affected.",
        run=move_clock,
        offered=lambda customer: customer.is_test,
        form=MoveForm,
        variant=ActionVariant.PRIMARY,
    ),
    Button(
        verb="remind",
        title="Run reminder now",
        icon="notifications",
        right=Right.TEST,
        question="Reminds this customer of their next order, whatever its date, even if they were reminded already.",
        run=run_reminder,
        offered=lambda customer: customer.is_test,
    ),
    Button(
        verb="stop-clock",
        title="Back to real time",
        icon="restore",
        right=Right.TEST,
        question="The test clock is removed. Everything that happened stays, and orders keep their dates.",
        run=stop_clock,
        offered=lambda customer: customer.clock is not None,
    ),
    Button(
        verb="mark-as-test",
        title="Make a test customer",
        icon="science",
        right=Right.TEST,
        question=(
            "From now on, this customer's orders go to the simulator and their events to the sandbox. "
            "This cannot be undone."
        ),
        run=mark_as_test,
        offered=lambda customer: not customer.is_test and not verbs.has_history(customer),
    ),
)


def clock_card(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """The clock on the customer's page; `from`, `to` and `after` in the query follow a move."""
    begin, aim = parse_moment(request, "from"), parse_moment(request, "to")
    shown = clock_time(customer)
    after = parse_whole_number(request.GET.get("after", ""))
    return {
        "shown": shown,
        "is_own": customer.clock is not None,
        "aim": aim if begin and aim and (shown < aim or clocks.is_moving(customer)) else None,
        "percent": int(100 * (shown - begin) / (aim - begin)) if begin and aim and begin < aim else 0,
        "followed": bool(begin and aim),
        "happened": activities_since(customer, after) if begin and aim and after is not None else [],
        "counts": event_counts_since(customer, after) if begin and aim and after is not None else [],
        "payments": simulated_payments(customer),
    }


def activities_since(customer: Customer, after: int) -> list[Activity]:
    """The customer's activities after the one with the key `after`, oldest first."""
    lines = customer.activities.filter(merchant=customer.merchant_id, pk__gt=after)
    return list(lines.exclude(verb="customer.move_clock").order_by("pk")[:MOST_LINES])


def event_counts_since(customer: Customer, after: int) -> list[str]:
    """The customer's events since the activity `after`, such as `Order reminder × 2`."""
    events = Event.objects.filter(merchant=customer.merchant_id, customer=customer, activity__gt=after).order_by()
    found = Counter(dict(events.values_list("kind").annotate(n=Count("pk"))))
    return [f"{KINDS[kind].title if kind in KINDS else kind} × {number}" for kind, number in found.most_common()]


def simulated_payments(customer: Customer) -> list[dict[str, Any]]:
    """The customer's payments, each with the simulator's outcome for it."""
    rows = list(customer.payments.filter(live=True).order_by("-created")[:MOST_PAYMENTS])
    chosen = SimulatedOutcome.objects.filter(merchant=customer.merchant_id, payment__in=rows)
    outcomes = {outcome.payment_id: outcome for outcome in chosen}
    return [{"row": row, "outcome": outcomes.get(row.pk)} for row in rows]


def parse_moment(request: HttpRequest, name: str) -> datetime | None:
    try:
        moment = parse_datetime(request.GET.get(name, ""))
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None
