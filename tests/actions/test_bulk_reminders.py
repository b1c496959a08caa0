"""Reminders of many orders write the rows of single actions, at the cost of a few statements."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from subscriptions.actions import bulk_reminders, subscription, upcoming_order
from subscriptions.actions import item as items
from subscriptions.actions import order as orders
from subscriptions.actions.bulk_reminders import remind_customers
from subscriptions.actions.core import ActionContext
from subscriptions.errors import Busy, Refused
from subscriptions.models import (
    Coupon,
    Customer,
    Discount,
    Event,
    Item,
    Merchant,
    Offer,
    OfferProfile,
    OneTimeIncentive,
    Order,
    Payment,
    Product,
    Subscription,
)
from tests import factories as f
from tests.actions import random_actions, situations
from tests.actions.random_actions import World
from tests.actions.situations import Situation
from tests.factories import STAFF
from tests.races import holding_locks
from tests.rows import read_all_rows, rows_written_by

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def merchant(db: None) -> Merchant:
    made: Merchant = f.MerchantFactory(time_zone="Pacific/Auckland", shipping_rate=Decimal("4.95"))
    f.ConnectionFactory(merchant=made)
    f.ConnectionFactory(merchant=made, name="Second", switched_off_kinds=["ordergroove.order.skip_order"])
    return made


def create_customer(merchant: Merchant, *changes: Situation) -> World:
    """Another customer with two subscriptions in one order, changed by `changes`."""
    world = random_actions.create_world(customer=f.CustomerFactory(merchant=merchant))
    for change in changes:
        change(world)
    return world


def raise_price(world: World) -> None:
    Product.objects.filter(pk__in=[row.pk for row in world.products]).update(price=Decimal("17.35"))


def lock_price(world: World) -> None:
    subscription.change_price(world.subscription(0), price=Decimal(9), actor=STAFF)


def set_price_by_hand(world: World) -> None:
    items.change_price(world.item(0), price=Decimal(5), actor=STAFF)


def make_prepaid(remaining: int) -> Situation:
    fields = {"prepaid_orders_per_billing": 3, "prepaid_orders_remaining": remaining, "renewal_behavior": "autorenew"}
    return lambda world: Subscription.objects.filter(pk=world.subscription(0).pk).update(**fields)


def add_items(number: int) -> Situation:
    def add(world: World) -> None:
        for each in range(number):
            random_actions.add_product(world, each)

    return add


def give_offer(world: World) -> None:
    profile = OfferProfile.objects.create(merchant=world.customer.merchant, name="Standard")
    offer = Offer.objects.create(merchant=profile.merchant, profile=profile, name="Standard")
    coupon = Coupon.objects.create(merchant=profile.merchant, profile=profile, use="recurring", name="C", code="C")
    for target in Discount.Target:
        what = {"object": target, "field": 1, "type": Discount.Type.PERCENT, "value": 7}
        Discount.objects.create(merchant=profile.merchant, coupon=coupon, name="Off", **what)
    Item.objects.filter(order__customer=world.customer).update(offer=offer)


def give_incentives(**about: Callable[[World], Any]) -> Situation:
    def promise(world: World) -> None:
        OneTimeIncentive.objects.create(
            merchant=world.customer.merchant,
            customer=world.customer,
            name="Sorry",
            type=OneTimeIncentive.Type.DISCOUNT,
            discount_type=Discount.Type.AMOUNT,
            value=3,
            **{name: found(world) for name, found in about.items()},
        )

    return promise


def remove_card(world: World) -> None:
    fields = {"payment_method": "paypal", "cc_type": None, "cc_number_ending": None, "expires_on": None}
    Payment.objects.filter(customer=world.customer).update(**fields)


def make_test_customer(world: World) -> None:
    Customer.objects.filter(pk=world.customer.pk).update(is_test=True)


def remind_already(world: World) -> None:
    upcoming_order.remind(world.order(0), actor=STAFF)


def move_after_reminder(world: World) -> None:
    orders.change_date(world.order(0), day=date(2026, 12, 9), actor=STAFF)


SITUATIONS: list[list[Situation]] = [
    [],
    [raise_price],
    [lock_price, raise_price],
    [set_price_by_hand, raise_price],
    [make_prepaid(0), raise_price],
    [make_prepaid(2)],
    [add_items(2)],
    [add_items(12), raise_price],
    [give_offer, raise_price],
    [give_incentives(order=lambda w: w.order(0))],
    [give_incentives(item=lambda w: w.item(1)), give_offer],
    [situations.entitled],
    [situations.alone, raise_price],
    [situations.alone, situations.entitled, give_incentives(order=lambda w: w.order(1))],
    [remove_card],
    [make_test_customer],
    [remind_already],
    [remind_already, move_after_reminder, raise_price],
    [situations.queued],
    [lambda world: orders.send_now(world.order(0), actor=STAFF)],
    [lambda world: Order.objects.filter(customer=world.customer).update(oos_free_shipping=True)],
    [lambda world: Order.objects.filter(customer=world.customer).update(locked=True)],
    [lambda world: subscription.cancel(world.subscription(0), actor=STAFF)],
]


def customer_keys(merchant: Merchant) -> list[int]:
    return list(merchant.customers.order_by("pk").values_list("pk", flat=True))


def orders_of(held: QuerySet[Customer]) -> QuerySet[Order]:
    return Order.objects.filter(customer__in=held).order_by("place_date", "pk")


def remind_all_together(merchant: Merchant) -> list[ActionContext[Order]]:
    return remind_customers(merchant, customer_keys(merchant), orders_of, actor=STAFF)


def remind_one_by_one(merchant: Merchant) -> None:
    for order in Order.objects.order_by("place_date", "pk"):
        try:
            upcoming_order.remind(order, actor=STAFF)
        except Refused:
            continue


@pytest.mark.parametrize("part", [7, bulk_reminders.PART])
def test_many_reminders_write_the_rows_of_single_ones(
    merchant: Merchant, part: int, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr(bulk_reminders, "PART", part)
    for changes in SITUATIONS:
        create_customer(merchant, *changes)
    stranger = create_customer(f.MerchantFactory())
    stranger.order(0).delete()

    singly = rows_written_by(lambda: remind_one_by_one(merchant), django_capture_on_commit_callbacks)
    together = rows_written_by(lambda: remind_all_together(merchant), django_capture_on_commit_callbacks)

    assert together == singly
    assert len(together["Event"]) - Event.objects.count() == 24
    assert all(row["wake_requested"] for row in together["Connection"])


def test_other_customers_are_not_reminded(merchant: Merchant) -> None:
    mine, other, foreign = create_customer(merchant), create_customer(merchant), create_customer(f.MerchantFactory())
    named = [mine.customer.pk, foreign.customer.pk]
    done = remind_customers(merchant, named, orders_of, actor=STAFF)
    assert [act.subject for act in done] == [mine.order(0)]
    assert other.order(0).reminded_for is foreign.order(0).reminded_for is None


def count_statements(merchant: Merchant) -> int:
    with CaptureQueriesContext(connection) as context:
        remind_all_together(merchant)
    return len(context)


def test_twenty_reminders_cost_no_more_statements_than_two(merchant: Merchant) -> None:
    rich = [raise_price, give_offer, give_incentives(order=lambda w: w.order(0)), situations.entitled]
    for _ in range(2):
        create_customer(merchant, *rich)
    few = count_statements(merchant)
    for _ in range(20):
        create_customer(merchant, *rich)
    assert count_statements(merchant) == few < 30


@pytest.mark.django_db(transaction=True)
def test_while_another_write_holds_one_of_the_customers_none_is_reminded(merchant: Merchant) -> None:
    _free, busy = create_customer(merchant), create_customer(merchant)
    before = read_all_rows()
    with holding_locks(Customer.objects.filter(pk=busy.customer.pk)), pytest.raises(Busy):
        remind_all_together(merchant)
    assert read_all_rows() == before


def test_customers_whose_clocks_differ_are_refused(merchant: Merchant, noon: Any) -> None:
    create_customer(merchant)
    ahead = create_customer(merchant, make_test_customer)
    Customer.objects.filter(pk=ahead.customer.pk).update(clock=situations.LATER)
    with pytest.raises(Refused, match="different times"):
        remind_all_together(merchant)
