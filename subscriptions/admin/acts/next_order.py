"""The next order of one subscription: skipping it, moving it and sending it now."""

from datetime import date
from typing import Any

from django.http import HttpRequest

from subscriptions.actions import order as order_verbs
from subscriptions.actions import order_items
from subscriptions.actions import subscription as verbs
from subscriptions.actions.customer_lock import CUSTOMER_BY_KEY, lock_customer
from subscriptions.admin.acts.fields import DayForm
from subscriptions.admin.acts.said import said
from subscriptions.models import Item, Subscription
from subscriptions.staff.buttons import Button, actor_of
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.roles import Right


def next_item(subscription: Subscription) -> Item | None:
    """The upcoming item with its order, which pages that show many subscriptions have set as `next_items`."""
    known: list[Item] | None = getattr(subscription, "next_items", None)
    if known is None:
        found = Item.objects.filter(merchant=subscription.merchant_id, subscription=subscription, upcoming=True)
        known = list(found.select_related("order"))
    return known[0] if known else None


def has_open_order(subscription: Subscription) -> bool:
    item = next_item(subscription) if subscription.live else None
    return item is not None and item.order.is_open


class NextDateForm(DayForm):
    least = 1

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        merchant = merchant_of(self.request)
        leaves = f"The reminder leaves {self.subject.reminder_days} days before, at {merchant.reminder_hour}:00."
        nearer = "" if merchant.remind_near_orders else " A date nearer than that brings no reminder."
        self.fields["day"].help_text = leaves + nearer

    def day_now(self) -> date | None:
        item = next_item(self.subject)
        return item.order.place_date if item else None


def skip_next_order(request: HttpRequest, subscription: Subscription, answers: dict[str, Any]) -> str:
    """Skip the order if this subscription has it for itself; otherwise take its item alone off the order."""
    with lock_customer(CUSTOMER_BY_KEY, pk=subscription.customer_id, merchant=subscription.merchant_id):
        order = order_items.upcoming_item(subscription).order
        if len(order_items.load_items(order)) == 1:
            return said(order_verbs.skip(order, actor=actor_of(request)))
        return said(order_verbs.skip_subscription(order, actor=actor_of(request), subscription=subscription))


def change_next_date(request: HttpRequest, subscription: Subscription, answers: dict[str, Any]) -> str:
    return said(verbs.change_next_order_date(subscription, actor=actor_of(request), day=answers["day"]))


def send_next_order(request: HttpRequest, subscription: Subscription, answers: dict[str, Any]) -> str:
    with lock_customer(CUSTOMER_BY_KEY, pk=subscription.customer_id, merchant=subscription.merchant_id):
        order = order_items.upcoming_item(subscription).order
        return said(order_verbs.send_now(order, actor=actor_of(request)))


SKIP = Button(
    verb="skip",
    title="Skip next order",
    icon="redo",
    right=Right.SKIP,
    question="The product is left out once. What else is in the order still comes.",
    run=skip_next_order,
    offered=has_open_order,
    previews=True,
)
CHANGE_DATE = Button(
    verb="change-date",
    title="Change next order date",
    icon="event",
    right=Right.CHANGE_DATE,
    question="Only this product moves; what else is in the order keeps its date. Later orders count from the new date.",
    run=change_next_date,
    offered=has_open_order,
    form=NextDateForm,
    previews=True,
)
SEND_NOW = Button(
    verb="send-now",
    title="Send now",
    icon="send",
    right=Right.SEND_NOW,
    question="The whole order is placed within a minute, and the customer is charged. The next one counts from today.",
    run=send_next_order,
    offered=has_open_order,
    previews=True,
)
