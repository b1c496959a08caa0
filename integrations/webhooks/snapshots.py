"""`snapshot`: what an event involves, each object as the REST API gives it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from subscriptions.api.views.customers import Customers
from subscriptions.api.views.items import Items
from subscriptions.api.views.orders import Orders
from subscriptions.api.views.products import Products
from subscriptions.api.views.records import Addresses, Payments
from subscriptions.api.views.subscriptions import Subscriptions
from subscriptions.models import Event, Item, Merchant, Order, Payment, Subscription

# What a target may switch on, with its label.
SNAPSHOTS = {
    "customer": "Customer",
    "orders": "Orders",
    "items": "Items",
    "addresses": "Addresses",
    "payments": "Payments",
    "subscriptions": "Subscriptions",
    "products": "Products",
}
VIEWS: dict[str, Any] = {
    "customer": Customers,
    "orders": Orders,
    "items": Items,
    "addresses": Addresses,
    "payments": Payments,
    "subscriptions": Subscriptions,
    "products": Products,
}
Keys = dict[str, list[int]]
Merchants = Mapping[int, Merchant]
Wanted = Sequence[tuple[Event, Any, Collection[str]]]


def write_snapshots(wanted: Wanted) -> list[dict[str, Any]]:
    """For each event with its row, the parts of the snapshot that are wanted of it; in a few queries for all.

    Every part is a list, except the customer. Rows that the action has deleted are left out.
    """
    parts = [part for part in SNAPSHOTS if any(part in each for _, _, each in wanted)]
    if not parts:
        return [{} for _ in wanted]
    merchants = {event.merchant_id: event.merchant for event, _, _ in wanted}
    items = _items_by_order(merchants, (row for _, row, _ in wanted if isinstance(row, Order)))
    involved = [_involved_keys(event, row, items.get(row.pk, [])) for event, row, _ in wanted]
    if "addresses" in parts:
        _add_billing_addresses(merchants, involved)
    objects = {part: _write_objects(part, merchants, involved) for part in parts}
    return [
        {part: _pick(part, objects[part], keys[part]) for part in parts if part in own}
        for (_, _, own), keys in zip(wanted, involved, strict=True)
    ]


def _involved_keys(event: Event, row: Any, own_items: list[Item]) -> Keys:
    """The keys of what an event about `row` involves; `own_items` are those of an order."""
    items = [row] if isinstance(row, Item) else own_items
    orders = [row.order] if isinstance(row, Item) else [row] if isinstance(row, Order) else []
    subscriptions = [row] if isinstance(row, Subscription) else event.about_subscriptions
    paid: Sequence[Any] = orders or subscriptions
    return {
        "customer": [event.customer_id],
        "orders": _distinct(order.pk for order in orders),
        "items": _distinct(item.pk for item in items),
        "addresses": _distinct(each.shipping_address_id for each in paid),
        "payments": _distinct(each.payment_id for each in paid),
        "subscriptions": _distinct([*(each.pk for each in subscriptions), *(item.subscription_id for item in items)]),
        "products": _distinct(each.product_id for each in items or subscriptions),
    }


def _distinct(keys: Iterable[int | None]) -> list[int]:
    return list(dict.fromkeys(key for key in keys if key is not None))


def _items_by_order(merchants: Merchants, orders: Iterable[Order]) -> dict[int, list[Item]]:
    by_order: dict[int, list[Item]] = {order.pk: [] for order in orders if order.pk is not None}
    if by_order:
        for item in Item.objects.filter(merchant__in=merchants, order__in=by_order).order_by("pk"):
            by_order[item.order_id].append(item)
    return by_order


def _add_billing_addresses(merchants: Merchants, involved: Sequence[Keys]) -> None:
    keys_of_payments = {key for keys in involved for key in keys["payments"]}
    payments = Payment.objects.filter(merchant__in=merchants, pk__in=keys_of_payments)
    billing = dict(payments.values_list("pk", "billing_address"))
    for keys in involved:
        keys["addresses"] = _distinct([*keys["addresses"], *(billing.get(key) for key in keys["payments"])])


def _write_objects(part: str, merchants: Merchants, involved: Sequence[Keys]) -> dict[int, dict[str, Any]]:
    view = VIEWS[part]
    writers = {
        key: view.serializer_class(context={"merchant": merchant, "options": {}}) for key, merchant in merchants.items()
    }
    rows = view.queryset.filter(merchant__in=merchants).in_bulk({key for keys in involved for key in keys[part]})
    return {key: writers[row.merchant_id].to_representation(row) for key, row in rows.items()}


def _pick(part: str, objects: dict[int, dict[str, Any]], keys: list[int]) -> Any:
    found = [objects[key] for key in keys if key in objects]
    return found[0] if part == "customer" else found
