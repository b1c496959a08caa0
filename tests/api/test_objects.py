"""The objects have exactly these keys, in these forms."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.test import Client

from subscriptions.actions import entitlement
from subscriptions.models import Merchant, Offer, OfferProfile, Order, OrderStatus, Subscription
from tests.factories import (
    STAFF,
    CancelReasonFactory,
    CustomerFactory,
    ItemFactory,
    OrderFactory,
    ProductFactory,
    SubscriptionFactory,
    subscription_with_order,
)

WINTER = datetime(2026, 1, 5, 3, 4, 5, tzinfo=UTC)
SUMMER = datetime(2026, 7, 5, 3, 4, 5, tzinfo=UTC)
EXPIRES = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def offer(merchant: Merchant) -> Offer:
    profile = OfferProfile.objects.create(merchant=merchant, name="Ten percent")
    return Offer.objects.create(merchant=merchant, profile=profile, name="Ten percent")


def test_a_customer_has_the_documented_fields(api: Client, merchant: Merchant) -> None:
    row = CustomerFactory(
        merchant=merchant,
        merchant_user_id="C 1",
        email="ana@shop.test",
        created=WINTER,
        last_updated=SUMMER,
        extra_data={"tier": "gold"},
    )
    assert api.get("/api/customers/C%201/").json() == {
        "merchant": merchant.public_id.hex,
        "id": row.pk,
        "merchant_user_id": "C 1",
        "session_id": None,
        "user_token_id": "",
        "first_name": "Ana",
        "last_name": "Ruiz",
        "email": "ana@shop.test",
        "phone_number": "+15013299800",
        "phone_type": None,
        "live": False,
        "created": "2026-01-04 22:04:05",
        "last_updated": "2026-07-04 23:04:05",
        "last_login": None,
        "extra_data": '{"tier":"gold"}',
        "locale": "en-us",
        "price_code": None,
    }


def test_a_customer_is_live_with_a_live_subscription(api: Client, merchant: Merchant) -> None:
    row = SubscriptionFactory(customer__merchant=merchant)
    address = f"/api/customers/{row.customer.merchant_user_id}/"
    assert api.get(address).json()["live"] is True
    Subscription.objects.update(cancelled=WINTER)
    assert api.get(address).json()["live"] is False


def test_a_subscription_has_the_documented_fields(api: Client, merchant: Merchant, offer: Offer) -> None:
    row = SubscriptionFactory(
        customer__merchant=merchant,
        offer=offer,
        created=WINTER,
        updated=SUMMER,
        cancelled=SUMMER,
        cancel_reason="4 | too much",
        extra_data={"gift": True},
    )
    assert api.get(f"/api/subscriptions/{row.public_id.hex}/").json() == {
        "customer": row.customer.merchant_user_id,
        "merchant": merchant.public_id.hex,
        "product": row.product.external_product_id,
        "payment": row.payment.public_id.hex,
        "shipping_address": row.shipping_address.public_id.hex,
        "offer": offer.public_id.hex,
        "subscription_type": "replenishment",
        "raw_subscription_type": "replenishment",
        "components": [],
        "extra_data": {"gift": True},
        "public_id": row.public_id.hex,
        "quantity": 2,
        "price": None,
        "frequency_days": 14,
        "reminder_days": 5,
        "every": 2,
        "every_period": 2,
        "start_date": "2026-01-15",
        "cancelled": "2026-07-04 23:04:05",
        "cancel_reason": "4 | too much",
        "iteration": None,
        "sequence": None,
        "session_id": None,
        "merchant_order_id": None,
        "created": "2026-01-04 22:04:05",
        "updated": "2026-07-04 23:04:05",
        "live": False,
        "external_id": None,
        "product_attribute": None,
        "cancel_reason_code": 4,
        "customer_rep": None,
        "club": None,
        "queued_actions": [],
        "prepaid_subscription_context": None,
        "currency_code": "USD",
        "free_trial_subscription_context": None,
        "grantees": [],
    }


def test_a_prepaid_subscription_with_a_locked_price(api: Client, merchant: Merchant) -> None:
    row = SubscriptionFactory(
        customer__merchant=merchant,
        price=Decimal("9.5"),
        prepaid_orders_per_billing=3,
        prepaid_orders_remaining=1,
        renewal_behavior="autorenew",
        last_renewal_revenue=Decimal("28.50"),
    )
    answer = api.get(f"/api/subscriptions/{row.public_id.hex}/").json()
    assert (answer["price"], answer["live"], answer["cancelled"]) == ("9.50", True, None)
    assert answer["prepaid_subscription_context"] == {
        "prepaid_orders_remaining": 1,
        "prepaid_orders_per_billing": 3,
        "renewal_behavior": "autorenew",
        "last_renewal_revenue": 28.5,
        "prepaid_origin_merchant_order_id": None,
    }


def test_a_subscription_lists_the_customers_it_is_shared_with(api: Client, merchant: Merchant) -> None:
    row = SubscriptionFactory(customer__merchant=merchant)
    for name in ("lessons", "magazine"):
        resource = merchant.resources.create(name=name, external_resource_id=name)
        held = row.entitlements.create(
            merchant=merchant,
            customer=row.customer,
            product=row.product,
            resource=resource,
            expiration=EXPIRES,
        )
        held.grantees.create(merchant=merchant, external_id="E-1", name="Eva")
    held.grantees.create(merchant=merchant, external_id="E-2", name="Leo")
    address = f"/api/subscriptions/{row.public_id.hex}/"
    both = [{"external_id": "E-1", "name": "Eva"}, {"external_id": "E-2", "name": "Leo"}]
    assert api.get(address).json()["grantees"] == both
    entitlement.void(held, actor=STAFF)
    assert api.get(address).json()["grantees"] == both[:1]  # Leo shared the magazine alone


def test_an_upcoming_order_has_the_documented_fields(api: Client, merchant: Merchant) -> None:
    row = OrderFactory(
        place_date=date(2026, 12, 1),
        customer__merchant=merchant,
        created=WINTER,
        updated=SUMMER,
        sub_total=Decimal("25"),
        shipping_total=Decimal("4.9"),
        total=Decimal("29.9"),
    )
    assert api.get(f"/api/orders/{row.public_id.hex}/").json() == {
        "merchant": merchant.public_id.hex,
        "customer": row.customer.merchant_user_id,
        "payment": row.payment.public_id.hex,
        "shipping_address": row.shipping_address.public_id.hex,
        "public_id": row.public_id.hex,
        "sub_total": "25.00",
        "tax_total": "0.00",
        "shipping_total": "4.90",
        "discount_total": "0.00",
        "total": "29.90",
        "created": "2026-01-04 22:04:05",
        "updated": "2026-07-04 23:04:05",
        "place": "2026-12-01 00:00:00",
        "cancelled": None,
        "tries": 0,
        "generic_error_count": 0,
        "status": 1,
        "type": 1,
        "order_merchant_id": None,
        "rejected_message": None,
        "rejected_error_code": None,
        "extra_data": None,
        "locked": False,
        "oos_free_shipping": False,
        "currency_code": "USD",
    }


def test_an_attempted_order_shows_the_real_time_and_its_rejection_as_json_text(api: Client, merchant: Merchant) -> None:
    row = OrderFactory(
        customer__merchant=merchant,
        status=OrderStatus.REJECTED,
        place_date=date(2026, 7, 4),
        tried_at=SUMMER,
        tries=1,
        rejected_message="Card declined",
        rejected_error_code="140",
    )
    answer = api.get(f"/api/orders/{row.public_id.hex}/").json()
    assert answer["place"] == "2026-07-04 23:04:05"
    assert answer["rejected_message"] == '{"message":"Card declined","code":"140"}'
    assert answer["rejected_error_code"] == "140"


def test_an_order_says_on_request_whether_it_has_a_plan(api: Client, merchant: Merchant) -> None:
    plan = subscription_with_order(customer__merchant=merchant, product__product_type="plan")
    goods = subscription_with_order(customer__merchant=merchant)
    for row, expected in ((plan, True), (goods, False)):
        address = f"/api/orders/{row.items.get().order.public_id.hex}/"
        assert api.get(address + "?include_has_plan=true").json()["has_plan"] is expected
        assert "has_plan" not in api.get(address + "?include_has_plan=0").json()
    assert [row["has_plan"] for row in api.get("/api/orders/?include_has_plan=1").json()["results"]] == [
        False,
        True,
    ]


def test_an_item_has_the_documented_fields(api: Client, merchant: Merchant, offer: Offer) -> None:
    order = OrderFactory(customer__merchant=merchant, updated=SUMMER)
    row = ItemFactory(order=order, offer=offer, first_placed=WINTER)
    address = f"/api/items/{row.public_id.hex}/"
    whole = {
        "order": order.public_id.hex,
        "offer": offer.public_id.hex,
        "subscription": row.subscription.public_id.hex,
        "product": row.product.external_product_id,
        "components": [],
        "subscription_component": None,
        "quantity": 2,
        "public_id": row.public_id.hex,
        "product_attribute": None,
        "price": "12.50",
        "extra_cost": "0.00",
        "total_price": "25.00",
        "one_time": False,
        "frozen": False,
        "first_placed": "2026-01-04 22:04:05",
        "order_updated": "2026-07-04 23:04:05",
    }
    assert api.get(address).json() == whole
    brief = {key: value for key, value in whole.items() if key not in ("price", "extra_cost", "total_price")}
    assert api.get(address + "?omit_price_calculation=true").json() == brief


def test_a_one_time_item_has_no_subscription(api: Client, merchant: Merchant) -> None:
    product = ProductFactory(merchant=merchant)
    order = OrderFactory(customer__merchant=merchant)
    row = ItemFactory(order=order, subscription=None, product=product, quantity=1, one_time=True)
    answer = api.get(f"/api/items/{row.public_id.hex}/").json()
    assert (answer["subscription"], answer["offer"], answer["one_time"]) == (None, None, True)


def test_cancel_reasons_are_sorted_by_code(api: Client, merchant: Merchant) -> None:
    CancelReasonFactory(merchant=merchant, code=8, label="Too expensive")
    CancelReasonFactory(merchant=merchant, code=4, label="Overstocked", application="portal")
    CancelReasonFactory()
    answer = api.get("/api/merchant/cancel_reason/").json()
    assert answer == {
        "count": 2,
        "next": None,
        "previous": None,
        "results": [
            {"cancel_reason": 4, "application": "portal", "label": "Overstocked"},
            {"cancel_reason": 8, "application": "msi", "label": "Too expensive"},
        ],
    }
    assert api.get("/api/merchant/cancel_reason/?application=msi").json()["count"] == 1


def test_times_are_in_the_merchants_zone(api: Client, merchant: Merchant) -> None:
    merchant.time_zone = "Asia/Tokyo"
    merchant.save()
    row = OrderFactory(customer__merchant=merchant, created=WINTER, place_date=date(2026, 12, 1))
    answer = api.get(f"/api/orders/{row.public_id.hex}/").json()
    assert (answer["created"], answer["place"]) == ("2026-01-05 12:04:05", "2026-12-01 00:00:00")
    assert Order.objects.get().created == WINTER
