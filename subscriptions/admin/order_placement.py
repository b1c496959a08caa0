"""How an order is getting on with its placement, in words for staff, and the buttons that change it."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.formats import date_format
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextInputWidget

from subscriptions import calendar
from subscriptions.actions import order as verbs
from subscriptions.actions import placement_results
from subscriptions.actions.upcoming_order import STOCK_WAIT
from subscriptions.admin import job_cards
from subscriptions.errors import refused
from subscriptions.jobs.catalogue import JOBS
from subscriptions.models import Effect, Order, OrderStatus, PlacementAttempt
from subscriptions.staff.buttons import Button, ButtonForm, actor_of
from subscriptions.staff.roles import Right

EFFECT_LABELS = {
    Effect.PLACED.label: "success",
    Effect.VERIFY.label: "info",
    Effect.REFUSED.label: "danger",
    Effect.CALLED_OFF.label: "danger",
    Effect.DECLINED.label: "warning",
    Effect.TEMPORARY.label: "warning",
    Effect.NOT_SENT.label: "warning",
    Effect.NO_ANSWER.label: "warning",
    Effect.UNREADABLE.label: "danger",
    "Under way": "info",
}
NEXT = {
    OrderStatus.CANCELLED: "Nothing more: it was skipped or called off.",
    OrderStatus.SUCCESS: "Nothing more: the platform has placed it.",
    OrderStatus.MERGED: "Nothing more: its items went to another order.",
    OrderStatus.SEND_NOW: "It is handed to placement within a minute.",
    OrderStatus.PENDING_BATCH_RESPONSE: "The platform's file says what came of it.",
    OrderStatus.PENDING_VERIFICATION: "The platform works at it, and will tell what came of it.",
    OrderStatus.PENDING_PLACEMENT: "It is being posted to the platform, which takes up to a minute.",
    OrderStatus.RESPONSE_PROCESSING_ERROR: (
        "It may be placed or not, so it is never tried again by itself. Look it up at the platform, and say here what "
        "came of it."
    ),
}
MOST_ATTEMPTS = 50


class WhenForm(ButtonForm):
    at = forms.DateTimeField(
        label="When", required=False, widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"})
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        zone = self.subject.merchant.time_zone
        self.fields["at"].help_text = f"Time of {zone}. Empty: as soon as possible."


class PlacedForm(ButtonForm):
    order_merchant_id = forms.CharField(
        label="Its id on the platform", max_length=255, widget=UnfoldAdminTextInputWidget()
    )


class NotPlacedForm(ButtonForm):
    message = forms.CharField(label="Why", max_length=1000, widget=UnfoldAdminTextInputWidget())


def send_order_now(request: HttpRequest, order: Order, answers: dict[str, Any]) -> str:
    return activity_sentence(verbs.send_now(order, actor=actor_of(request)))


def rescue_order(request: HttpRequest, order: Order, answers: dict[str, Any]) -> str:
    return activity_sentence(verbs.rescue(order, actor=actor_of(request), at=answers["at"]))


def retry_order(request: HttpRequest, order: Order, answers: dict[str, Any]) -> str:
    at = answers["at"] or order.customer.clock or calendar.now()
    return activity_sentence(verbs.retry(order, actor=actor_of(request), at=at))


def give_up_order(request: HttpRequest, order: Order, answers: dict[str, Any]) -> str:
    return activity_sentence(verbs.give_up(order, actor=actor_of(request)))


def record_placed(request: HttpRequest, order: Order, answers: dict[str, Any]) -> str:
    _must_be_told_by_staff(order)
    return activity_sentence(placement_results.succeed(order, actor=actor_of(request), **answers))


def record_not_placed(request: HttpRequest, order: Order, answers: dict[str, Any]) -> str:
    _must_be_told_by_staff(order)
    return activity_sentence(placement_results.reject(order, actor=actor_of(request), code="", **answers))


def _must_be_told_by_staff(order: Order) -> None:
    if not order.status_row.settled_by_staff:
        raise refused("order_not_due")


def activity_sentence(action: Any) -> str:
    return str(action.activity.sentence)


BUTTONS = (
    Button(
        verb="send-now",
        title="Send now",
        icon="send",
        right=Right.ACT,
        question="It is placed within a minute, and the card is charged. The next order is planned from today on.",
        run=send_order_now,
        offered=lambda order: order.is_open,
    ),
    Button(
        verb="retry",
        title="Retry",
        icon="replay",
        right=Right.ACT,
        question="It is the instruction that the order waits for: the payment is tried once more.",
        run=retry_order,
        offered=lambda order: order.status == OrderStatus.AWAITING_RETRY_INSTRUCTIONS,
        form=WhenForm,
        variant=ActionVariant.PRIMARY,
    ),
    Button(
        verb="give-up",
        title="Give up",
        icon="block",
        right=Right.ACT,
        question="It is not tried any more and counts as rejected; your connections are told at once.",
        run=give_up_order,
        offered=lambda order: order.status == OrderStatus.AWAITING_RETRY_INSTRUCTIONS,
        variant=ActionVariant.DANGER,
    ),
    Button(
        verb="rescue",
        title="Rescue",
        icon="healing",
        right=Right.ACT,
        question="The rejected order gets one more try, and the card is charged if that succeeds.",
        run=rescue_order,
        offered=lambda order: not why_not_rescuable(order),
        form=WhenForm,
        variant=ActionVariant.PRIMARY,
    ),
    Button(
        verb="placed",
        title="It was placed",
        icon="check",
        right=Right.ACT,
        question="The platform has this order. It counts as placed, and your connections are told at once.",
        run=record_placed,
        offered=lambda order: order.status_row.settled_by_staff,
        form=PlacedForm,
        variant=ActionVariant.PRIMARY,
    ),
    Button(
        verb="not-placed",
        title="It was not placed",
        icon="block",
        right=Right.ACT,
        question="The platform does not have this order. It counts as rejected and can be rescued afterwards.",
        run=record_not_placed,
        offered=lambda order: order.status_row.settled_by_staff,
        form=NotPlacedForm,
        variant=ActionVariant.DANGER,
    ),
)


def placement_context(order: Order) -> dict[str, Any]:
    """What the order's page shows of its placement."""
    attempts = PlacementAttempt.objects.filter(merchant=order.merchant_id, order=order).order_by("-tries")
    return {
        "order": order,
        "label": order.status_row.color,
        "next": next_step(order),
        "attempts": [(row, *attempt_label(row)) for row in attempts[:MOST_ATTEMPTS]],
    }


def attempt_label(attempt: PlacementAttempt) -> tuple[str, str]:
    """What came of it, and the colour of its label."""
    name = attempt.get_effect_display() if attempt.effect else "Under way"
    return name, EFFECT_LABELS[name]


def why_not_rescuable(order: Order) -> str | None:
    with calendar.fixed_clock(order.customer.clock):
        return verbs.why_not_rescuable(order)


def next_step(order: Order) -> str:
    status = OrderStatus(order.status)
    if status in NEXT:
        return NEXT[status]
    if status == OrderStatus.REJECTED:
        return f"Nothing more. {why_not_rescuable(order) or 'It can be rescued, which gives it one more try.'}"
    if order.status_row.each_run:
        return at_next_run(order, "It is tried again")
    if status == OrderStatus.UNSENT:
        return next_step_of_upcoming(order)
    when = format_moment(order, order.retry_at) if order.retry_at else "soon"
    if status == OrderStatus.AWAITING_RETRY_INSTRUCTIONS:
        return f"Somebody has to say what becomes of it. Without a word by {when} it is rejected."
    return f"The payment is tried again on {when}."


def next_step_of_upcoming(order: Order) -> str:
    if order.oos_free_shipping:
        until = calendar.human_date(order.place_date + STOCK_WAIT)
        return f"It waits for stock, which is looked at daily; until {until}, or until its next order at the latest."
    if order.place_date <= order_today(order):
        return at_next_run(order, "It is placed")
    if order.merchant.placement_hour is None:
        return "It is never placed: the merchant's settings name no hour."
    moment = calendar.local_hour(order.place_date, order.merchant.placement_hour, order.merchant.time_zone)
    return f"It is placed on {format_moment(order, moment)}."


def at_next_run(order: Order, what: str) -> str:
    job, clock = JOBS["placement"], order.customer.clock
    moment = job_cards.next_moment(job, order.merchant, clock) if clock else job_cards.next_run(job, order.merchant)
    if moment is None:
        return "It is never placed: the merchant's settings name no hour."
    return f"{what} by the next placement run, on {format_moment(order, moment)}."


def order_today(order: Order) -> date:
    with calendar.fixed_clock(order.customer.clock):
        return calendar.today(order.merchant.time_zone)


def format_moment(order: Order, at: datetime) -> str:
    return date_format(calendar.local_time(at, order.merchant.time_zone), "F j, Y, g:i A")
