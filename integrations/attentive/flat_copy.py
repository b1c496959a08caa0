"""What a text message may use of a payload: it can show texts and numbers, but reach into no list and no object."""

from collections.abc import Mapping
from typing import Any

Properties = dict[str, Any]

# Card data and the address are no business of a messaging service.
LEFT_OUT = {"payment", "shipping_address"}
PRODUCT = ("id", "name", "sku", "image_url", "detail_url")
ITEM = {"quantity": 0, "price": 0.0, "total_price": 0.0}
LISTS = ("items_subset", "subscriptions_subset")


def flatten_payload(payload: Mapping[str, Any]) -> Properties:
    """The payload, and beside its lists and objects a copy of what is in them as texts and numbers.

    `product_…` is the product that the event is about: of an order, that of its first item; of a subscriber, that of
    the first subscription. Amounts are texts with two decimals, because a message shows them as they come.
    """
    kept = {name: value for name, value in payload.items() if name not in LEFT_OUT}
    first: Properties = next((payload[name][0] for name in LISTS if payload.get(name)), {})
    product = payload.get("product") or first.get("product") or {}
    found = {f"product_{name}": product.get(name, "") for name in PRODUCT} | kept
    if "items_subset" in payload:
        found |= _first_item_fields(first) | {"items_count": payload["total_items_count"]}
    if "subscriptions_subset" in payload:
        found |= _frequency_fields(first, "")
    return {name: f"{value:.2f}" if isinstance(value, float) else value for name, value in found.items()}


def _first_item_fields(item: Mapping[str, Any]) -> Properties:
    product = item.get("product", {})
    names = {f"first_item_{name}": product.get(name, "") for name in ("name", "image_url", "detail_url")}
    amounts = {f"first_item_{name}": item.get(name, nothing) for name, nothing in ITEM.items()}
    return names | amounts | _frequency_fields(item.get("subscription", {}), "first_item_")


def _frequency_fields(subscription: Mapping[str, Any], prefix: str) -> Properties:
    return {
        f"{prefix}frequency_days": subscription.get("frequency_days", 0),
        f"{prefix}frequency_description": subscription.get("frequency_description", ""),
    }
