"""Use one payment or address for everything a customer has."""

from typing import Any, Literal

from common.db import update
from subscriptions import calendar
from subscriptions.actions import checks, orders
from subscriptions.actions.core import ActionContext
from subscriptions.actions.subjects import attach_customer


def use_record_for_all(
    context: ActionContext[Any], name: Literal["payment", "shipping_address"], subscription_kind: str, order_kind: str
) -> None:
    """Put the action's subject, a payment or address, on all live subscriptions and open orders.

    `name` is the column to set. Each subscription and order that changes emits an event of its kind.
    """
    record = checks.require_usable_record(context, context.subject)
    others = context.customer.subscriptions.live().with_flags().exclude(**{name: record})
    for subscription in others.select_related("product").order_by("id"):
        attach_customer(subscription, context.customer)
        setattr(subscription, name, record)
        subscription.updated = calendar.now()
        update(subscription, name, "updated")
        context.emit(subscription_kind, subscription)
    open_orders = context.customer.orders.open().exclude(**{name: record})
    for order in open_orders.select_related("payment", "shipping_address").order_by("place_date", "id"):
        attach_customer(order, context.customer)
        order_key = order.order_key._replace(**{f"{name}_id": record.pk})
        moved = orders.move_order(context, order, order_key)
        setattr(moved, name, record)  # else the payload would fetch the record once more
        context.emit(order_kind, moved)
