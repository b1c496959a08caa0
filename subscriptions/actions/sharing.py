"""One payment or address for everything a customer has."""

from typing import Any, Literal

from subscriptions import calendar
from subscriptions.actions import checks, orders
from subscriptions.actions.core import Act
from subscriptions.models.prepared import update


def use_for_all(
    act: Act[Any], name: Literal["payment", "shipping_address"], subscription_kind: str, order_kind: str
) -> None:
    """Put the act's subject, a payment or address, on all live subscriptions and open orders, and say so of each."""
    record = checks.usable(act, act.subject)
    others = act.customer.subscriptions.live().surveyed().exclude(**{name: record})
    for subscription in others.select_related("product").order_by("id"):
        subscription.customer, subscription.merchant = act.customer, act.customer.merchant
        setattr(subscription, name, record)
        subscription.updated = calendar.now()
        update(subscription, name, "updated")
        act.announce(subscription_kind, subscription)
    waiting = act.customer.orders.open().exclude(**{name: record})
    for order in waiting.select_related("payment", "shipping_address").order_by("place_date", "id"):
        order.customer, order.merchant = act.customer, act.customer.merchant
        slot = order.slot._replace(**{f"{name}_id": record.pk})
        moved = orders.move_order(act.customer, order, slot)
        setattr(moved, name, record)  # or each payload would read it again
        act.announce(order_kind, moved)
