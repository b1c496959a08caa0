"""One-time incentives: thresholds, limits, half cents, gifts, what order posts say of them, and when they are used."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from subscriptions.actions import discounts, order_items, orders, placement_results, upcoming_order
from subscriptions.models import (
    Coupon,
    Item,
    Offer,
    OfferProfile,
    OneTimeIncentive,
    Order,
    OrderStatus,
    Product,
    Subscription,
)
from subscriptions.placement.gateway import posted_incentives, take_snapshot
from tests.factories import STAFF, ItemFactory, ProductFactory, subscription_with_order, unrecorded

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
DAY = date(2026, 11, 20)
PERCENT, AMOUNT = "Discount Percent", "Discount Amount"


@pytest.fixture
def order() -> Order:
    """Two at 12.50 each; shipping costs 5.00."""
    own = subscription_with_order(DAY, customer__merchant__shipping_rate=5)
    return own.items.get().order


def create_incentive(order: Order, *, on_item: bool = False, **fields: Any) -> OneTimeIncentive:
    """Ten percent off the order, or off its first item, unless `fields` say otherwise."""
    place = {"item": order.items.earliest("id")} if on_item else {"order": order}
    kind = {"target": "item", "field": "total_price"} if on_item else {"target": "order", "field": "sub_total"}
    discount = {"name": "Sorry", "type": "Discount", "discount_type": PERCENT, "value": 10}
    given = place | kind | discount | fields
    return OneTimeIncentive.objects.create(merchant=order.merchant, customer=order.customer, **given)


def create_gift(order: Order, *, on_item: bool = False, **fields: Any) -> OneTimeIncentive:
    product = fields.pop("product", None) or ProductFactory(merchant=order.merchant, name="Mug", price="9.00")
    given = {"name": "A mug", "type": "Gift", "discount_type": "", "field": "", "value": None, "product": product}
    return create_incentive(order, on_item=on_item, **given | fields)


def recounted(order: Order) -> Order:
    row = Order.objects.select_related("merchant", "customer").get(pk=order.pk)
    order_items.save_totals(row, order_items.load_items(row))
    return Order.objects.get(pk=order.pk)


@pytest.mark.parametrize(
    ("on_item", "field", "threshold_field", "least", "off"),
    [
        # The order costs 25.00, its shipping 5.00, its only item 25.00.
        (False, "sub_total", "sub_total", "24.99", "2.50"),
        (False, "sub_total", "sub_total", "25.00", "2.50"),
        (False, "sub_total", "sub_total", "25.01", "0"),
        (False, "sub_total", "total_price", "25.00", "2.50"),
        (False, "sub_total", "total_price", "25.01", "0"),
        (False, "sub_total", "shipping_total", "5.00", "2.50"),
        (False, "sub_total", "shipping_total", "5.01", "0"),
        (False, "sub_total", None, "25.00", "2.50"),
        (False, "sub_total", None, "25.01", "0"),
        (False, "shipping_total", "sub_total", "25.00", "0.50"),
        (False, "shipping_total", "sub_total", "25.01", "0"),
        (False, "shipping_total", None, "25.00", "0.50"),
        (False, "shipping_total", None, "25.01", "0"),
        (True, "total_price", "total_price", "25.00", "2.50"),
        (True, "total_price", "total_price", "25.01", "0"),
        (True, "total_price", None, "25.00", "2.50"),
        (True, "total_price", None, "25.01", "0"),
        (True, "total_price", "another_field", "25.00", "2.50"),
        (True, "total_price", "another_field", "25.01", "0"),
        (True, "total_price", "shipping_total", "5.00", "2.50"),
        (True, "total_price", "shipping_total", "5.01", "0"),
    ],
)
def test_an_incentive_applies_from_its_threshold_on(order, on_item, field, threshold_field, least, off):
    create_incentive(order, on_item=on_item, field=field, threshold_field=threshold_field, threshold_value=least)
    assert recounted(order).discount_total == Decimal(off)


@pytest.mark.parametrize(("least", "off"), [("34.00", "2.50"), ("34.01", "0")])
def test_an_incentive_on_an_item_may_ask_for_a_subtotal_of_all_items(order, least, off):
    ItemFactory(order=order, subscription=None, one_time=True, product=mug(order), quantity=1)
    create_incentive(order, on_item=True, threshold_field="sub_total", threshold_value=least)
    assert recounted(order).discount_total == Decimal(off)


@pytest.mark.parametrize(("least", "off"), [("25.00", "2.50"), ("25.01", "0")])
def test_an_unnamed_threshold_of_an_item_is_one_of_its_own_price(order, least, off):
    ItemFactory(order=order, subscription=None, one_time=True, product=mug(order), quantity=1)
    create_incentive(order, on_item=True, threshold_value=least)
    assert recounted(order).discount_total == Decimal(off)


@pytest.mark.parametrize(("use", "off"), [(Coupon.Use.INITIAL, "2"), (Coupon.Use.RECURRING, "0")])
def test_a_one_time_item_gets_the_first_order_discount_of_its_offer(order, use, off):
    coupon = create_offer(order)
    Coupon.objects.update(use=use)
    coupon.discounts.create(merchant=order.merchant, name="Two off", object=2, field=1, type=AMOUNT, value=2)
    Item.objects.update(subscription=None, one_time=True)
    assert recounted(order).discount_total == Decimal(off)


def mug(order: Order) -> Product:
    return ProductFactory(merchant=order.merchant, name="Mug", price="9.00")


@pytest.mark.parametrize(
    ("kind", "value", "limit", "off", "posted"),
    [
        (PERCENT, 10, "2.49", "2.49", (AMOUNT, "2.49")),
        (PERCENT, 10, "2.50", "2.50", (PERCENT, "10.00")),
        (PERCENT, 10, "2.51", "2.50", (PERCENT, "10.00")),
        (AMOUNT, 4, "3.99", "3.99", (AMOUNT, "3.99")),
        (AMOUNT, 4, "4.00", "4.00", (AMOUNT, "4.00")),
        (AMOUNT, 99, "98.00", "25.00", (AMOUNT, "98.00")),
    ],
)
def test_an_incentive_takes_no_more_than_its_limit(order, kind, value, limit, off, posted):
    create_incentive(order, discount_type=kind, value=value, limit_policy="fixed", limit_value=limit)
    row = recounted(order)
    assert row.discount_total == Decimal(off)
    assert [(each["type"], each["value"]) for each in posted_incentives(row)] == [posted]


def test_a_limit_without_its_policy_does_not_count(order):
    create_incentive(order, limit_value=1)
    assert recounted(order).discount_total == Decimal("2.50")


@pytest.mark.parametrize(
    ("value", "off"), [("1.98", "0.50"), ("2.00", "0.50"), ("2.02", "0.51"), ("2.06", "0.52"), ("0.01", "0.00")]
)
def test_half_a_cent_off_an_order_counts_as_a_cent(order, value, off):
    """25.00 × 2.02 % are 0.505; × 2.06 % 0.515, which rounding to even would also make 0.52."""
    create_incentive(order, value=value)
    assert recounted(order).discount_total == Decimal(off)


def test_an_incentive_of_an_order_may_be_on_each_of_its_items(order):
    ItemFactory(order=order, subscription=None, one_time=True, product=mug(order), quantity=1)
    create_incentive(order, target="item", field="total_price", discount_type=AMOUNT, value=3)
    row = recounted(order)
    assert list(row.items.order_by("id").values_list("total_price", flat=True)) == [Decimal(22), Decimal(6)]
    assert (row.sub_total, row.discount_total, posted_incentives(row)) == (Decimal(28), Decimal(6), [])


def test_what_came_off_is_kept_where_it_came_off(order):
    coupon = create_offer(order)
    coupon.discounts.create(merchant=order.merchant, name="Tenth off", object=2, field=1, type=PERCENT, value=10)
    coupon.discounts.create(
        merchant=order.merchant, name="Unreached", object=1, field=3, type=AMOUNT, value=1, threshold_value=1000
    )
    create_incentive(order, name="Free shipping", field="shipping_total", value=100, external_code="SHIP")
    create_incentive(order, name="Two off", discount_type=AMOUNT, value=2)
    create_incentive(order, name="Nothing left", value=50, discount_type=AMOUNT, field="shipping_total")
    row = recounted(order)
    tenth = {"name": "Tenth off", "type": PERCENT, "value": "10.00", "target": "item", "externalCode": "CODE-1"}
    assert [posted_incentives(item) for item in row.items.all()] == [[tenth]]
    assert posted_incentives(row) == [
        {"name": "Two off", "type": AMOUNT, "value": "2.00", "target": "order", "externalCode": None},
        {"name": "Free shipping", "type": PERCENT, "value": "100.00", "target": "shipping", "externalCode": "SHIP"},
    ]


def create_offer(order: Order) -> Coupon:
    """The recurring coupon of an offer that the order's item has."""
    profile = OfferProfile.objects.create(merchant=order.merchant, name="Save")
    offer = Offer.objects.create(merchant=order.merchant, profile=profile, name="Save")
    Item.objects.filter(order=order).update(offer=offer)
    Subscription.objects.update(offer=offer)
    return Coupon.objects.create(
        merchant=order.merchant, profile=profile, use=Coupon.Use.RECURRING, name="Save", code="CODE-1"
    )


def test_of_an_offer_and_an_incentive_of_the_same_size_the_incentive_is_kept_for_later(order):
    coupon = create_offer(order)
    coupon.discounts.create(merchant=order.merchant, name="By offer", object=1, field=3, type=AMOUNT, value=2)
    create_incentive(order, name="By incentive", discount_type=AMOUNT, value=2)
    assert [each["name"] for each in posted_incentives(recounted(order))] == ["By offer"]


def queue(order: Order) -> Order:
    upcoming_order.queue(order, actor=STAFF)
    return Order.objects.get(pk=order.pk)


def succeed(order: Order) -> None:
    placement_results.succeed(order, actor=STAFF, order_merchant_id="1224")


def test_success_uses_up_the_incentives_that_came_off_and_no_others(order):
    used = create_incentive(order, name="Used")
    on_item = create_incentive(order, on_item=True, name="On an item")
    create_incentive(order, name="Unreached", threshold_value=1000)
    create_incentive(order, name="Expired", expires=timezone.now() - timedelta(seconds=1))
    succeed(queue(order))
    applied = OneTimeIncentive.objects.filter(applied_at=timezone.now()).order_by("id")
    assert list(applied) == [used, on_item]


@pytest.mark.parametrize("on_item", [True, False])
def test_a_gift_joins_its_order_at_placement_and_is_used_with_it(order, on_item):
    gift = create_gift(order, on_item=on_item, external_code="MUG")
    queued = queue(order)
    item = Item.objects.get(product=gift.product)
    assert (item.order, item.quantity, item.price, item.total_price) == (queued, 1, Decimal(0), Decimal(0))
    assert (item.one_time, item.frozen, item.upcoming) == (True, True, False)
    assert (queued.sub_total, queued.total, queued.discount_total) == (Decimal(25), Decimal(30), Decimal(0))
    posted = {"name": "A mug", "type": "Gift", "value": None, "target": "item", "externalCode": "MUG"}
    assert [posted_incentives(each) for each in take_snapshot(queued).items] == [[], [posted]]
    gift.refresh_from_db()
    assert gift.applied_at is None
    succeed(queued)
    gift.refresh_from_db()
    assert gift.applied_at == timezone.now()


def test_a_gift_is_given_once_however_often_its_order_is_tried(order):
    create_gift(order)
    for _ in range(3):
        queued = queue(order)
        placement_results.hold(
            queued, actor=STAFF, status=OrderStatus.GENERIC_ERROR_RESPONSE, code="999", message="Later."
        )
    assert order.items.filter(frozen=True).count() == 1
    assert [posted_incentives(each)[0]["type"] for each in order.items.filter(frozen=True)] == ["Gift"]


@pytest.mark.parametrize(
    ("of_gift", "of_product"),
    [
        ({"expires": "2026-11-20T17:00:00Z"}, {}),
        ({"applied_at": "2026-11-19T17:00:00Z"}, {}),
        ({}, {"live": False}),
    ],
)
def test_a_gift_that_has_lapsed_or_is_out_of_stock_is_left_out(order, of_gift, of_product):
    gift = create_gift(order, **of_gift)
    Product.objects.filter(pk=gift.product_id).update(**of_product)
    queued = queue(order)
    succeed(queued)
    assert queued.items.count() == 1
    was = gift.applied_at
    gift.refresh_from_db()
    assert str(gift.applied_at)[:10] == str(was)[:10]


def test_a_gift_of_another_order_stays_there(order):
    same = {name: getattr(order, name) for name in ("customer", "payment", "shipping_address")}
    later = subscription_with_order(DAY + timedelta(days=9), **same).items.get().order
    create_gift(later)
    assert queue(order).items.count() == 1


@pytest.mark.parametrize(("second", "number"), [("2026-11-20T17:00:00Z", 0), ("2026-11-20T17:00:01Z", 1)])
def test_an_incentive_lapses_at_the_moment_it_expires(order, second, number):
    create_incentive(order, expires=second)
    assert discounts.unused_incentives(order.merchant_id, [order.pk], []).count() == number


def test_the_totals_of_a_moved_item_follow_its_incentive(order):
    """Its incentive is posted with the order it is on, and no longer with the one it has left."""
    same = {name: getattr(order, name) for name in ("customer", "payment", "shipping_address")}
    moved = subscription_with_order(DAY, **same).items.get()
    create_incentive(order, name="Stays")
    OneTimeIncentive.objects.create(
        merchant=order.merchant,
        customer=order.customer,
        item=moved,
        name="Moves",
        type="Discount",
        target="item",
        field="total_price",
        discount_type=PERCENT,
        value=10,
    )
    key = order.order_key._replace(place_date=DAY + timedelta(days=1))
    order = recounted(order)
    target = orders.move_item(unrecorded(order.customer), order_items.load_items(order)[1], key)
    assert [each["name"] for each in posted_incentives(Order.objects.get(pk=order.pk))] == ["Stays"]
    assert [posted_incentives(item)[0]["name"] for item in target.items.all()] == ["Moves"]
    assert Order.objects.get(pk=target.pk).applied_incentives is None
