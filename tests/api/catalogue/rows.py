"""What the tests of this folder share: rows of a merchant, and signed storefront clients."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.test import Client

from subscriptions.models import (
    Coupon,
    Discount,
    Entitlement,
    Merchant,
    Offer,
    OfferProfile,
    OneTimeIncentive,
    Order,
    Product,
    ProductGroup,
    Resource,
    Subscription,
)
from tests.api.signatures import KEY, signature_header

WINTER = datetime(2026, 1, 5, 3, 4, 5, tzinfo=UTC)
SUMMER = datetime(2026, 7, 5, 3, 4, 5, tzinfo=UTC)
EXPIRES = datetime(2027, 1, 1, tzinfo=UTC)
DENIED = (403, {"detail": "Authentication Failed"})
MISSING = (404, {"detail": "Unable to find requested asset."})


def signed_client(merchant: Merchant, customer: str, *, recognized: bool = False) -> Client:
    """A storefront's client: scope S, or R if `recognized`."""
    if merchant.storefront_key != KEY:
        merchant.set_storefront_key(KEY)
    header = signature_header(merchant, customer, recognized=recognized)
    return Client(headers={"authorization": header}, raise_request_exception=False)


def send(client: Client, method: str, address: str, body: object = None, **headers: str) -> tuple[int, Any]:
    """The status of the answer and its JSON."""
    text = "" if body is None else json.dumps(body)
    answer = getattr(client, method)(f"/api{address}", text, content_type="application/json", headers=headers)
    return answer.status_code, answer.json() if answer.content else None


def read(client: Client, address: str) -> tuple[int, Any]:
    answer = client.get(f"/api{address}")
    return answer.status_code, answer.json()


def add_to_group(product: Product, group_type: str, name: str) -> ProductGroup:
    group, _ = ProductGroup.objects.get_or_create(merchant=product.merchant, group_type=group_type, name=name)
    product.groups.add(group)
    return group


def create_offer(merchant: Merchant, **fields: Any) -> Offer:
    profile = OfferProfile.objects.create(merchant=merchant, **{"name": "Ten percent", "created": WINTER} | fields)
    return Offer.objects.create(merchant=merchant, profile=profile, name="Variant")


def add_discount(profile: OfferProfile, use: str, **fields: Any) -> Discount:
    own = {"merchant": profile.merchant}
    coupon = Coupon.objects.create(profile=profile, use=use, name=f"{use} coupon", code=use.upper(), **own)
    values = {"name": "Ten", "object": 2, "field": 1, "type": "Discount Percent", "value": Decimal(10)}
    return Discount.objects.create(coupon=coupon, **own, **values | fields)


def create_incentive(order: Order, /, **fields: Any) -> OneTimeIncentive:
    """A discount of 5.00 on an order."""
    values = {
        "order": order,
        "name": "Sorry",
        "type": "Discount",
        "target": "order",
        "discount_type": "Discount Amount",
        "field": "sub_total",
        "value": Decimal(5),
        "created": WINTER,
        "last_updated": SUMMER,
    }
    own = {"merchant": order.merchant, "customer": order.customer}
    return OneTimeIncentive.objects.create(**own, **values | fields)


def create_resource(merchant: Merchant, external_id: str = "music", **fields: Any) -> Resource:
    values = {"name": external_id.title(), "created": WINTER, "last_updated": SUMMER}
    return Resource.objects.create(merchant=merchant, external_resource_id=external_id, **values | fields)


def create_entitlement(subscription: Subscription, resource: Resource, **fields: Any) -> Entitlement:
    values = {"product": subscription.product, "expiration": EXPIRES, "created": WINTER, "last_updated": SUMMER}
    own = {"merchant": subscription.merchant, "customer": subscription.customer, "subscription": subscription}
    return Entitlement.objects.create(resource=resource, **own, **values | fields)
