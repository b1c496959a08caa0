"""An order has one currency, which is part of what an open order is found by."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from subscriptions.actions import address as addresses
from subscriptions.actions import bulk_upcoming, checkout, item, order, orders, subscription
from subscriptions.models import Item, Merchant, Order, OrderStatus, Subscription
from tests.actions import contract
from tests.factories import (
    STAFF,
    AddressFactory,
    CustomerFactory,
    ItemFactory,
    OrderFactory,
    ProductFactory,
    SubscriptionFactory,
    subscription_with_order,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
DAY = date(2026, 12, 1)


@pytest.fixture
def dollars() -> Subscription:
    """A subscription in dollars with an order on `DAY`; the merchant charges in euros since."""
    made = subscription_with_order(DAY, currency_code="USD")
    Merchant.objects.update(currency_code="EUR")
    return Subscription.objects.get(pk=made.pk)


def beside(first: Subscription, **fields: object) -> dict[str, object]:
    """What another subscription needs to share the orders of `first`, but for the currency."""
    return {
        "customer": first.customer,
        "payment": first.payment,
        "shipping_address": first.shipping_address,
        "currency_code": "EUR",
        **fields,
    }


def totals_by_currency(**conditions: object) -> list[tuple[str, Decimal]]:
    return list(
        Order.objects.filter(**conditions).order_by("currency_code", "place_date").values_list("currency_code", "total")
    )


def test_a_checkout_after_the_currency_changed_gets_an_order_of_its_own(dollars: Subscription) -> None:
    line = checkout.Line(ProductFactory(merchant=dollars.merchant, price=Decimal("13.00")), 1, 1, 3, first_date=DAY)
    checkout.create(dollars.customer, actor=STAFF, line=line, payment=dollars.payment, address=dollars.shipping_address)
    assert totals_by_currency() == [("EUR", Decimal("13.00")), ("USD", Decimal("25.00"))]


def test_a_file_after_the_currency_changed_gets_orders_of_its_own(dollars: Subscription) -> None:
    euros = [SubscriptionFactory(**beside(dollars)) for _ in range(2)]
    bulk_upcoming.add_subscription_items(dollars.merchant, [(each, DAY) for each in euros])
    assert totals_by_currency() == [("EUR", Decimal("50.00")), ("USD", Decimal("25.00"))]


def test_an_order_that_moves_to_a_day_with_another_currency_stays_by_itself(dollars: Subscription) -> None:
    later = subscription_with_order(date(2026, 12, 8), **beside(dollars))
    order.change_date(Order.objects.get(currency_code="EUR"), actor=STAFF, day=DAY)
    subscription.change_next_order_date(dollars, actor=STAFF, day=date(2026, 12, 2))
    subscription.change_next_order_date(dollars, actor=STAFF, day=DAY)
    assert later.items.get().order.place_date == dollars.items.get().order.place_date == DAY
    assert totals_by_currency() == [("EUR", Decimal("25.00")), ("USD", Decimal("25.00"))]


def test_orders_that_get_the_same_address_merge_within_a_currency_only(dollars: Subscription) -> None:
    elsewhere = {"shipping_address": AddressFactory(customer=dollars.customer)}
    subscription_with_order(DAY, **beside(dollars, **elsewhere))
    subscription_with_order(DAY, **beside(dollars, **elsewhere, currency_code="USD"))
    addresses.use_for_all(dollars.shipping_address, actor=STAFF)
    assert totals_by_currency(status=OrderStatus.UNSENT) == [("EUR", Decimal("25.00")), ("USD", Decimal("50.00"))]


def test_the_next_order_keeps_the_currency_of_its_subscription(dollars: Subscription) -> None:
    subscription_with_order(date(2026, 12, 15), **beside(dollars))
    order.skip(Order.objects.get(currency_code="USD"), actor=STAFF)
    assert [each.order.place_date for each in Item.objects.filter(upcoming=True)] == [date(2026, 12, 15)] * 2
    assert totals_by_currency(status=OrderStatus.UNSENT) == [("EUR", Decimal("25.00")), ("USD", Decimal("25.00"))]


def test_the_database_keeps_one_open_order_per_day_and_currency() -> None:
    first = OrderFactory()
    same = {"customer": first.customer, "payment": first.payment, "shipping_address": first.shipping_address}
    OrderFactory(**same, currency_code="EUR")
    with pytest.raises(IntegrityError, match="order_one_open_per_date"):
        OrderFactory(**same)


def test_products_priced_in_another_currency_are_not_added_to_an_order(dollars: Subscription) -> None:
    found, product = Order.objects.get(), ProductFactory(merchant=dollars.merchant)
    refusal = contract.assert_refused("currency_differs", lambda: item.add(found, actor=STAFF, product=product))
    assert refusal.sentence == "This order is in USD, and products are priced in EUR; an order has one currency."
    terms = {"product": product, "quantity": 1, "every": 1, "every_period": 3}
    contract.assert_refused("currency_differs", lambda: item.add_with_subscription(found, actor=STAFF, **terms))
    once = ItemFactory(order=found, subscription=None, one_time=True, product=product, quantity=1, price=product.price)
    contract.assert_refused("currency_differs", lambda: item.subscribe(once, actor=STAFF, every=1, every_period=3))


@pytest.mark.parametrize(("locked", "currency"), [(None, "EUR"), (Decimal("9.00"), "USD")])
def test_a_reactivated_subscription_is_charged_in_the_currency_of_its_price(
    locked: Decimal | None, currency: str
) -> None:
    made = subscription_with_order(DAY, currency_code="USD", price=locked)
    subscription.cancel(made, actor=STAFF)
    Merchant.objects.update(currency_code="EUR")
    subscription.reactivate(made, actor=STAFF)
    made.refresh_from_db()
    assert (made.currency_code, made.items.get().order.currency_code) == (currency, currency)


def test_a_merchant_keeps_its_currency_while_subscriptions_are_live() -> None:
    made = subscription_with_order(DAY)
    merchant = Merchant.objects.get()
    merchant.full_clean()
    merchant.currency_code = "EUR"
    with pytest.raises(ValidationError) as refusal:
        merchant.full_clean()
    assert refusal.value.message_dict == {
        "currency_code": [
            "The currency stays USD while there are active subscriptions (1) or orders to come. "
            "Cancel them first, or make a merchant of its own for the other currency."
        ]
    }
    subscription.cancel(made, actor=STAFF)
    SubscriptionFactory()  # another merchant's
    merchant.full_clean()


@pytest.mark.parametrize(
    ("status", "stays"),
    [(OrderStatus.UNSENT, True), (OrderStatus.CREDIT_CARD_RETRY, True), (OrderStatus.SUCCESS, False)],
)
def test_a_merchant_keeps_its_currency_while_an_order_is_to_be_charged(status: OrderStatus, stays: bool) -> None:
    found = OrderFactory(customer=CustomerFactory(), status=status)
    found.merchant.currency_code = "EUR"
    if stays:
        with pytest.raises(ValidationError, match="The currency stays USD"):
            found.merchant.full_clean()
    else:
        found.merchant.full_clean()


def test_the_currency_of_a_new_merchant_is_free() -> None:
    Merchant(name="New", shop_url="https://new.test", currency_code="EUR").full_clean()


def test_an_open_order_is_found_by_its_currency(dollars: Subscription) -> None:
    key = Order.objects.get().order_key
    assert key == (DAY, dollars.payment_id, dollars.shipping_address_id, "USD")
    assert orders.find_open_order(dollars.customer, key) == Order.objects.get()
    assert orders.find_open_order(dollars.customer, key._replace(currency_code="EUR")) is None
