"""Sample bodies, for a merchant who tries a target."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from integrations.webhooks.bodies import write_body, write_object
from integrations.webhooks.patterns import KINDS_BY_TYPE
from subscriptions.events.catalogue import ALL_KINDS
from subscriptions.models import Address, Customer, Event, Item, Merchant, Order, Payment, Product, Subscription

SOURCE = "test"


def sample_body(webhook_type: str, merchant: Merchant) -> str:
    """A body of this type about a customer who does not exist. Nothing is saved, and each has an id of its own."""
    kind = ALL_KINDS[KINDS_BY_TYPE[webhook_type]]
    rows = _sample_rows(merchant)
    event = Event(merchant=merchant, kind=kind.name)
    event.about_subscriptions = [rows["subscription"]]
    return write_body(event, write_object(event, rows[kind.base]), {"source": SOURCE}, {})


def _sample_rows(merchant: Merchant) -> dict[str, Any]:
    """A row for each family, not saved."""
    day = timezone.localdate() + timedelta(days=7)
    customer = Customer(
        merchant=merchant,
        merchant_user_id="sample-customer",
        first_name="Jamie",
        last_name="Sample",
        email="jamie.sample@example.com",
        locale=merchant.locale,
    )
    customer.live = True  # type: ignore[attr-defined]  # an annotation of the query that reads customers
    owned: dict[str, Any] = {"merchant": merchant, "customer": customer}
    product = Product(merchant=merchant, external_product_id="sample-product", name="Sample", price=Decimal("12.50"))
    subscription = Subscription(**owned, **_places(owned), product=product, every=1, every_period=3, start_date=day)
    return {"subscriber": customer, "subscription": subscription, **_sample_order(owned, subscription, day)}


def _places(owned: dict[str, Any]) -> dict[str, Any]:
    return {"payment": Payment(**owned), "shipping_address": Address(**owned)}


def _sample_order(owned: dict[str, Any], subscription: Subscription, day: date) -> dict[str, Any]:
    price = subscription.product.price
    order = Order(
        **owned,
        payment=subscription.payment,
        shipping_address=subscription.shipping_address,
        place_date=day,
        sub_total=price,
        total=price,
    )
    item = Item(
        merchant=order.merchant,
        order=order,
        subscription=subscription,
        product=subscription.product,
        price=price,
        total_price=price,
    )
    return {"order": order, "item": item}
