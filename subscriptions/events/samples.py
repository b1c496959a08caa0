"""Sample payloads: what an event of each kind looks like, about nobody, with a product of the merchant."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from subscriptions import calendar
from subscriptions.calendar import Period
from subscriptions.events.catalogue import Kind
from subscriptions.events.payloads import Payload, build_payload, order_payloads, subscriber_facts
from subscriptions.models import Address, Customer, Item, Merchant, Order, Payment, Product, Subscription

SAMPLES = {
    "cancel_reason": "4|I have too much",
    "cancel_reason_code": "4",
    "cancel_reason_message": "I have too much",
    "rejected_code": "140",
    "rejected_message": "The card was declined.",
}


def sample_payloads(kinds: Iterable[Kind], merchant: Merchant, email: str) -> dict[str, Payload]:
    """By the kind's name, a payload about Jamie Sample. No row is written; one query finds a product."""
    subscription = _sample_subscription(merchant, email)
    order = _sample_order(subscription)
    item = _sample_item(order, subscription)
    facts: dict[str, tuple[Any, Payload | None]] = {
        "subscriber": (subscription.customer, subscriber_facts(subscription.customer, [subscription])),
        "subscription": (subscription, None),
        "order": (order, order_payloads([(order, [item])])[0]),
        "item": (item, None),
    }
    found = {}
    for kind in kinds:
        subject, known = facts[kind.base]
        added = {name: SAMPLES[name] for name in kind.adds}
        found[kind.name] = build_payload(kind.name, subject, known and dict(known), **added)
    return found


def _sample_subscription(merchant: Merchant, email: str) -> Any:
    product = Product.objects.filter(merchant=merchant, live=True, discontinued=False).order_by("pk").first()
    customer = Customer(merchant=merchant, first_name="Jamie", last_name="Sample", email=email)
    subscription: Any = Subscription(
        merchant=merchant,
        customer=customer,
        product=product
        or Product(merchant=merchant, external_product_id="1001", name="House blend", price=Decimal(12)),
        quantity=1,
        every=4,
        every_period=Period.WEEKS,
        currency_code=merchant.currency_code,
        payment=Payment(merchant=merchant, customer=customer, cc_number_ending="4242", cc_type=1),
        shipping_address=Address(
            merchant=merchant,
            customer=customer,
            first_name="Jamie",
            last_name="Sample",
            address="1 Sample Street",
            city="Sampleville",
            state_province_code="",
            zip_postal_code="00000",
            country_code=merchant.country_code,
        ),
    )
    subscription.has_entitlements = False  # a payload would look for them
    return subscription


def _sample_product(merchant: Merchant) -> Product:
    return Product(merchant=merchant, external_product_id="1001", name="House blend", price=Decimal(12))


def _sample_order(subscription: Subscription) -> Order:
    price = subscription.product.price
    return Order(
        merchant=subscription.merchant,
        customer=subscription.customer,
        payment=subscription.payment,
        shipping_address=subscription.shipping_address,
        place_date=calendar.today(subscription.merchant.time_zone) + timedelta(days=5),
        currency_code=subscription.currency_code,
        sub_total=price,
        total=price,
        tries=0,
    )


def _sample_item(order: Order, subscription: Any) -> Any:
    price = subscription.product.price
    item: Any = Item(
        merchant=order.merchant,
        order=order,
        subscription=subscription,
        product=subscription.product,
        price=price,
        total_price=price,
        out_of_stock_since=calendar.today(order.merchant.time_zone),
    )
    item.has_entitlements = False
    return item
