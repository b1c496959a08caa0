"""Use one payment or address for what a customer has."""

from dataclasses import dataclass
from typing import Any

from common.db import update
from subscriptions import calendar
from subscriptions.actions import checks, orders
from subscriptions.actions.core import ActionContext
from subscriptions.actions.subjects import attach_customer
from subscriptions.events import catalogue
from subscriptions.models import Address, Order, Payment, Subscription


@dataclass(frozen=True, slots=True)
class Use:
    """The column of subscriptions and orders that holds a payment or address, and the events of its changes."""

    column: str
    subscription_kind: str
    order_kind: str


PAYMENT = Use("payment", catalogue.CHANGE_PAYMENT, catalogue.ORDER_CHANGE_PAYMENT)
SHIPPING_ADDRESS = Use("shipping_address", catalogue.CHANGE_SHIPPING, catalogue.ORDER_CHANGE_SHIPPING)


def use_for_all(context: ActionContext[Any], use: Use) -> None:
    """Put the action's subject on all live subscriptions and open orders. Each that changes emits an event."""
    record = checks.require_usable_record(context, context.subject)
    subscriptions = context.customer.subscriptions.live().exclude(**{use.column: record})
    open_orders = context.customer.orders.open().exclude(**{use.column: record})
    _put_record(context, record, use, subscriptions, open_orders)


def use_instead(context: ActionContext[Any], record: Payment | Address, use: Use) -> None:
    """Put `record` on the live subscriptions and open orders that use the action's subject, and retire the subject."""
    mine = {use.column: context.subject}
    _put_record(
        context,
        record,
        use,
        context.customer.subscriptions.live().filter(**mine),
        context.customer.orders.open().filter(**mine),
    )
    context.subject.live = False
    update(context.subject, "live")


def _put_record(
    context: ActionContext[Any], record: Payment | Address, use: Use, subscriptions: Any, open_orders: Any
) -> None:
    for subscription in subscriptions.with_flags().select_related("product").order_by("id"):
        _put_on_subscription(context, record, use, subscription)
    for order in open_orders.select_related("payment", "shipping_address").order_by("place_date", "id"):
        _put_on_order(context, record, use, order)


def _put_on_subscription(
    context: ActionContext[Any], record: Payment | Address, use: Use, subscription: Subscription
) -> None:
    attach_customer(subscription, context.customer)
    setattr(subscription, use.column, record)
    subscription.updated = calendar.now()
    update(subscription, use.column, "updated")
    context.emit(use.subscription_kind, subscription)


def _put_on_order(context: ActionContext[Any], record: Payment | Address, use: Use, order: Order) -> None:
    attach_customer(order, context.customer)
    changed: dict[str, Any] = {f"{use.column}_id": record.pk}
    moved = orders.move_order(context, order, order.order_key._replace(**changed))
    setattr(moved, use.column, record)  # else the payload would fetch the record once more
    context.emit(use.order_kind, moved)
