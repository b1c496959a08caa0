"""What an activity keeps for its undo: what to put back, and which rows must not have changed since."""

from collections.abc import Iterable, Mapping
from typing import Any

from subscriptions.models import Item, Order


def undo_facts(orders: Iterable[Order], items: Iterable[Item], **put_back: Any) -> dict[str, Any]:
    """For an act that has touched these orders, with `items` on them; `put_back` is what its own undo needs."""
    touched = list(items)
    return {
        "orders": [order.pk for order in orders if order.pk],
        "items": [item.pk for item in touched],
        "subscriptions": [item.subscription_id for item in touched if item.subscription_id],
        **put_back,
    }


def forbids_undo(facts: Mapping[str, Any], order: int | None, subscription: int | None) -> bool:
    """Whether a later activity about this order and subscription has changed what these facts need unchanged.

    One about neither is about the customer as a whole, and has.
    """
    if order is None and subscription is None:
        return True
    return order in facts.get("orders", ()) or subscription in facts.get("subscriptions", ())
