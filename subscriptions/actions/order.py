"""The verbs of an order that people trigger; `upcoming_order` has those that jobs run when an order is due."""

from datetime import date, datetime, timedelta
from typing import Any

from common.db import update
from subscriptions import calendar
from subscriptions.actions import checks, order_items, order_status, orders, placement_results
from subscriptions.actions.core import UNCHANGED, ActionContext, action
from subscriptions.actions.discounts import may_have_incentives
from subscriptions.actions.subjects import attach_customer
from subscriptions.actions.undo_facts import undo_facts
from subscriptions.errors import refused
from subscriptions.events import catalogue
from subscriptions.models import Address, Item, Order, OrderStatus, Payment, Subscription, statuses_where

SUPERSEDED_CODE = "810"
RESCUE_DAYS = 90
must_await_instruction = checks.must_have_status(OrderStatus.AWAITING_RETRY_INSTRUCTIONS, code="order_not_waiting")
must_be_changeable = checks.must_have_status(*statuses_where(lambda row: row.changeable))


@action("order.skip", guards=[must_be_changeable])
def skip(context: ActionContext[Order]) -> str:
    """Cancel this order and plan the next one, at least one frequency later and after today.

    Its items stay as history. `context.result` is the list of new items. An order that failed gets none, because its
    subscriptions got their next items when it was first handed to placement. An order with one-time items alone is
    cancelled instead of skipped, since nothing follows it; the event says so.
    """
    order, items = context.subject, order_items.load_items(context.subject)
    day = calendar.human_date(order.place_date)
    order_status.cancel_order(order)
    context.result = orders.create_next_items(context, items, order.place_date)
    context.undo_facts = undo_facts([order, *(item.order for item in context.result)], items)
    if not any(item.subscription_id for item in items):
        context.verb = "order.cancel"
        context.emit(catalogue.ORDER_CANCEL, order)
        return f"Cancelled the order of {day}. None follows, because all of its items were one-time items."
    context.emit(catalogue.ORDER_SKIP, order)
    return f"Skipped the order of {day}." + _next_orders_sentence(context.result)


@action("order.skip_subscription", guards=[checks.must_be_open])
def skip_subscription(context: ActionContext[Order], *, subscription: Subscription) -> str:
    """Take one subscription's item off this order and plan its next one, which is `context.result`."""
    items = order_items.load_items(context.subject)
    item = next((item for item in items if item.subscription_id == subscription.pk), None)
    if item is None:
        raise refused("subscription_not_in_order")
    context.result = replan_item(context, item)
    touched = [context.subject, context.result.order]
    # An emptied order is gone, so its id is kept: whoever skips it once more is told that it was skipped.
    facts = {"place_date": context.before.place_date.isoformat(), "order": context.before.public_id.hex}
    context.undo_facts = undo_facts(touched, [context.result], **facts)
    day = calendar.human_date(context.result.order.place_date)
    return f"Skipped {item.product} once. Its next order is planned for {day}."


@action("order.send_now", guards=[checks.must_be_open])
def send_now(context: ActionContext[Order]) -> str:
    """Place this order as soon as possible; the next one is planned for today plus the frequency.

    Older orders of the same subscriptions that are being retried are rejected in its favour.
    """
    order, today = context.subject, calendar.today(context.customer.merchant.time_zone)
    order.locked, order.place_date = True, today
    order_status.change_status(order, OrderStatus.SEND_NOW, "locked", "place_date")
    context.result = orders.create_next_items(context, order_items.load_items(order), today)
    context.emit(catalogue.ORDER_SEND_NOW, order)
    for older in _superseded_orders(order):
        placement_results.reject_order(context, older, SUPERSEDED_CODE, "Superseded by an order sent now.")
    return "Sent the order now." + _next_orders_sentence(context.result)


@action("order.change_date", guards=[checks.must_be_open])
def change_date(context: ActionContext[Order], *, day: date) -> str:
    """Move the whole order to `day`, today or later in the merchant's zone.

    `context.result` is the order that then has the items: a different order if one with the same date, payment and
    address exists, because this one is merged into it.
    """
    checks.require_today_or_later(context, day)
    if day == context.subject.place_date:
        context.result = context.subject
        return UNCHANGED
    order, items = context.subject, order_items.load_items(context.subject)
    incentives = _incentive_keys(order, items)
    if not _change_order_key(context, catalogue.ORDER_CHANGE_DATE, place_date=day):
        return UNCHANGED
    put_back = {"place_date": context.before.place_date.isoformat(), "incentives": incentives}
    context.undo_facts = undo_facts([order, context.result], items, **put_back)
    was = calendar.human_date(context.before.place_date)
    return f"Moved the order of {was} to {calendar.human_date(day)}."


@action("order.change_payment", guards=[must_be_changeable])
def change_payment(context: ActionContext[Order], *, payment: Payment) -> str:
    """Change the payment of this order alone; its subscriptions keep theirs. `context.result` as in `change_date`."""
    checks.require_current_record(context, payment)
    if not _change_order_key(context, catalogue.ORDER_CHANGE_PAYMENT, payment_id=payment.pk):
        return UNCHANGED
    return f"Changed the payment of the order of {calendar.human_date(context.before.place_date)} to {payment}."


@action("order.change_shipping_address", guards=[must_be_changeable])
def change_shipping_address(context: ActionContext[Order], *, address: Address) -> str:
    """Change the address of this order alone; its subscriptions keep theirs. `context.result` as in `change_date`."""
    checks.require_current_record(context, address)
    if not _change_order_key(context, catalogue.ORDER_CHANGE_SHIPPING, shipping_address_id=address.pk):
        return UNCHANGED
    return (
        f"Changed the shipping address of the order of {calendar.human_date(context.before.place_date)} to {address}."
    )


@action("order.change_extra_data")
def change_extra_data(context: ActionContext[Order], *, extra_data: dict[str, Any] | None) -> str:
    """Replace the order's extra data, except which order it was merged into."""
    order = context.subject
    kept = {key: value for key, value in (order.extra_data or {}).items() if key == orders.MERGED_INTO}
    order.extra_data = (kept or None) if extra_data is None else {**extra_data, **kept}
    order.updated = calendar.now()
    if not context.has_changed("extra_data"):
        return UNCHANGED
    update(order, "extra_data", "updated")
    return f"Changed the extra data of the order of {calendar.human_date(order.place_date)}."


@action("order.rescue")
def rescue(context: ActionContext[Order], *, at: datetime | None = None) -> str:
    """Try a rejected order again, now or later (`at`)."""
    if why := why_not_rescuable(context.subject):
        raise refused("order_not_rescuable", why=why)
    return f"Rescued the rejected order. {_try_again(context, at)}"


@action("order.retry", guards=[must_await_instruction])
def retry(context: ActionContext[Order], *, at: datetime) -> str:
    """One of the two instructions an order waits for: try again `at` this time, now or later."""
    return f"Scheduled another try of the order. {_try_again(context, at)}"


@action("order.give_up", guards=[must_await_instruction])
def give_up(context: ActionContext[Order]) -> str:
    """The other instruction: reject the order."""
    order = context.subject
    placement_results.reject_order(
        context, order, order.rejected_error_code or "140", order.rejected_message or "No further retry."
    )
    return "Rejected the order instead of trying it again."


def why_not_rescuable(order: Order) -> str | None:
    """A sentence that says why `order` cannot be rescued; None if it can."""
    if order.status != OrderStatus.REJECTED:
        return "Only a rejected order can be rescued."
    if order.rejected_error_code == SUPERSEDED_CODE:
        return "A later order was sent in its place."
    if (order.tried_at or order.updated) < calendar.now() - timedelta(days=RESCUE_DAYS):
        return f"It was rejected more than {RESCUE_DAYS} days ago."
    ids = [item.subscription_id for item in order_items.load_items(order) if item.subscription_id]
    if Subscription.objects.filter(pk__in=ids, cancelled__isnull=False).exists():
        return "A subscription of it is cancelled."
    since = order.tried_at or order.created
    if Item.objects.filter(merchant=order.merchant_id, subscription__in=ids, first_placed__gt=since).exists():
        return "A later order of it was placed."
    return None


def replan_item(context: ActionContext[Any], item: Item) -> Item:
    """Remove a subscription's item and create its next one, one frequency or more after the date of its order.

    Part of an action; returns the new item.
    """
    subscription, order = item.subscription, item.order
    assert subscription is not None
    attach_customer(subscription, context.customer)
    start, today = order.place_date, calendar.today(context.customer.merchant.time_zone)
    orders.remove_item(context, item)
    day = calendar.next_date(start, subscription.every, subscription.every_period, today)
    return orders.add_subscription_item(context, subscription, day)


def _change_order_key(context: ActionContext[Order], kind: str, **change: Any) -> bool:
    """Move the order to the changed key and emit `kind`; False, without an event, if it has that key."""
    order_key = context.subject.order_key._replace(**change)
    has_changed = order_key != context.subject.order_key
    context.result = orders.move_order(context, context.subject, order_key)
    if has_changed:
        context.emit(kind, context.result)
    return has_changed


def _incentive_keys(order: Order, items: list[Item]) -> list[int]:
    """The incentives of the whole order, which move along when it is merged."""
    if not may_have_incentives(items):
        return []
    return list(order.incentives.values_list("pk", flat=True))


def _try_again(context: ActionContext[Order], at: datetime | None) -> str:
    """Schedule a try of the order for `at`, or for now. Returns the sentence that says when."""
    now = calendar.now()
    if at and at < now - timedelta(minutes=1):
        raise refused("place_date_past")
    order = context.subject
    order.retry_at = at or now
    order_status.change_status(order, OrderStatus.CREDIT_CARD_RETRY, "retry_at")
    day = calendar.local_time(order.retry_at, context.customer.merchant.time_zone).date()
    return f"It will be tried again on {calendar.human_date(day)}."


def _superseded_orders(order: Order) -> list[Order]:
    """Orders that are being retried for a subscription of `order`."""
    found = Order.objects.filter(
        merchant=order.merchant_id,
        customer=order.customer_id,
        status__in=statuses_where(lambda row: row.gives_way),
        items__subscription__in=order.items.filter(subscription__isnull=False).values("subscription"),
    )
    older = found.select_related("payment", "shipping_address").distinct().order_by("id")
    return [attach_customer(row, order.customer) for row in older]


def _next_orders_sentence(items: list[Item]) -> str:
    days = sorted({item.order.place_date for item in items})
    return f" The next one is planned for {' and '.join(calendar.human_date(day) for day in days)}." if days else ""
