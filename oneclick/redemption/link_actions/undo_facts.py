"""What undoing needs to know about the rows that a link action touched."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q

from subscriptions.models import Item, Order


def affected_rows(order: Order) -> dict[str, list[int]]:
    """The keys of `order` and of the items and subscriptions on it."""
    items = Item.objects.filter(merchant=order.merchant_id, order=order).values_list("pk", "subscription_id")
    pairs = list(items)
    return {
        "orders": [order.pk],
        "items": [item for item, _ in pairs],
        "subscriptions": [subscription for _, subscription in pairs if subscription],
    }


def conflicting_activities(undo_facts: Mapping[str, Any]) -> Q:
    """Activities that forbid undoing: about one of the `affected_rows`, or about the customer as a whole."""
    affected = Q(order__in=undo_facts.get("orders", [])) | Q(subscription__in=undo_facts.get("subscriptions", []))
    return affected | Q(order=None, subscription=None)
