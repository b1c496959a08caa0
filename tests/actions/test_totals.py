"""What an order costs with offers and incentives."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from subscriptions.actions import order_items, orders
from subscriptions.models import Coupon, Discount, Item, Offer, OfferProfile, OneTimeIncentive, Order, Subscription
from tests.factories import ItemFactory, SubscriptionFactory, plan_item, unrecorded

pytestmark = pytest.mark.django_db
DAY = date(2026, 12, 1)
ORDER, ITEM = Discount.Target.ORDER, Discount.Target.ITEM
TOTAL, SHIPPING, SUB = Discount.Field.TOTAL_PRICE, Discount.Field.SHIPPING_TOTAL, Discount.Field.SUB_TOTAL
PERCENT, AMOUNT = Discount.Type.PERCENT, Discount.Type.AMOUNT


@pytest.fixture
def subscription():
    """Two at 12.50 each; shipping costs 5.00."""
    subscription = SubscriptionFactory()
    subscription.merchant.shipping_rate = Decimal(5)
    subscription.merchant.save()
    return subscription


@pytest.fixture
def profile(subscription):
    return OfferProfile.objects.create(merchant=subscription.merchant, name="Subscribe and save")


@pytest.fixture
def offer(profile):
    return Offer.objects.create(merchant=profile.merchant, profile=profile, name="Subscribe and save")


def add_discount(profile, target, field, kind, value, *, use=Coupon.Use.RECURRING, **threshold) -> None:
    coupon, _ = Coupon.objects.get_or_create(
        merchant=profile.merchant, profile=profile, use=use, defaults={"name": use}
    )
    coupon.discounts.create(
        merchant=profile.merchant, name="Off", object=target, field=field, type=kind, value=value, **threshold
    )


def create_incentive(order, *, value, item=None, kind=PERCENT, field="sub_total", **fields) -> OneTimeIncentive:
    return OneTimeIncentive.objects.create(
        merchant=order.merchant,
        customer=order.customer,
        order=None if item else order,
        item=item,
        name="Sorry",
        type="Discount",
        target="item" if item else "order",
        field=field,
        discount_type=kind,
        value=value,
        **fields,
    )


def order_amounts_with(subscription, offer=None) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Discounts, subtotal, shipping and total of the order that its next item creates."""
    subscription.offer = offer
    order = plan_item(subscription, DAY).order
    return order_amounts(order)


def order_amounts(order) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    row = Order.objects.get(pk=order.pk)
    return row.discount_total, row.sub_total, row.shipping_total, row.total


def money(*amounts: str) -> tuple[Decimal, ...]:
    return tuple(Decimal(amount) for amount in amounts)


def test_without_offers_an_order_costs_its_lines_and_the_merchants_shipping(subscription):
    assert order_amounts_with(subscription) == money("0", "25", "5", "30")


@pytest.mark.parametrize(
    ("discount", "expected"),
    [
        ((ITEM, TOTAL, PERCENT, 10), ("2.50", "22.50", "5", "27.50")),
        ((ITEM, TOTAL, PERCENT, Decimal("33.33")), ("8.33", "16.67", "5", "21.67")),
        ((ITEM, TOTAL, AMOUNT, 4), ("4", "21", "5", "26")),
        ((ITEM, TOTAL, AMOUNT, 99), ("25", "0", "5", "5")),
        ((ORDER, SUB, PERCENT, 20), ("5", "20", "5", "25")),
        ((ORDER, TOTAL, AMOUNT, 3), ("3", "22", "5", "27")),
        ((ORDER, SHIPPING, PERCENT, 100), ("5", "25", "0", "25")),
        ((ORDER, SHIPPING, AMOUNT, 99), ("5", "25", "0", "25")),
    ],
)
def test_an_offers_discount_comes_off_where_it_says_and_never_more_than_there_is(
    subscription, profile, offer, discount, expected
):
    add_discount(profile, *discount)
    assert order_amounts_with(subscription, offer) == money(*expected)


def test_discounts_of_one_offer_come_off_one_after_the_other(subscription, profile, offer):
    add_discount(profile, ITEM, TOTAL, PERCENT, 10)
    add_discount(profile, ITEM, TOTAL, AMOUNT, 2)
    add_discount(profile, ORDER, SUB, PERCENT, 10)
    assert order_amounts_with(subscription, offer) == money("6.55", "18.45", "5", "23.45")


def test_an_order_discount_counts_once_however_many_lines_carry_the_offer(subscription, profile, offer):
    add_discount(profile, ORDER, SUB, AMOUNT, 3)
    order_amounts_with(subscription, offer)
    same = {name: getattr(subscription, name) for name in ("customer", "payment", "shipping_address", "product")}
    assert order_amounts_with(SubscriptionFactory(**same), offer) == money("3", "47", "5", "52")


@pytest.mark.parametrize(("least", "off"), [(25, "5"), (26, "0")])
def test_a_discount_with_a_threshold_applies_from_it_on(subscription, profile, offer, least, off):
    add_discount(profile, ORDER, SHIPPING, PERCENT, 100, threshold_field=SUB, threshold_value=least)
    assert order_amounts_with(subscription, offer)[0] == Decimal(off)


@pytest.mark.parametrize(("origin", "off"), [(Subscription.Origin.CHECKOUT, "1"), (Subscription.Origin.UPSELL, "10")])
def test_the_initial_coupon_is_for_subscriptions_that_did_not_come_from_a_checkout(
    subscription, profile, offer, origin, off
):
    add_discount(profile, ITEM, TOTAL, AMOUNT, 10, use=Coupon.Use.INITIAL)
    add_discount(profile, ITEM, TOTAL, AMOUNT, 1)
    subscription.raw_subscription_type = origin
    assert order_amounts_with(subscription, offer)[0] == Decimal(off)


def test_after_the_first_placed_order_the_recurring_coupon_applies(subscription, profile, offer):
    add_discount(profile, ITEM, TOTAL, AMOUNT, 10, use=Coupon.Use.INITIAL)
    add_discount(profile, ITEM, TOTAL, AMOUNT, 1)
    subscription.raw_subscription_type = Subscription.Origin.UPSELL
    subscription.first_placed = timezone.now()
    assert order_amounts_with(subscription, offer)[0] == Decimal(1)


def test_a_price_set_by_hand_takes_no_discount_of_an_offer(subscription, profile, offer):
    add_discount(profile, ITEM, TOTAL, PERCENT, 50)
    add_discount(profile, ORDER, SUB, PERCENT, 50)
    order_amounts_with(subscription, offer)
    item = Item.objects.select_related("order__merchant").get()
    item.price, item.frozen = Decimal(8), True
    item.save()
    order_items.save_totals(item.order, order_items.load_items(item.order))
    assert order_amounts(item.order) == money("0", "16", "5", "21")


@pytest.mark.parametrize("by_hand", [0, 1])
def test_a_price_set_by_hand_takes_no_discount_from_the_order_of_another_line(subscription, profile, offer, by_hand):
    add_discount(profile, ORDER, SUB, PERCENT, 50)
    order_amounts_with(subscription, offer)
    same = {name: getattr(subscription, name) for name in ("customer", "payment", "shipping_address", "product")}
    order = plan_item(SubscriptionFactory(**same, offer=offer), DAY).order
    Item.objects.filter(pk=Item.objects.order_by("pk")[by_hand].pk).update(frozen=True)
    assert settled_amounts(order) == money("25", "25", "5", "30")


def settled_amounts(order) -> tuple[Decimal, ...]:
    order.merchant = order.customer.merchant
    order_items.save_totals(order, order_items.load_items(order))
    return order_amounts(order)


@pytest.mark.parametrize(("stacking", "off"), [("base", "5"), ("additional", "7")])
def test_of_an_offer_and_a_base_incentive_the_larger_counts_and_an_additional_one_comes_on_top(
    subscription, profile, offer, stacking, off
):
    add_discount(profile, ITEM, TOTAL, PERCENT, 10)
    order_amounts_with(subscription, offer)
    item = Item.objects.get()
    create_incentive(item.order, item=item, value=20, field="total_price", stacking_type=stacking)
    assert settled_amounts(item.order)[0] == Decimal(off)


def test_an_incentive_on_the_order_comes_off_its_subtotal_or_its_shipping(subscription):
    order_amounts_with(subscription)
    order = Order.objects.get()
    create_incentive(order, value=10)
    assert settled_amounts(order) == money("2.50", "22.50", "5", "27.50")
    create_incentive(order, value=1, kind=AMOUNT, field="shipping_total")
    assert settled_amounts(order) == money("3.50", "22.50", "4", "26.50")


@pytest.mark.parametrize(
    "fields",
    [{"expires": timezone.now() - timedelta(days=1)}, {"applied_at": timezone.now()}],
)
def test_an_expired_or_used_incentive_does_not_apply(subscription, fields):
    order_amounts_with(subscription)
    order = Order.objects.get()
    create_incentive(order, value=10, **fields)
    assert settled_amounts(order)[0] == Decimal(0)


def test_an_order_that_waits_for_stock_ships_free(subscription):
    order_amounts_with(subscription)
    order = Order.objects.get()
    order.oos_free_shipping = True
    order.save()
    assert settled_amounts(order) == money("0", "25", "0", "25")


def test_an_offer_of_one_line_leaves_the_other_lines_alone(subscription, profile, offer):
    add_discount(profile, ITEM, TOTAL, PERCENT, 10)
    order_amounts_with(subscription, offer)
    order = Order.objects.get()
    ItemFactory(order=order, subscription=None, one_time=True, product=subscription.product, quantity=1)
    assert settled_amounts(order)[0] == Decimal("2.50")
    assert list(Item.objects.order_by("id").values_list("total_price", flat=True)) == list(money("22.50", "12.50"))


@pytest.mark.parametrize("whole", [True, False])
def test_an_incentive_moves_when_its_order_is_merged_or_emptied(subscription, whole):
    order_amounts_with(subscription)
    order = Order.objects.select_related("merchant", "customer").get()
    create_incentive(order, value=10)
    same = {name: getattr(subscription, name) for name in ("customer", "payment", "shipping_address", "product")}
    there = plan_item(SubscriptionFactory(**same), DAY + timedelta(days=7)).order
    order_key = order.order_key._replace(place_date=there.place_date)
    if whole:
        orders.move_order(unrecorded(order.customer), order, order_key)
    else:
        orders.move_item(unrecorded(order.customer), order_items.load_items(order)[0], order_key)
    assert order_amounts(there) == money("5", "45", "5", "50")


@pytest.mark.parametrize("there", [True, False])
def test_an_incentive_on_an_item_moves_with_it(subscription, there):
    order = plan_item(subscription, DAY).order
    same = {name: getattr(subscription, name) for name in ("customer", "payment", "shipping_address", "product")}
    for days in (0, 7) if there else (0,):
        plan_item(SubscriptionFactory(**same), DAY + timedelta(days=days))
    create_incentive(order, item=subscription.items.get(), value=20, field="total_price")
    item = order_items.upcoming_item(subscription)

    moved = orders.move_item(
        unrecorded(subscription.customer), item, order.order_key._replace(place_date=DAY + timedelta(days=7))
    )

    assert moved != order
    assert (order_amounts(moved)[0], order_amounts(order)[0]) == (Decimal(5), Decimal(0))
