"""The verbs of a subscription."""

from datetime import date
from decimal import Decimal
from typing import Any

from common.db import update
from subscriptions import calendar
from subscriptions.actions import checks, ending, order_items, orders, totals
from subscriptions.actions.cancel_reasons import describe_reason, reason_labels
from subscriptions.actions.core import UNCHANGED, ActionContext, action
from subscriptions.actions.undo_facts import undo_facts
from subscriptions.errors import refused
from subscriptions.events import catalogue
from subscriptions.models import Address, Item, Offer, Payment, Product, Subscription
from subscriptions.money import money

REASON_LENGTH = 1000


def must_be_for_sale(context: ActionContext[Subscription]) -> None:
    checks.require_product_for_sale(context.subject.product)


@action("subscription.cancel", guards=[checks.must_be_live, checks.must_have_no_paid_orders_left])
def cancel(context: ActionContext[Subscription], *, reason: str = "") -> str:
    """Cancel a live subscription. `reason` is `code|text`, a bare code or a bare text, and is kept verbatim.

    Its upcoming item is removed. Orders that are being retried for this subscription alone are cancelled.
    """
    if len(reason) > REASON_LENGTH:
        raise refused("cancel_reason_too_long", n=REASON_LENGTH)
    planned = ending.end_subscription(context, context.subject, reason)
    context.undo_facts = {"subscriptions": [context.subject.pk], "place_date": planned and planned.isoformat()}
    text = _reason_text(context.subject)
    return f"Cancelled the subscription to {context.subject.product}." + (f" Reason: {text}" if text else "")


@action("subscription.reactivate", guards=[checks.must_be_cancelled, must_be_for_sale])
def reactivate(
    context: ActionContext[Subscription],
    *,
    next_order_date: date | None = None,
    every: int | None = None,
    every_period: int | None = None,
    start_date: date | None = None,
    winback: Offer | None = None,
) -> str:
    """Make a cancelled subscription live again; what is not given stays as it was.

    The next order is planned for `next_order_date`, today or later in the merchant's zone. Without it the date is
    `start_date`, or else today, plus as many frequencies as it takes to pass today. The offer `winback` replaces the
    subscription's own for that order. `context.result` is the new upcoming item.
    """
    subscription = context.subject
    today = calendar.today(context.customer.merchant.time_zone)
    subscription.every = every or subscription.every
    subscription.every_period = every_period or subscription.every_period
    subscription.start_date = start_date or subscription.start_date
    day = next_order_date or calendar.next_date(
        start_date or today, subscription.every, subscription.every_period, today
    )
    if day < today:
        raise refused("next_order_date_past")
    checks.require_day_in_calendar(day)
    subscription.cancelled = subscription.cancel_reason = None
    if subscription.price is None:
        # The price is the product's, and the merchant may have another currency than when it was cancelled.
        subscription.currency_code = context.customer.merchant.currency_code
    subscription.updated = calendar.now()
    context.result = orders.add_subscription_item(
        context, subscription, day, winback and checks.require_own_row(context, winback)
    )
    # After the reads that the item needs, so that this write can share a round trip with the next writes.
    context.undo_facts = undo_facts(
        [context.result.order], [context.result], cancel_reason=context.before.cancel_reason, item=context.result.pk
    )
    names = ("cancelled", "cancel_reason", "every", "every_period", "start_date", "currency_code", "updated")
    update(subscription, *names)
    context.emit(catalogue.SUBSCRIPTION_REACTIVATE, subscription)
    planned = f"The next order is planned for {calendar.human_date(day)}{f', with {winback}' if winback else ''}."
    return f"Reactivated the subscription to {subscription.product}. {planned}"


@action("subscription.change_quantity", guards=[checks.must_not_be_prepaid])
def change_quantity(context: ActionContext[Subscription], *, quantity: int) -> str:
    """Change the quantity, from the upcoming order on."""
    subscription = context.subject
    subscription.quantity = checks.require_whole_number("quantity", quantity)
    item = _upcoming_item(subscription)
    if not context.has_changed("quantity") and (item is None or item.quantity == quantity):
        return UNCHANGED
    _save_subscription(subscription, "quantity")
    if item:
        _change_item_quantity(context, item, quantity)
    context.emit(catalogue.CHANGE_QUANTITY, subscription)
    return f"Changed the quantity of {subscription.product} from {context.before.quantity} to {quantity}."


@action("subscription.change_frequency")
def change_frequency(context: ActionContext[Subscription], *, every: int, every_period: int) -> str:
    """Change the frequency. The upcoming order keeps its date; the ones after it follow the new frequency."""
    subscription = context.subject
    subscription.every, subscription.every_period = checks.require_frequency(every, every_period)
    if not context.has_changed("every", "every_period"):
        return UNCHANGED
    _save_subscription(subscription, "every", "every_period")
    context.emit(catalogue.CHANGE_FREQUENCY, subscription)
    was, now = context.before.frequency_description, subscription.frequency_description
    return f"Changed the frequency of {subscription.product} from “{was}” to “{now}”."


@action("subscription.change_payment")
def change_payment(context: ActionContext[Subscription], *, payment: Payment) -> str:
    """Change the payment of the subscription and its upcoming item; the item leaves an order it shares with others."""
    subscription = context.subject
    subscription.payment = checks.require_current_record(context, payment)
    item = _upcoming_item(subscription)
    if not context.has_changed("payment_id") and (item is None or item.order.payment_id == payment.pk):
        return UNCHANGED
    _save_subscription(subscription, "payment")
    context.emit(catalogue.CHANGE_PAYMENT, subscription)
    if item:
        _move_item(context, item, payment_id=payment.pk, kind=catalogue.ORDER_CHANGE_PAYMENT)
    return f"Changed the payment of {subscription.product} to {payment}."


@action("subscription.change_shipping_address")
def change_shipping_address(context: ActionContext[Subscription], *, address: Address) -> str:
    """Change the address of the subscription and its upcoming item; the item leaves an order it shares with others."""
    subscription = context.subject
    subscription.shipping_address = checks.require_current_record(context, address)
    item = _upcoming_item(subscription)
    if not context.has_changed("shipping_address_id") and (
        item is None or item.order.shipping_address_id == address.pk
    ):
        return UNCHANGED
    _save_subscription(subscription, "shipping_address")
    context.emit(catalogue.CHANGE_SHIPPING, subscription)
    if item:
        _move_item(context, item, shipping_address_id=address.pk, kind=catalogue.ORDER_CHANGE_SHIPPING)
    return f"Changed the shipping address of {subscription.product} to {address}."


@action("subscription.change_next_order_date", guards=[checks.must_be_live])
def change_next_order_date(context: ActionContext[Subscription], *, day: date) -> str:
    """Move the upcoming item alone to `day`, tomorrow or later in the merchant's zone.

    `context.result` is the order that then has the item.
    """
    if day <= calendar.today(context.customer.merchant.time_zone):
        raise refused("order_date_not_future")
    checks.require_day_in_calendar(day)
    item = order_items.upcoming_item(context.subject)
    if item.order.place_date == day:
        context.result = item.order
        return UNCHANGED
    old_order, was = item.order, item.order.place_date
    context.result = orders.move_item(context, item, item.order.order_key._replace(place_date=day))
    touched = [order for order in (old_order, context.result) if order.pk]
    context.undo_facts = undo_facts(touched, [item], place_date=was.isoformat())
    context.emit(catalogue.ORDER_CHANGE_DATE, context.result)
    return f"Moved the next order of {context.subject.product} to {calendar.human_date(day)}."


@action("subscription.change_product", guards=[checks.must_be_live])
def change_product(context: ActionContext[Subscription], *, product: Product, silent: bool = False) -> str:
    """Swap the product for good, from the upcoming item on; a locked price stays. A `silent` swap emits no event."""
    subscription = context.subject
    was = totals.unit_price(subscription)
    subscription.product = checks.require_product_for_sale(checks.require_own_row(context, product))
    item = _upcoming_item(subscription)
    if not context.has_changed("product_id") and (item is None or item.product_id == product.pk):
        return UNCHANGED
    if subscription.prepaid_orders_remaining and totals.unit_price(subscription) != was:
        raise refused("price_differs")
    _save_subscription(subscription, "product")
    if item:
        item.product = product
        update(item, "product")
        _reprice_item(item)
    if not silent:
        context.emit(catalogue.SKU_SWAP, subscription)
    return f"Swapped {context.before.product} for {product}."


@action("subscription.change_reminder_days")
def change_reminder_days(context: ActionContext[Subscription], *, days: int) -> str:
    """Change how many days before an order its reminder goes out; at least 5."""
    context.subject.reminder_days = checks.require_whole_number("reminder_days", days, least=5, most=365)
    if not context.has_changed("reminder_days"):
        return UNCHANGED
    _save_subscription(context.subject, "reminder_days")
    return f"Changed the reminder of {context.subject.product} to {days} days before the order."


@action("subscription.change_offer")
def change_offer(context: ActionContext[Subscription], *, offer: Offer | None) -> str:
    """Change the offer, which gives the discounts, from the upcoming item on."""
    subscription = context.subject
    subscription.offer = offer and checks.require_own_row(context, offer)
    item = _upcoming_item(subscription)
    if not context.has_changed("offer_id") and (item is None or item.offer_id == subscription.offer_id):
        return UNCHANGED
    _save_subscription(subscription, "offer")
    if item:
        item.offer = offer
        update(item, "offer")
        order_items.save_totals_around_item(item)
    return f"Changed the offer of {subscription.product} to {offer or 'none'}."


@action("subscription.change_price", guards=[checks.must_not_be_prepaid])
def change_price(context: ActionContext[Subscription], *, price: Decimal | None) -> str:
    """Lock the unit price; None unlocks it, so that the product's price applies again."""
    subscription = context.subject
    subscription.price = None if price is None else checks.require_amount("price", price)
    item = _upcoming_item(subscription)
    is_priced_so = item is None or item.frozen or item.price == totals.unit_price(subscription)
    if not context.has_changed("price") and is_priced_so:
        return UNCHANGED
    _save_subscription(subscription, "price")
    if item:
        _reprice_item(item)
    if price is None:
        return f"Unlocked the price of {subscription.product}."
    return f"Locked the price of {subscription.product} at {money(price, subscription.currency_code)}."


@action("subscription.change_extra_data")
def change_extra_data(context: ActionContext[Subscription], *, extra_data: dict[str, Any]) -> str:
    """Replace the extra data, which order posts carry."""
    context.subject.extra_data = extra_data
    if not context.has_changed("extra_data"):
        return UNCHANGED
    _save_subscription(context.subject, "extra_data")
    return f"Changed the extra data of {context.subject.product}."


@action("subscription.change_cancel_reason", guards=[checks.must_be_cancelled])
def change_cancel_reason(context: ActionContext[Subscription], *, cancel_reason: str | None) -> str:
    """Correct the reason of a cancelled subscription; it is kept verbatim, as `cancel` does."""
    subscription = context.subject
    subscription.cancel_reason = cancel_reason or None
    if not context.has_changed("cancel_reason"):
        return UNCHANGED
    _save_subscription(subscription, "cancel_reason")
    text = _reason_text(subscription)
    return f"Changed the cancel reason of {subscription.product}" + (f" to: {text}" if text else " to none") + "."


def _save_subscription(subscription: Subscription, *names: str) -> None:
    subscription.updated = calendar.now()
    update(subscription, *names, "updated")


def _upcoming_item(subscription: Subscription) -> Item | None:
    """The upcoming item, which changes along with the subscription; a cancelled subscription has none."""
    return order_items.upcoming_item(subscription) if subscription.live else None


def _move_item(context: ActionContext[Subscription], item: Item, *, kind: str, **change: Any) -> None:
    """Move the item to the order with the changed key; emit `kind` when its whole order has changed."""
    order = item.order
    if orders.move_item(context, item, order.order_key._replace(**change)) is order:
        context.emit(kind, order)


def _change_item_quantity(context: ActionContext[Subscription], item: Item, quantity: int) -> None:
    if item.quantity != quantity:
        item.quantity = quantity
        update(item, "quantity")
        context.emit(catalogue.ITEM_QUANTITY, item)
    order_items.save_totals_around_item(item)


def _reprice_item(item: Item) -> None:
    if item.subscription and not item.frozen:
        item.price = totals.unit_price(item.subscription)
        update(item, "price")
    order_items.save_totals_around_item(item)


def _reason_text(subscription: Subscription) -> str:
    has_code = subscription.cancel_reason_code is not None
    return describe_reason(subscription, reason_labels(subscription.merchant) if has_code else {})
