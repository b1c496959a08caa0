"""The placement of an order in words for staff, and the buttons that change it."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.db.models import Max
from django.http import HttpRequest
from django.utils.formats import date_format
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextInputWidget

from subscriptions import calendar
from subscriptions.actions import order as verbs
from subscriptions.actions import placement_results
from subscriptions.actions.upcoming_order import STOCK_DAYS
from subscriptions.admin import job_cards
from subscriptions.errors import refused
from subscriptions.jobs.catalogue import JOBS
from subscriptions.models import Effect, GatewaySettings, Order, OrderStatus, PlacementAttempt
from subscriptions.placement.registry import GATEWAYS, gateway_of
from subscriptions.placement.simulator import ID_PREFIX
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
    "In progress": "info",
}
NEXT = {
    OrderStatus.CANCELLED: "Nothing: the order was skipped or cancelled.",
    OrderStatus.SUCCESS: "Nothing: {platform} has placed the order.",
    OrderStatus.MERGED: "Nothing: its items were moved to another order.",
    OrderStatus.SEND_NOW: "It is sent to {platform} within a minute.",
    OrderStatus.PENDING_BATCH_RESPONSE: "A file of {platform} will report the result.",
    OrderStatus.PENDING_VERIFICATION: "The order is being processed by {platform}, which will report the result.",
    OrderStatus.PENDING_PLACEMENT: "It is being sent to {platform}, which takes up to a minute.",
    OrderStatus.RESPONSE_PROCESSING_ERROR: (
        "The order may or may not have been placed, so it is never tried again automatically. Look it up on "
        "{platform} and record the result here."
    ),
}
PLACEMENT_OFF = "It is not placed: automatic placement is off in the merchant settings."
MOST_ATTEMPTS = 50


class WhenForm(ButtonForm):
    at = forms.DateTimeField(
        label="When", required=False, widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"})
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        zone = self.subject.merchant.time_zone
        self.fields["at"].help_text = f"In {zone} time. Leave empty for as soon as possible."


class PlacedForm(ButtonForm):
    order_merchant_id = forms.CharField(
        label="Order ID on your platform", max_length=255, widget=UnfoldAdminTextInputWidget()
    )


class NotPlacedForm(ButtonForm):
    message = forms.CharField(label="Reason", max_length=1000, widget=UnfoldAdminTextInputWidget())


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
    require_settled_by_staff(order)
    return activity_sentence(placement_results.succeed(order, actor=actor_of(request), **answers))


def record_not_placed(request: HttpRequest, order: Order, answers: dict[str, Any]) -> str:
    require_settled_by_staff(order)
    return activity_sentence(placement_results.reject(order, actor=actor_of(request), code="", **answers))


def require_settled_by_staff(order: Order) -> None:
    if not order.status_row.settled_by_staff:
        raise refused("order_not_due")


def activity_sentence(action: Any) -> str:
    return str(action.activity.sentence)


BUTTONS = (
    Button(
        verb="send-now",
        title="Send now",
        icon="send",
        right=Right.SEND_NOW,
        question=(
            "The order is placed within a minute, and the customer is charged. The next order is planned from today."
        ),
        run=send_order_now,
        offered=lambda order: order.is_open,
        previews=True,
    ),
    Button(
        verb="retry",
        title="Retry",
        icon="replay",
        right=Right.FAILED,
        question="The payment is tried once more, at the time you choose.",
        run=retry_order,
        offered=lambda order: order.status == OrderStatus.AWAITING_RETRY_INSTRUCTIONS,
        form=WhenForm,
        variant=ActionVariant.PRIMARY,
    ),
    Button(
        verb="give-up",
        title="Give up",
        icon="block",
        right=Right.FAILED,
        question="The order is rejected and not tried again. Your connections receive the event right away.",
        run=give_up_order,
        offered=lambda order: order.status == OrderStatus.AWAITING_RETRY_INSTRUCTIONS,
        variant=ActionVariant.DANGER,
        previews=True,
    ),
    Button(
        verb="rescue",
        title="Rescue",
        icon="healing",
        right=Right.FAILED,
        question="The rejected order is tried once more. The customer is charged if it succeeds.",
        run=rescue_order,
        offered=lambda order: not why_not_rescuable(order),
        form=WhenForm,
        variant=ActionVariant.PRIMARY,
    ),
    Button(
        verb="placed",
        title="Mark as placed",
        icon="check",
        right=Right.FAILED,
        question="Your platform has this order. It counts as placed, and your connections receive the event.",
        run=record_placed,
        offered=lambda order: order.status_row.settled_by_staff,
        form=PlacedForm,
        variant=ActionVariant.PRIMARY,
    ),
    Button(
        verb="not-placed",
        title="Mark as not placed",
        icon="block",
        right=Right.FAILED,
        question="Your platform does not have this order. It counts as rejected and can be rescued afterwards.",
        run=record_not_placed,
        offered=lambda order: order.status_row.settled_by_staff,
        form=NotPlacedForm,
        variant=ActionVariant.DANGER,
    ),
)


def placement_context(order: Order) -> dict[str, Any]:
    """The placement as the order's page shows it."""
    attempts = PlacementAttempt.objects.filter(merchant=order.merchant_id, order=order).order_by("-tries")
    return {
        "order": order,
        "next": next_step(order),
        "platform": platform_name(order),
        "attempts": [(row, *attempt_label(row)) for row in attempts[:MOST_ATTEMPTS]],
    }


def attempt_label(attempt: PlacementAttempt) -> tuple[str, str]:
    """The result of the attempt, and the colour of its label."""
    name = attempt.get_effect_display() if attempt.effect else "In progress"
    return name, EFFECT_LABELS[name]


def platform_name(order: Order) -> str:
    """Who answers the order's posts, in words; whom the simulator gave an id stays the simulator's."""
    placed_by_simulator = (order.order_merchant_id or "").startswith(ID_PREFIX)
    simulated = placed_by_simulator or gateway_of(order) is GATEWAYS[GatewaySettings.Kind.SIMULATOR]
    return "the simulator" if simulated else "your platform"


def why_not_rescuable(order: Order) -> str | None:
    with calendar.fixed_clock(order.customer.clock):
        return verbs.why_not_rescuable(order)


def next_step(order: Order) -> str:
    """What happens to the order next, in a sentence."""
    status = OrderStatus(order.status)
    if status in NEXT:
        return NEXT[status].format(platform=platform_name(order))
    if status == OrderStatus.REJECTED:
        reason = why_not_rescuable(order)
        return f"Nothing. {reason}" if reason else "Nothing, unless you rescue the order for one more try."
    if order.status_row.each_run:
        return at_next_run(order, "It is tried again")
    if status == OrderStatus.UNSENT:
        return next_step_of_upcoming(order)
    when = f"on {format_moment(order, order.retry_at)}" if order.retry_at else "soon"
    if status == OrderStatus.AWAITING_RETRY_INSTRUCTIONS:
        return f"Waiting for your decision. It is rejected automatically {when}."
    return f"The payment is tried again {when}."


def next_step_of_upcoming(order: Order) -> str:
    if order.oos_free_shipping:
        since = order.items.aggregate(day=Max("out_of_stock_since"))["day"] or order.place_date
        until = calendar.human_date(since + timedelta(days=STOCK_DAYS))
        return f"It waits for stock, which is checked daily, until {until} or the next order at the latest."
    with calendar.fixed_clock(order.customer.clock):
        today = calendar.today(order.merchant.time_zone)
    if order.place_date <= today:
        return at_next_run(order, "It is placed")
    if order.merchant.placement_hour is None:
        return PLACEMENT_OFF
    moment = calendar.local_hour(order.place_date, order.merchant.placement_hour, order.merchant.time_zone)
    return f"It is placed on {format_moment(order, moment)}."


def at_next_run(order: Order, what: str) -> str:
    job, clock = JOBS["placement"], order.customer.clock
    moment = job_cards.next_moment(job, order.merchant, clock) if clock else job_cards.next_run(job, order.merchant)
    return f"{what} by the next placement run, on {format_moment(order, moment)}." if moment else PLACEMENT_OFF


def format_moment(order: Order, at: datetime) -> str:
    return date_format(calendar.local_time(at, order.merchant.time_zone), "F j, Y, g:i A")
