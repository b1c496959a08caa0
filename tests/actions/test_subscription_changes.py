from datetime import date
from decimal import Decimal

import pytest

from subscriptions.actions import subscription as verbs
from subscriptions.errors import NotFound
from subscriptions.models import Item, Offer, OfferProfile, Order, Subscription
from tests.actions import contract
from tests.factories import (
    STAFF,
    AddressFactory,
    PaymentFactory,
    ProductFactory,
    SubscriptionFactory,
    subscription_with_order,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
DAY = date(2026, 12, 1)
DATE = "ordergroove.order.change_next_order_date"
FREQUENCY = "ordergroove.subscription.change_frequency"
PAYMENT = "ordergroove.subscription.change_payment"
QUANTITY = "ordergroove.subscription.change_quantity"
SHIPPING = "ordergroove.subscription.change_shipping_address"
SWAP = "ordergroove.subscription.sku_swap"


@pytest.fixture
def subscription(noon):
    return subscription_with_order(DAY)


@pytest.fixture
def other(subscription):
    """On the same order."""
    return subscription_with_order(
        DAY,
        customer=subscription.customer,
        payment=subscription.payment,
        shipping_address=subscription.shipping_address,
        quantity=1,
    )


def order_rows() -> list[tuple[date, Decimal]]:
    return list(Order.objects.order_by("place_date", "id").values_list("place_date", "total"))


def test_the_quantity_changes_from_the_upcoming_order_on(subscription, other):
    act = contract.assert_emits([QUANTITY], lambda: verbs.change_quantity(subscription, actor=STAFF, quantity=4))
    assert Subscription.objects.get(pk=subscription.pk).quantity == 4
    assert Item.objects.get(subscription=subscription).total_price == Decimal("50.00")
    assert order_rows() == [(DAY, Decimal("62.50"))]
    assert act.events[0].payload["quantity"] == 4
    assert act.activity.sentence == "Changed the quantity of House blend from 2 to 4."


def test_the_quantity_of_a_cancelled_subscription_is_just_stored(subscription):
    verbs.cancel(subscription, actor=STAFF)
    contract.assert_emits([QUANTITY], lambda: verbs.change_quantity(subscription, actor=STAFF, quantity=1))
    assert Subscription.objects.get().quantity == 1 and not Item.objects.exists()


@pytest.mark.parametrize("quantity", [0, -1, 32768])
def test_a_quantity_out_of_range_is_refused(subscription, quantity):
    contract.assert_refused(
        "invalid_value", lambda: verbs.change_quantity(subscription, actor=STAFF, quantity=quantity)
    )


def test_a_prepaid_subscription_keeps_its_quantity_and_price():
    prepaid = subscription_with_order(
        DAY, prepaid_orders_per_billing=3, prepaid_orders_remaining=0, renewal_behavior="autorenew"
    )
    contract.assert_refused("prepaid_fixed", lambda: verbs.change_quantity(prepaid, actor=STAFF, quantity=4))
    contract.assert_refused("prepaid_fixed", lambda: verbs.change_price(prepaid, actor=STAFF, price=Decimal(1)))


def test_a_new_frequency_leaves_the_upcoming_order_where_it_is(subscription):
    act = contract.assert_emits(
        [FREQUENCY], lambda: verbs.change_frequency(subscription, actor=STAFF, every=1, every_period=3)
    )
    row = Subscription.objects.get()
    assert (row.every, row.every_period) == (1, 3)
    assert order_rows() == [(DAY, Decimal("25.00"))]
    assert act.events[0].payload["frequency_days"] == 30
    assert act.activity.sentence == "Changed the frequency of House blend from “Every 2 weeks” to “Every month”."


@pytest.mark.parametrize(("every", "every_period"), [(0, 1), (1, 0), (1, 5), (1000, 1)])
def test_a_frequency_that_does_not_exist_is_refused(subscription, every, every_period):
    contract.assert_refused(
        "invalid_value",
        lambda: verbs.change_frequency(subscription, actor=STAFF, every=every, every_period=every_period),
    )


def test_a_new_payment_changes_the_upcoming_order_too_where_it_is_alone(subscription):
    payment = PaymentFactory(customer=subscription.customer, cc_number_ending="1111")
    act = contract.assert_emits(
        [PAYMENT, "ordergroove.order.change_payment"],
        lambda: verbs.change_payment(subscription, actor=STAFF, payment=payment),
    )
    assert Subscription.objects.get().payment == Order.objects.get().payment == payment
    assert act.events[1].payload["payment"]["cc_number_ending"] == "1111"
    assert act.activity.sentence == "Changed the payment of House blend to Visa 1111."


def test_a_new_payment_splits_a_shared_order(subscription, other):
    payment = PaymentFactory(customer=subscription.customer)
    contract.assert_emits([PAYMENT], lambda: verbs.change_payment(subscription, actor=STAFF, payment=payment))
    assert order_rows() == [(DAY, Decimal("12.50")), (DAY, Decimal("25.00"))]
    assert other.items.get().order.payment == other.payment
    assert subscription.items.get().order.payment == payment


def test_a_new_address_joins_the_order_that_goes_there_already(subscription):
    there = subscription_with_order(DAY, customer=subscription.customer, payment=subscription.payment)
    contract.assert_emits(
        [SHIPPING],
        lambda: verbs.change_shipping_address(subscription, actor=STAFF, address=there.shipping_address),
    )
    assert order_rows() == [(DAY, Decimal("50.00"))]
    assert Order.objects.get().shipping_address == there.shipping_address


def test_a_foreign_or_retired_payment_or_address_is_refused(subscription):
    foreign = PaymentFactory()
    refusal = contract.assert_refused(
        "not_found", lambda: verbs.change_payment(subscription, actor=STAFF, payment=foreign)
    )
    assert refusal.sentence == "This customer has no such payment or address."
    retired = AddressFactory(customer=subscription.customer, live=False)
    contract.assert_refused(
        "record_inactive", lambda: verbs.change_shipping_address(subscription, actor=STAFF, address=retired)
    )


def test_the_next_order_moves_with_its_only_item(subscription):
    order = Order.objects.get()
    act = contract.assert_emits(
        [DATE], lambda: verbs.change_next_order_date(subscription, actor=STAFF, day=date(2026, 12, 24))
    )
    assert act.result == order == Order.objects.get()
    assert order_rows() == [(date(2026, 12, 24), Decimal("25.00"))]
    assert act.events[0].payload["place_date"] == "2026-12-24"
    assert act.activity.sentence == "Moved the next order of House blend to December 24, 2026."


def test_an_item_leaves_a_shared_order_for_another_date(subscription, other):
    verbs.change_next_order_date(subscription, actor=STAFF, day=date(2026, 12, 24))
    assert order_rows() == [(DAY, Decimal("12.50")), (date(2026, 12, 24), Decimal("25.00"))]


def test_an_item_alone_joins_the_order_of_the_other_date_and_leaves_none_behind(subscription):
    later = subscription_with_order(
        date(2026, 12, 24),
        customer=subscription.customer,
        payment=subscription.payment,
        shipping_address=subscription.shipping_address,
    )
    verbs.change_next_order_date(subscription, actor=STAFF, day=date(2026, 12, 24))
    assert order_rows() == [(date(2026, 12, 24), Decimal("50.00"))]
    assert later.items.get().order == subscription.items.get().order


def test_the_next_order_is_tomorrow_at_the_earliest(subscription):
    contract.assert_refused(
        "order_date_not_future",
        lambda: verbs.change_next_order_date(subscription, actor=STAFF, day=date(2026, 11, 20)),
    )


def test_a_product_is_swapped_permanently(subscription):
    dark = ProductFactory(merchant=subscription.merchant, name="Dark roast", price=Decimal(20))
    act = contract.assert_emits([SWAP], lambda: verbs.change_product(subscription, actor=STAFF, product=dark))
    item = Item.objects.get()
    assert (Subscription.objects.get().product, item.product, item.price) == (dark, dark, Decimal(20))
    assert order_rows() == [(DAY, Decimal("40.00"))]
    assert act.events[0].payload["product_name"] == "Dark roast"
    assert act.activity.sentence == "Swapped House blend for Dark roast."


def test_a_foreign_or_discontinued_product_is_refused(subscription):
    foreign = ProductFactory()
    contract.assert_refused("not_found", lambda: verbs.change_product(subscription, actor=STAFF, product=foreign))
    gone = ProductFactory(merchant=subscription.merchant, discontinued=True, autoship_enabled=False, live=False)
    contract.assert_refused(
        "product_discontinued", lambda: verbs.change_product(subscription, actor=STAFF, product=gone)
    )


@pytest.mark.parametrize(("remaining", "price", "refused"), [(1, "12.51", True), (1, "12.50", False), (0, "99", False)])
def test_while_prepaid_orders_remain_the_new_product_costs_the_same(remaining, price, refused):
    prepaid = subscription_with_order(
        DAY, prepaid_orders_per_billing=3, prepaid_orders_remaining=remaining, renewal_behavior="autorenew"
    )
    product = ProductFactory(merchant=prepaid.merchant, price=Decimal(price))
    if refused:
        contract.assert_refused("price_differs", lambda: verbs.change_product(prepaid, actor=STAFF, product=product))
    else:
        verbs.change_product(prepaid, actor=STAFF, product=product)
        assert Subscription.objects.get().product == product


def test_a_locked_price_counts_until_it_is_unlocked(subscription):
    contract.assert_emits([], lambda: verbs.change_price(subscription, actor=STAFF, price=Decimal("9.99")))
    assert order_rows() == [(DAY, Decimal("19.98"))]
    contract.assert_emits([], lambda: verbs.change_price(subscription, actor=STAFF, price=None))
    assert order_rows() == [(DAY, Decimal("25.00"))]
    contract.assert_refused("invalid_value", lambda: verbs.change_price(subscription, actor=STAFF, price=Decimal("-1")))


def test_a_price_set_by_hand_outlives_the_lock_of_the_subscription(subscription):
    Item.objects.update(price=Decimal(1), frozen=True)
    verbs.change_price(subscription, actor=STAFF, price=Decimal("9.99"))
    assert Item.objects.get().price == Decimal(1)


def test_the_reminder_comes_at_least_five_days_ahead(subscription):
    contract.assert_emits([], lambda: verbs.change_reminder_days(subscription, actor=STAFF, days=7))
    assert Subscription.objects.get().reminder_days == 7
    contract.assert_refused("invalid_value", lambda: verbs.change_reminder_days(subscription, actor=STAFF, days=4))


def test_an_offer_of_another_merchant_is_refused(subscription):
    def offer(merchant):
        profile = OfferProfile.objects.create(merchant=merchant, name="Save")
        return Offer.objects.create(merchant=merchant, profile=profile, name="Save")

    mine = offer(subscription.merchant)
    contract.assert_emits([], lambda: verbs.change_offer(subscription, actor=STAFF, offer=mine))
    assert Subscription.objects.get().offer == Item.objects.get().offer == mine
    foreign = offer(SubscriptionFactory().merchant)
    contract.assert_refused("not_found", lambda: verbs.change_offer(subscription, actor=STAFF, offer=foreign))


@pytest.mark.parametrize(
    "act",
    [
        lambda row: verbs.change_next_order_date(row, actor=STAFF, day=date(2026, 12, 24)),
        lambda row: verbs.change_product(row, actor=STAFF, product=row.product),
    ],
)
def test_actions_on_a_live_subscription_are_refused_for_a_cancelled_one(subscription, act):
    verbs.cancel(subscription, actor=STAFF)
    contract.assert_refused("subscription_not_active", lambda: act(subscription))


@pytest.mark.django_db(transaction=True)
def test_two_simultaneous_moves_end_on_one_of_the_days_with_one_item(subscription):
    outcomes = contract.run_twice_at_once(
        lambda: verbs.change_next_order_date(subscription, actor=STAFF, day=date(2026, 12, 24))
    )
    assert outcomes == ["done", "done"]
    assert order_rows() == [(date(2026, 12, 24), Decimal("25.00"))]


def test_another_merchants_stale_copy_is_not_found(subscription):
    subscription.merchant_id = SubscriptionFactory().merchant_id
    with pytest.raises(NotFound):
        verbs.change_quantity(subscription, actor=STAFF, quantity=1)
