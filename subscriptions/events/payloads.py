"""The payloads of events: plain JSON that holds what was true at the moment of the action.

`build_payload` is for one event. Each base of the catalogue (subscriber, subscription, order, item) has one builder;
a kind adds fields to its payload or leaves some out. The shapes are those of the contract `events.json`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from common.db import Param, Query
from subscriptions import calendar
from subscriptions.events.catalogue import ALL_KINDS
from subscriptions.models import Customer, Entitlement, Item, Order, Product, Subscription
from subscriptions.normal_forms import parse_phone

Payload = dict[str, Any]
EntitlementsBySubscription = Mapping[int, Sequence[Entitlement]]
SUBSET = 10  # entries of a list in a payload; the full count stands beside the list
ENTITLEMENTS = Query(
    lambda: (
        Entitlement.objects.select_related("resource", "product")
        .filter(subscription=Param("subscription"))
        .order_by("id")
    )
)


def build_payload(
    kind: str, subject: Customer | Subscription | Order | Item, facts: Payload | None = None, **added: str
) -> Payload:
    """The payload of `kind` for `subject` as it is now. `added` are the fields that only this kind has.

    `facts` is what the builder of the kind's base returned for `subject`, for callers that have called it already.
    Raises ValueError when `added` are not exactly the fields that the kind adds.
    """
    row = ALL_KINDS[kind]
    if row.webhook_only:
        # No ESP receives it, and the bodies of webhooks are built from the rows.
        return {"public_id": subject.public_id.hex}  # type: ignore[union-attr]  # it is no customer
    expected = set(row.adds)
    if set(added) != expected:
        raise ValueError(f"{kind} adds {sorted(expected)}, not {sorted(added)}")
    payload: Payload = BUILDERS[row.base](subject) if facts is None else facts
    for name in row.omits:
        del payload[name]
    if row.shopify_only and not subject.merchant.is_shopify:
        return payload
    return payload | added


def build_recipient(customer: Customer) -> Payload:
    """The person an event is about. Stored with the event: after an e-mail change, a retry still means that person."""
    return {
        "email": customer.email.strip().lower(),
        "phone_number": customer.phone_number,
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "country_code": customer.phone_region,
    }


def subscriber_payload(customer: Customer) -> Payload:
    """Lists the live subscriptions, newest first, or the cancelled ones of a customer without any live one."""
    subscriptions = customer.subscriptions.select_related("product").order_by("-created", "-id")
    return subscriber_facts(customer, list(subscriptions))


def subscriber_facts(customer: Customer, subscriptions: Sequence[Subscription]) -> Payload:
    """`subscriber_payload` with all of the customer's subscriptions, newest first."""
    live = [subscription for subscription in subscriptions if subscription.live]
    shown = (live or subscriptions)[:SUBSET]
    return {
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "email": customer.email,
        "phone_number": parse_phone(customer.phone_number, customer.phone_region),
        "has_prepaid": any(subscription.has_prepaid for subscription in live),
        "total_subscriptions_count": len(live),
        "subscriptions_subset": [
            {
                **_frequency_fields(subscription),
                "quantity": subscription.quantity,
                "prepaid_orders_per_billing": subscription.prepaid_orders_per_billing,
                "prepaid_renewal_behavior": subscription.renewal_behavior,
                "product": _product_fields(subscription.product),
            }
            for subscription in shown
        ],
    }


def subscription_payload(subscription: Subscription) -> Payload:
    product = subscription.product
    return {
        **_frequency_fields(subscription),
        "product": _product_fields(product),
        "product_id": product.external_product_id,
        "product_name": product.name,
        "product_sku": product.sku or "",
        "quantity": subscription.quantity,
        **_prepaid_fields(subscription),
        "currency_code": subscription.currency_code,
        **_entitlement_fields(_load_entitlements(subscription), subscription.customer),
    }


def with_entitlement_flag(items: QuerySet[Item]) -> QuerySet[Item]:
    """`items` with `has_entitlements`. Most have none, and the flag saves payloads a query."""
    entitlements = Entitlement.objects.filter(subscription=OuterRef("subscription"))
    return items.annotate(has_entitlements=Exists(entitlements))


ITEMS = Query(
    lambda: (
        with_entitlement_flag(Item.objects.select_related("product", "subscription"))
        .filter(order=Param("order"))
        .order_by("id")
    )
)


def order_payload(order: Order) -> Payload:
    (payload,) = order_payloads([(order, ITEMS.all(order=order.pk))])
    return payload


def order_payloads(orders: Sequence[tuple[Order, Sequence[Item]]]) -> list[Payload]:
    """Like `order_payload`, for many orders with their items; items are sorted by id and have `has_entitlements`."""
    entitlements = _load_entitlements_of_items(item for _, items in orders for item in items)
    return [_one_order_payload(order, items, entitlements) for order, items in orders]


def _one_order_payload(order: Order, items: Sequence[Item], by_subscription: EntitlementsBySubscription) -> Payload:
    address = order.shipping_address
    subscriptions = {item.subscription_id for item in items if item.subscription_id}
    entitlements = sorted((row for key in subscriptions for row in by_subscription.get(key, ())), key=attrgetter("pk"))
    return {
        # Mails show the number, and an order that was tried has its date in the past.
        "days_until_place_date": max(0, (order.place_date - calendar.today(order.merchant.time_zone)).days),
        "tries": order.tries,
        "discount_total": _as_number(order.discount_total),
        "shipping_total": _as_number(order.shipping_total),
        "sub_total": _as_number(order.sub_total),
        "total": _as_number(order.total),
        "has_prepaid": any(item.subscription and item.subscription.has_prepaid for item in items),
        "currency_code": order.currency_code,
        "total_items_count": len(items),
        "items_subset": [_item_summary(item) for item in items[:SUBSET]],
        "payment": {
            "cc_number_ending": order.payment.cc_number_ending or "",
            "cc_exp_date": order.payment.cc_exp_date,
            "cc_type_description": order.payment.cc_type_description,
        },
        "place_date": order.place_date.isoformat(),
        "shipping_address": {
            "address": address.address,
            "address2": address.address2 or "",
            "city": address.city,
            "state_province_code": address.state_province_code,
            "zip_postal_code": address.zip_postal_code,
            "country_code": address.country_code,
        },
        **_entitlement_fields(entitlements, order.customer),
    }


def item_payload(item: Item) -> Payload:
    """`days_since_first_attempt` counts from the day of the first try that found the item out of stock."""
    prepaid = _prepaid_fields(item.subscription)
    return {
        "has_prepaid": prepaid.pop("has_prepaid"),
        "product": _product_fields(item.product),
        "quantity": item.quantity,
        "price": _as_number(item.price),
        "currency_code": item.order.currency_code,
        "total_price": _as_number(item.total_price),
        "days_since_first_attempt": item.days_out_of_stock(calendar.today(item.merchant.time_zone)),
        **prepaid,
    }


BUILDERS: dict[str, Any] = {
    "subscriber": subscriber_payload,
    "subscription": subscription_payload,
    "order": order_payload,
    "item": item_payload,
}


def _as_number(amount: Decimal) -> float:
    # An amount with two decimals survives the conversion to a float unchanged.
    return float(amount)


def _frequency_fields(subscription: Subscription) -> Payload:
    return {
        "frequency_days": subscription.frequency_days,
        "frequency_description": subscription.frequency_description,
        "id": subscription.public_id.hex,
    }


def _product_fields(product: Product) -> Payload:
    return {
        "id": product.external_product_id,
        "name": product.name,
        "sku": product.sku or "",
        "image_url": product.image_url or "",
        "detail_url": product.detail_url or "",
    }


def _prepaid_fields(subscription: Subscription | None) -> Payload:
    return {
        "has_prepaid": bool(subscription and subscription.has_prepaid),
        "prepaid_orders_per_billing": subscription and subscription.prepaid_orders_per_billing,
        "prepaid_renewal_behavior": subscription and subscription.renewal_behavior,
        "prepaid_orders_remaining": subscription and subscription.prepaid_orders_remaining,
    }


def _item_summary(item: Item) -> Payload:
    # A one-time item has no subscription, but the same keys, so that mail templates need no special case.
    frequency = (
        _frequency_fields(item.subscription)
        if item.subscription
        else {"frequency_days": 0, "frequency_description": "", "id": ""}
    )
    return {
        "product": {**_product_fields(item.product), "price": _as_number(item.product.price)},
        "subscription": frequency,
        "price": _as_number(item.price),
        "quantity": item.quantity,
        "total_price": _as_number(item.total_price),
    }


def _load_entitlements(subscription: Subscription) -> list[Entitlement]:
    # Rows that were not read with `with_flags()` lack the flag.
    may_have_some = getattr(subscription, "has_entitlements", True)
    return ENTITLEMENTS.all(subscription=subscription.pk) if may_have_some else []


def _load_entitlements_of_items(items: Iterable[Any]) -> EntitlementsBySubscription:
    subscriptions = [item.subscription_id for item in items if item.has_entitlements]
    found: dict[int, list[Entitlement]] = {}
    if subscriptions:
        for row in Entitlement.objects.select_related("resource", "product").filter(subscription__in=subscriptions):
            assert row.subscription_id is not None  # because of the filter
            found.setdefault(row.subscription_id, []).append(row)
    return found


def _entitlement_fields(rows: list[Entitlement], holder: Customer) -> Payload:
    now = calendar.now()
    # The end of revoked or expired access is over, however late it lies.
    latest = max((row.expiration for row in rows if row.live), default=None)
    zone = holder.merchant.time_zone
    return {
        "entitlement_summaries": [_entitlement_summary(row, holder) for row in rows],
        "meta_entitlement_expires_at": latest and f"{calendar.local_time(latest, zone):%B %d, %Y at %I:%M %p}",
        "has_grace_entitlement": any(row.live and row.expiration <= now < row.grace_end for row in rows),
        "has_active_entitlement": any(row.live and now < row.expiration for row in rows),
    }


def _entitlement_summary(entitlement: Entitlement, holder: Customer) -> Payload:
    return {
        "live": entitlement.live,
        "merchant": holder.merchant.public_id.hex,
        "identified_product": entitlement.product.external_product_id,
        "resource_name": entitlement.resource.name,
        "expires_at": _as_timestamp(entitlement.expiration),
        "access_type": entitlement.access_type,
        "grace_expires_at": _as_timestamp(entitlement.grace_end) if entitlement.grace_period else None,
        "merchant_user_id": holder.merchant_user_id,
        "resource_public_id": entitlement.resource.public_id.hex,
    }


def _as_timestamp(moment: datetime) -> str:
    """`2027-07-28T18:48:37.783Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
