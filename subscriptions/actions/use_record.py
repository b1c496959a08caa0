"""One payment or address for everything a customer has."""

from typing import Any, Literal

from common.db import update
from subscriptions import calendar
from subscriptions.actions import checks, orders
from subscriptions.actions.core import ActionContext


def use_record_for_all(
    context: ActionContext[Any], name: Literal["payment", "shipping_address"], subscription_kind: str, order_kind: str
) -> None:
    """Put the act's subject, a payment or address, on all live subscriptions and open orders, and say so of each."""
    record = checks.require_usable_record(context, context.subject)
    others = context.customer.subscriptions.live().surveyed().exclude(**{name: record})
    for subscription in others.select_related("product").order_by("id"):
        subscription.customer, subscription.merchant = context.customer, context.customer.merchant
        setattr(subscription, name, record)
        subscription.updated = calendar.now()
        update(subscription, name, "updated")
        context.emit(subscription_kind, subscription)
    waiting = context.customer.orders.open().exclude(**{name: record})
    for order in waiting.select_related("payment", "shipping_address").order_by("place_date", "id"):
        order.customer, order.merchant = context.customer, context.customer.merchant
        order_key = order.order_key._replace(**{f"{name}_id": record.pk})
        moved = orders.move_order(context.customer, order, order_key)
        setattr(moved, name, record)  # or each payload would read it again
        context.emit(order_kind, moved)
