from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from subscriptions.actions import orders
from subscriptions.models import Item, Offer, OfferProfile, OneTimeIncentive, Order, OrderStatus
from tests.factories import (
    AddressFactory,
    ItemFactory,
    OrderFactory,
    PaymentFactory,
    SubscriptionFactory,
    plan_item,
    unrecorded,
)

pytestmark = pytest.mark.django_db
DAY = date(2026, 12, 1)


@pytest.fixture
def subscription():
    return SubscriptionFactory()


def order_of(subscription, **fields) -> Order:
    """An order the next item of `subscription` would join, but for `fields`."""
    return OrderFactory(
        **{
            "customer": subscription.customer,
            "payment": subscription.payment,
            "shipping_address": subscription.shipping_address,
            "place_date": DAY,
            **fields,
        }
    )


def test_an_item_joins_the_open_order_of_its_date_payment_and_address(subscription):
    order = order_of(subscription)
    assert plan_item(subscription, DAY).order == order


@pytest.mark.parametrize(
    "differs",
    [
        lambda customer: {"place_date": date(2026, 12, 2)},
        lambda customer: {"payment": PaymentFactory(customer=customer)},
        lambda customer: {"shipping_address": AddressFactory(customer=customer)},
        lambda customer: {"status": OrderStatus.SUCCESS},
        lambda customer: {"locked": True},
        lambda customer: {"oos_free_shipping": True},
    ],
)
def test_an_item_joins_no_order_that_differs_or_is_closed(subscription, differs):
    order = order_of(subscription, **differs(subscription.customer))
    assert plan_item(subscription, DAY).order != order


def test_a_new_order_and_its_item_copy_the_subscription(subscription):
    profile = OfferProfile.objects.create(merchant=subscription.merchant, name="Standard")
    subscription.offer = Offer.objects.create(merchant=subscription.merchant, profile=profile, name="Standard")
    subscription.currency_code = "CAD"

    item = Item.objects.get(pk=plan_item(subscription, DAY).pk)

    assert (item.offer, item.order.currency_code) == (subscription.offer, "CAD")


def test_a_locked_price_counts_instead_of_the_products(subscription):
    subscription.price = Decimal("9.99")
    item = plan_item(subscription, DAY)
    assert (item.price, item.total_price) == (Decimal("9.99"), Decimal("19.98"))


def test_of_a_prepaid_cycle_only_the_first_order_is_charged():
    subscription = SubscriptionFactory(
        prepaid_orders_per_billing=3, prepaid_orders_remaining=2, renewal_behavior="autorenew"
    )
    order = plan_item(subscription, DAY).order
    assert (order.sub_total, order.discount_total, order.total) == (Decimal(0), Decimal(0), Decimal(0))


def test_totals_hold_discounts_extra_costs_and_shipping(subscription):
    subscription.merchant.shipping_rate = Decimal(5)
    subscription.merchant.save()
    order = order_of(subscription)
    item = ItemFactory(order=order, price=Decimal(10), quantity=2, extra_cost=Decimal(1))
    OneTimeIncentive.objects.create(
        merchant=order.merchant,
        customer=order.customer,
        item=item,
        name="Sorry",
        type="Discount",
        target="item",
        field="total_price",
        discount_type="Discount Amount",
        value=Decimal(3),
    )

    plan_item(subscription, DAY)

    order.refresh_from_db()
    assert (order.sub_total, order.discount_total, order.total) == (Decimal(43), Decimal(3), Decimal(48))


def test_an_item_that_comes_or_goes_marks_its_order_as_updated(subscription):
    order = order_of(subscription)
    other = ItemFactory(order=order)
    for hour, act in enumerate(
        [
            lambda: plan_item(subscription, DAY),
            lambda: orders.withdraw_subscription(unrecorded(subscription.customer), subscription),
        ]
    ):
        with time_machine.travel(f"2027-01-01T{hour:02}:00:00Z", tick=False):
            act()
            order.refresh_from_db()
            assert order.updated == timezone.now()
    assert list(order.items.all()) == [other]
