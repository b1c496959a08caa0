"""An order with known values throughout, and placement requests for other tests."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from subscriptions.models import GatewaySettings, Merchant, Offer, OfferProfile, Order
from subscriptions.placement.gateway import PlacementRequest, take_snapshot
from tests.factories import (
    AddressFactory,
    CustomerFactory,
    ItemFactory,
    MerchantFactory,
    OrderFactory,
    PaymentFactory,
    ProductFactory,
    SubscriptionFactory,
)

KEY = "0123456789abcdef0123456789abcdef"
AT = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)


def numbered_id(number: int) -> UUID:
    return UUID(f"{number:032x}")


def create_live_merchant(url: str = "https://platform.test/orders", **gateway: object) -> Merchant:
    merchant = MerchantFactory(is_test=False, name="Fern & Co", public_id=numbered_id(1), storefront_key=KEY)
    GatewaySettings.objects.create(merchant=merchant, url=url, **gateway)
    return merchant


def create_known_order(merchant: Merchant) -> Order:
    """Two lines, one of them an upsell; addresses, offer and card given."""
    customer = CustomerFactory(
        merchant=merchant, merchant_user_id="C-1001", email="ana@shop.test", created=AT, last_updated=AT
    )
    stamps = {"created": AT, "updated": AT}
    shipping = AddressFactory(
        customer=customer, public_id=numbered_id(2), address2="Apt 4", company_name="A ]]> B", **stamps
    )
    billing = AddressFactory(
        customer=customer, public_id=numbered_id(3), address="9 Elm <Road>", address_type="billing_address", **stamps
    )
    payment = PaymentFactory(
        customer=customer,
        public_id=numbered_id(4),
        billing_address=billing,
        cc_holder="Ana Ruiz",
        token_id="tok_1",
        created=AT,
        last_updated=AT,
    )
    order = OrderFactory(
        customer=customer,
        public_id=numbered_id(5),
        payment=payment,
        shipping_address=shipping,
        sub_total=Decimal("30.75"),
        shipping_total=Decimal("4.00"),
        discount_total=Decimal("3.25"),
        total=Decimal("34.75"),
        tries=2,
        applied_incentives=[incentive("A dollar off", "Discount Amount", "1.00", "order", "SAVE-1")],
        **stamps,
    )
    _lines(order)
    return order


def incentive(name: str, kind: str, value: str | None, target: str, code: str | None = None) -> dict[str, Any]:
    """As an order or item keeps what came off it."""
    return {"name": name, "type": kind, "value": value, "target": target, "externalCode": code, "publicId": None}


def _lines(order: Order) -> None:
    merchant = order.merchant
    profile = OfferProfile.objects.create(merchant=merchant, public_id=numbered_id(6), name="Tenth off")
    offer = Offer.objects.create(merchant=merchant, public_id=numbered_id(7), profile=profile, name="Tenth off")
    blend = ProductFactory(merchant=merchant, external_product_id="P-1", sku="SKU-1")
    mug = ProductFactory(merchant=merchant, external_product_id="P-2", sku=None, name="Mug", price=Decimal("9.00"))
    subscription = SubscriptionFactory(
        customer=order.customer,
        product=blend,
        public_id=numbered_id(8),
        merchant_order_id="7001",
        extra_data={"note": "leave & ring", "two words": 1, "sizes": [1, 2]},
    )
    ItemFactory(
        order=order,
        subscription=subscription,
        public_id=numbered_id(9),
        offer=offer,
        total_price=Decimal("22.75"),
        applied_incentives=[incentive("Nine percent", "Discount Percent", "9.00", "item")],
    )
    ItemFactory(
        order=order,
        subscription=None,
        product=mug,
        one_time=True,
        quantity=1,
        public_id=numbered_id(10),
        total_price=Decimal("9.00"),
    )


def create_request(merchant: Merchant | None = None, **order: object) -> PlacementRequest:
    """A new order with one item, as a gateway gets it."""
    customer = CustomerFactory(merchant=merchant or MerchantFactory())
    subscription = SubscriptionFactory(customer=customer)
    row = OrderFactory(
        customer=customer, payment=subscription.payment, shipping_address=subscription.shipping_address, **order
    )
    ItemFactory(order=row, subscription=subscription)
    return take_snapshot(row)
