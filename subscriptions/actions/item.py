"""The verbs of an item, and those that add one to an order."""

from datetime import date
from decimal import Decimal
from typing import Any

from common.db import update
from subscriptions import calendar
from subscriptions.actions import checks, order_items, orders, totals
from subscriptions.actions.core import UNCHANGED, ActionContext, action
from subscriptions.actions.new_subscription import start_subscription
from subscriptions.actions.order import replan_item
from subscriptions.actions.undo_facts import undo_facts
from subscriptions.errors import refused
from subscriptions.events import catalogue
from subscriptions.models import Address, Customer, Item, Offer, Order, OrderKey, Payment, Product, Subscription
from subscriptions.money import money

OPEN = [checks.must_be_open]
OPEN_NOT_PREPAID = [checks.must_be_open, checks.must_not_be_prepaid]


@action("item.add", guards=OPEN)
def add(context: ActionContext[Order], *, product: Product, quantity: int = 1, offer: Offer | None = None) -> str:
    """Add a product to this order as a one-time item, which is `context.result`."""
    item = _new_item(context, product, quantity, offer)
    order = checks.require_merchant_currency(context, context.subject)
    present = orders.add_items(context, order, item)
    context.result, context.undo_facts = item, undo_facts([order], present, item=item.pk)
    return f"Added {item.quantity} × {product} to the order, once."


@action("item.create")
def create(
    context: ActionContext[Customer],
    *,
    product: Product,
    quantity: int,
    day: date,
    payment: Payment,
    address: Address,
    offer: Offer | None = None,
) -> str:
    """Order a product once for `day`, today or later in the merchant's zone: on the open order of this day, payment
    and address, or on a new order. `context.result` is the new item.
    """
    checks.require_today_or_later(context, day)
    item = _new_item(context, product, quantity, offer)
    order_key = OrderKey(
        day,
        checks.require_current_record(context, payment).pk,
        checks.require_current_record(context, address).pk,
        context.customer.merchant.currency_code,
    )
    orders.add_items_by_key(context, [item], order_key)
    context.result = item
    return f"Added {item.quantity} × {product} to the order of {calendar.human_date(day)}, once."


@action("item.add_with_subscription", guards=OPEN)
def add_with_subscription(
    context: ActionContext[Order],
    *,
    product: Product,
    quantity: int,
    every: int,
    every_period: int,
    offer: Offer | None = None,
    payment: Payment | None = None,
    address: Address | None = None,
    price: Decimal | None = None,
    session_id: str | None = None,
    extra_data: dict[str, Any] | None = None,
) -> str:
    """Add a product to this order and subscribe to it. `context.result` is the new item.

    Without `payment` or `address` the subscription gets those of the order.
    """
    order = checks.require_merchant_currency(context, context.subject)
    item = _new_item(context, product, quantity, offer)
    subscription = start_subscription(
        context,
        product=product,
        payment=checks.require_current_record(context, payment) if payment else order.payment,
        address=checks.require_current_record(context, address) if address else order.shipping_address,
        quantity=item.quantity,
        every=every,
        every_period=every_period,
        offer=offer,
        price=price,
        origin=Subscription.Origin.UPSELL,
        session_id=session_id,
        extra_data=extra_data or {},
    )
    item.subscription, item.one_time, item.price = subscription, False, totals.unit_price(subscription)
    present = orders.add_items(context, order, item)
    context.undo_facts = undo_facts([order], [*present, item], item=item.pk, subscription=subscription.pk)
    context.result = item
    frequency = subscription.frequency_description.lower()
    return f"Subscribed to {item.quantity} × {product}, {frequency}, from this order on."


@action("item.subscribe", guards=OPEN)
def subscribe(context: ActionContext[Item], *, every: int, every_period: int, offer: Offer | None = None) -> str:
    """Make a one-time item the first item of a new subscription, which is `context.result`."""
    item, order = context.subject, checks.require_merchant_currency(context, context.subject.order)
    if not item.one_time:
        raise refused("not_one_time")
    subscription = start_subscription(
        context,
        product=checks.require_product_for_sale(item.product),
        payment=order.payment,
        address=order.shipping_address,
        quantity=item.quantity,
        every=every,
        every_period=every_period,
        offer=offer and checks.require_own_row(context, offer),
        origin=Subscription.Origin.UPSELL,
    )
    item.subscription, item.one_time, item.offer = subscription, False, offer or item.offer
    update(item, "subscription", "one_time", "offer")
    context.emit(catalogue.ITEM_SUBSCRIBE, item)
    order_items.save_totals_around_item(item)
    context.result = subscription
    return f"Subscribed to {item.quantity} × {item.product}, {subscription.frequency_description.lower()}."


@action("item.change_quantity", guards=OPEN_NOT_PREPAID)
def change_quantity(context: ActionContext[Item], *, quantity: int) -> str:
    """Change the quantity in this order only."""
    item = context.subject
    item.quantity = checks.require_whole_number("quantity", quantity)
    if not context.has_changed("quantity"):
        return UNCHANGED
    _save_item(item, "quantity")
    context.emit(catalogue.ITEM_QUANTITY, item)
    return f"Changed the quantity of {item.product} from {context.before.quantity} to {quantity}, in this order."


@action("item.change_price", guards=OPEN_NOT_PREPAID)
def change_price(context: ActionContext[Item], *, price: Decimal) -> str:
    """Set the unit price manually, in this order only; later changes of the product's price do not affect it."""
    item = context.subject
    item.price, item.frozen = checks.require_amount("price", price), True
    if not context.has_changed("price", "frozen"):
        return UNCHANGED
    _save_item(item, "price", "frozen")
    context.emit(catalogue.ITEM_PRICE, item)
    before, after = (money(amount, item.order.currency_code) for amount in (context.before.price, item.price))
    return f"Changed the price of {item.product} from {before} to {after}, in this order."


@action("item.change_product", guards=OPEN)
def change_product(context: ActionContext[Item], *, product: Product) -> str:
    """Swap the product in this order only; the subscription keeps its own."""
    item, old_product = context.subject, context.subject.product
    item.product = checks.require_product_for_sale(checks.require_own_row(context, product))
    if not context.has_changed("product_id"):
        return UNCHANGED
    is_locked = item.frozen or (item.subscription and item.subscription.price is not None)
    item.price = item.price if is_locked else product.price
    if item.subscription and item.subscription.prepaid_orders_remaining and product.price != old_product.price:
        raise refused("price_differs")
    _save_item(item, "product", "price")
    return f"Swapped {old_product} for {product}, in this order."


@action("item.remove", guards=OPEN_NOT_PREPAID)
def remove(context: ActionContext[Item]) -> str:
    """Remove the item from its order. A subscription gets its next item instead, which is `context.result`."""
    item = context.subject
    if item.subscription:
        context.result = replan_item(context, item)
    else:
        orders.remove_item(context, item)
    return f"Removed {item.quantity} × {item.product} from the order."


def _new_item(context: ActionContext[Any], product: Product, quantity: int, offer: Offer | None) -> Item:
    checks.require_product_for_sale(checks.require_own_row(context, product))
    return Item(
        merchant=context.customer.merchant,
        product=product,
        offer=offer and checks.require_own_row(context, offer),
        quantity=checks.require_whole_number("quantity", quantity),
        price=product.price,
        one_time=True,
    )


def _save_item(item: Item, *names: str) -> None:
    update(item, *names)
    order_items.save_totals_around_item(item)
