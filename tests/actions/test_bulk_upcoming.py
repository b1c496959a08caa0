"""Bulk work on subscriptions writes the same rows as one action for each."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from subscriptions.actions import bulk_upcoming, subscription
from subscriptions.models import Coupon, Discount, Item, Merchant, Offer, OfferProfile, Order, Subscription
from tests.factories import (
    STAFF,
    AddressFactory,
    CustomerFactory,
    MerchantFactory,
    PaymentFactory,
    ProductFactory,
    SubscriptionFactory,
    plan_item,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
FIRST, SECOND = date(2026, 12, 1), date(2026, 12, 8)
DAYS = {"ana 1": FIRST, "ana 2": FIRST, "ana 3": SECOND, "ana, other card": FIRST, "bob 1": FIRST, "bob 2": FIRST}


def shop() -> Merchant:
    """Ana's subscriptions but one share card and address, as Bob's do; a line is cheaper once an order has 40.00."""
    merchant: Merchant = MerchantFactory(shipping_rate=Decimal(5))
    profile = OfferProfile.objects.create(merchant=merchant, name="Tenth off")
    offer = Offer.objects.create(merchant=merchant, profile=profile, name="Tenth off")
    coupon = Coupon.objects.create(merchant=merchant, profile=profile, use=Coupon.Use.RECURRING, name="Tenth off")
    coupon.discounts.create(
        merchant=merchant,
        name="Tenth off",
        object=Discount.Target.ITEM,
        field=Discount.Field.TOTAL_PRICE,
        type=Discount.Type.PERCENT,
        value=10,
        threshold_field=Discount.Field.SUB_TOTAL,
        threshold_value=40,
    )
    product = ProductFactory(merchant=merchant, price=Decimal("12.50"))
    for name in ("ana", "bob"):
        customer = CustomerFactory(merchant=merchant, first_name=name)
        shared = {
            "customer": customer,
            "product": product,
            "payment": PaymentFactory(customer=customer),
            "shipping_address": AddressFactory(customer=customer),
            "offer": offer,
        }
        for label in DAYS:
            if label == "ana, other card" and name == "ana":
                SubscriptionFactory(**shared | {"payment": PaymentFactory(customer=customer)}, external_id=label)
            elif label.startswith(f"{name} "):
                SubscriptionFactory(**shared, external_id=label)
    return merchant


def planned(merchant: Merchant, *labels: str) -> list[tuple[Subscription, date]]:
    found = merchant.subscriptions.select_related("customer__merchant", "product", "merchant").order_by("pk")
    return [(row, DAYS[row.external_id]) for row in found if row.external_id in (labels or DAYS)]


def one_by_one(merchant: Merchant, pairs: list[tuple[Subscription, date]]) -> None:
    for row, day in pairs:
        plan_item(row, day)


def rows_of(merchant: Merchant) -> tuple[list[tuple], list[tuple]]:
    """Orders and items, without ids, in the order of the items' keys."""
    found = Order.objects.filter(merchant=merchant).order_by("customer__first_name", "place_date", "-total")
    items = Item.objects.filter(merchant=merchant).order_by("pk")
    amounts = ("sub_total", "shipping_total", "discount_total", "total", "currency_code", "status")
    return (
        list(found.values_list("customer__first_name", "place_date", *amounts)),
        list(items.values_list("subscription__external_id", "order__place_date", "quantity", "price", "total_price")),
    )


def test_new_items_join_the_orders_that_they_would_join_one_by_one() -> None:
    single, bulk = shop(), shop()
    one_by_one(single, planned(single))
    bulk_upcoming.add_subscription_items(bulk, planned(bulk))
    assert rows_of(bulk) == rows_of(single)
    assert len(rows_of(bulk)[0]) == 4


def test_lines_of_an_order_that_others_join_follow_too() -> None:
    single, bulk = shop(), shop()
    for merchant in (single, bulk):
        one_by_one(merchant, planned(merchant, "ana 1"))
        assert Item.objects.get(merchant=merchant).total_price == Decimal("25.00")
    rest = [label for label in DAYS if label != "ana 1"]
    one_by_one(single, planned(single, *rest))
    bulk_upcoming.add_subscription_items(bulk, planned(bulk, *rest))
    assert rows_of(bulk) == rows_of(single)
    assert Item.objects.get(merchant=bulk, subscription__external_id="ana 1").total_price == Decimal("22.50")


def test_locked_orders_and_those_that_wait_for_stock_are_not_joined() -> None:
    merchant = shop()
    one_by_one(merchant, planned(merchant, "ana 1", "bob 1"))
    Order.objects.filter(customer__first_name="ana").update(locked=True)
    Order.objects.filter(customer__first_name="bob").update(oos_free_shipping=True)
    bulk_upcoming.add_subscription_items(merchant, planned(merchant, "ana 2", "bob 2"))
    assert merchant.orders.count() == 4


@pytest.mark.parametrize(
    ("change", "act"),
    [
        ({"quantity": 3}, lambda row: subscription.change_quantity(row, quantity=3, actor=STAFF)),
        ({"price": Decimal("9.00")}, lambda row: subscription.change_price(row, price=Decimal("9.00"), actor=STAFF)),
    ],
    ids=["quantity", "price"],
)
def test_a_change_reaches_the_upcoming_items_as_it_does_one_by_one(
    change: dict[str, object], act: Callable[[Subscription], object]
) -> None:
    single, bulk = shop(), shop()
    for merchant in (single, bulk):
        one_by_one(merchant, planned(merchant))
        Item.objects.filter(merchant=merchant, subscription__external_id="bob 1").update(frozen=True)
    for row, _ in planned(single):
        act(row)
    changed = [row for row, _ in planned(bulk)]
    for row in changed:
        for name, value in change.items():
            setattr(row, name, value)
        row.save()
    bulk_upcoming.update_upcoming_items(bulk, changed)
    assert rows_of(bulk) == rows_of(single)


def test_neither_the_number_of_subscriptions_nor_of_orders_adds_a_query(django_assert_num_queries) -> None:
    merchant = shop()
    some, others = planned(merchant, "ana 1", "bob 1"), planned(merchant, "ana 3", "ana, other card")
    for pairs in (some, others):
        # Open orders and discounts; new orders and items.
        with django_assert_num_queries(4):
            bulk_upcoming.add_subscription_items(merchant, pairs)
    # As before, and of the orders there are: items and products, totals of items and orders. None of them is new.
    rest = planned(merchant, "ana 2", "bob 2")
    with django_assert_num_queries(7):
        bulk_upcoming.add_subscription_items(merchant, rest)
    for pairs in (rest, planned(merchant)):
        for row, _ in pairs:
            row.quantity += 1
        # Orders, their items and products; discounts; the items, totals of items and orders.
        with django_assert_num_queries(7):
            bulk_upcoming.update_upcoming_items(merchant, [row for row, _ in pairs])
