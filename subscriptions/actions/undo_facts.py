"""What an activity keeps for its undo: what to put back, and which rows must not have changed since."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

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


class Later(NamedTuple):
    """A later activity of the customer: its key, which one it undoes, and what it is about."""

    key: int
    undoes: int | None
    order: int | None
    subscription: int | None
    tag: str | None


LATER_COLUMNS = ("pk", "undoes", "order", "subscription", "undo_facts__tag")


def forbids_undo(facts: Mapping[str, Any], later: Later) -> bool:
    """Whether a later activity has changed what these facts need unchanged.

    One about no order, subscription or tag is about the customer as a whole, and has.
    """
    if later.tag is not None or "tag" in facts:
        return later.tag == facts.get("tag")
    if later.order is None and later.subscription is None:
        return True
    return later.order in facts.get("orders", ()) or later.subscription in facts.get("subscriptions", ())
