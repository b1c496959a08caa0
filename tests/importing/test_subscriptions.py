from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine

from subscriptions.importing.subscriptions import SUBSCRIPTIONS
from subscriptions.models import (
    Activity,
    Coupon,
    Customer,
    Discount,
    Event,
    Item,
    Merchant,
    Offer,
    OfferProfile,
    Order,
    Product,
    Subscription,
)
from tests.factories import (
    AddressFactory,
    CustomerFactory,
    PaymentFactory,
    ProductFactory,
    subscription_with_order,
)
from tests.importing.conftest import Load

HEADER = "external_id,merchant_user_id,external_product_id,every,every_period,start_date"
ONE = "S-1,C-1,P-1,2,weeks,2026-11-01"
TODAY = "2026-11-20 12:00:00+00:00"


@pytest.fixture
def customer(merchant: Merchant) -> Customer:
    made: Customer = CustomerFactory(merchant=merchant, merchant_user_id="C-1")
    AddressFactory(customer=made)
    PaymentFactory(customer=made)
    return made


@pytest.fixture
def product(merchant: Merchant) -> Product:
    made: Product = ProductFactory(merchant=merchant, external_product_id="P-1", price=Decimal("12.50"))
    return made


pytestmark = pytest.mark.usefixtures("customer", "product")


@pytest.fixture(autouse=True)
def _clock() -> object:
    with time_machine.travel(TODAY, tick=False):
        yield


def totals() -> list[tuple[date, Decimal, Decimal]]:
    rows = Order.objects.order_by("place_date")
    return list(rows.values_list("place_date", "sub_total", "total"))


def test_a_live_row_gets_its_upcoming_item_on_an_order_with_right_totals(load: Load) -> None:
    load(SUBSCRIPTIONS, f"{HEADER},quantity,next_order_date", f"{ONE},3,2026-12-05")
    subscription = Subscription.objects.get()
    assert (subscription.quantity, subscription.every, subscription.every_period) == (3, 2, 2)
    assert (subscription.live, subscription.reminder_days) == (True, 5)
    assert subscription.created == datetime(2026, 11, 1, 4, tzinfo=UTC)
    item = Item.objects.get()
    assert (item.subscription, item.upcoming, item.quantity) == (subscription, True, 3)
    assert (item.price, item.total_price) == (Decimal("12.50"), Decimal("37.50"))
    assert totals() == [(date(2026, 12, 5), Decimal("37.50"), Decimal("37.50"))]


def test_subscriptions_of_one_day_share_an_order(load: Load, merchant: Merchant) -> None:
    tea = ProductFactory(merchant=merchant, external_product_id="P-2", price=Decimal("10.00"))
    day = date(2026, 12, 5)
    customer = merchant.customers.get()
    subscription_with_order(
        day,
        customer=customer,
        product=tea,
        payment=customer.payments.get(),
        shipping_address=customer.addresses.get(),
        quantity=1,
    )
    load(
        SUBSCRIPTIONS,
        f"{HEADER},next_order_date",
        f"{ONE},2026-12-05",
        "S-2,C-1,P-2,1,month,2026-11-01,2026-12-05",
        "S-3,C-1,P-1,1,month,2026-11-01,2026-12-06",
    )
    assert [total for *_, total in totals()] == [Decimal("32.50"), Decimal("12.50")]
    assert Item.objects.filter(order__place_date=day).count() == 3


@pytest.mark.parametrize(
    ("start", "every", "next_day"),
    [
        ("2026-11-01", "2,weeks", date(2026, 11, 29)),
        ("2026-11-06", "2,weeks", date(2026, 12, 4)),  # today is due already
        ("2025-08-31", "1,months", date(2026, 11, 30)),
        ("2024-02-29", "1,year", date(2027, 2, 28)),
        ("1999-01-01", "1,day", date(2026, 11, 21)),
        ("2026-12-24", "1,week", date(2026, 12, 31)),
    ],
)
def test_without_a_next_day_whole_frequencies_are_counted_from_the_start(
    load: Load, start: str, every: str, next_day: date
) -> None:
    assert not load(SUBSCRIPTIONS, HEADER, f"S-1,C-1,P-1,{every},{start}").problems
    assert Order.objects.get().place_date == next_day


def test_a_cancelled_row_has_no_order(load: Load) -> None:
    load(SUBSCRIPTIONS, f"{HEADER},status,cancelled,cancel_reason", f"{ONE},Canceled,2026-11-10,4|Too much")
    subscription = Subscription.objects.get()
    assert (subscription.live, subscription.cancel_reason) == (False, "4|Too much")
    assert subscription.cancelled == datetime(2026, 11, 10, 5, tzinfo=UTC)
    assert not Order.objects.exists()


def test_a_locked_price_and_prepaid_cycles_decide_what_an_item_costs(load: Load) -> None:
    load(
        SUBSCRIPTIONS,
        f"{HEADER},price,prepaid_orders_per_billing,prepaid_orders_remaining,renewal_behavior",
        f"{ONE},9.99,,,",
        "S-2,C-1,P-1,2,weeks,2026-11-01,,3,2,autorenew",
        "S-3,C-1,P-1,2,weeks,2026-11-01,,3,0,cancel",
    )
    items = Item.objects.order_by("subscription__external_id")
    assert [item.total_price for item in items] == [Decimal("9.99"), Decimal("0.00"), Decimal("37.50")]
    assert [total for *_, total in totals()] == [Decimal("47.49")]


def test_an_import_writes_no_activity_and_no_event_but_when_the_customer_first_subscribed(load: Load) -> None:
    load(SUBSCRIPTIONS, HEADER, ONE, "S-2,C-1,P-1,1,month,2025-04-01")
    assert (Activity.objects.count(), Event.objects.count()) == (0, 0)
    assert Customer.objects.get().first_subscribed == datetime(2025, 4, 1, 4, tzinfo=UTC)


def test_running_twice_changes_nothing(load: Load) -> None:
    rows = [f"{HEADER},next_order_date", f"{ONE},2026-12-05"]
    load(SUBSCRIPTIONS, *rows)
    before = [list(model.objects.values()) for model in (Subscription, Order, Item, Customer)]
    assert str(load(SUBSCRIPTIONS, *rows)) == "0 created, 0 updated, 1 unchanged"
    assert before == [list(model.objects.values()) for model in (Subscription, Order, Item, Customer)]


def test_a_file_of_last_week_still_changes_nothing_once_its_next_day_has_passed(load: Load) -> None:
    rows = [f"{HEADER},next_order_date", f"{ONE},2026-12-05"]
    load(SUBSCRIPTIONS, *rows)
    with time_machine.travel("2026-12-24 12:00:00+00:00"):
        assert str(load(SUBSCRIPTIONS, *rows)) == "0 created, 0 updated, 1 unchanged"


def test_a_changed_quantity_product_and_price_reach_the_upcoming_item(load: Load, merchant: Merchant) -> None:
    tea = ProductFactory(merchant=merchant, external_product_id="P-2", price=Decimal("10.00"))
    load(SUBSCRIPTIONS, f"{HEADER},quantity", f"{ONE},1")
    report = load(SUBSCRIPTIONS, f"{HEADER},quantity", "S-1,C-1,P-2,3,weeks,2026-11-01,4")
    assert str(report) == "0 created, 1 updated, 0 unchanged"
    item = Item.objects.get()
    assert (item.product, item.quantity, item.total_price) == (tea, 4, Decimal("40.00"))
    assert totals() == [(date(2026, 11, 29), Decimal("40.00"), Decimal("40.00"))]


def test_an_item_that_earns_a_discount_by_a_joining_item_is_saved_with_it(load: Load, merchant: Merchant) -> None:
    """Half off an item once the order has 30.00; the file brings the second of two items of 25.00."""
    profile = OfferProfile.objects.create(merchant=merchant, name="Half")
    offer = Offer.objects.create(merchant=merchant, profile=profile, name="Half")
    coupon = Coupon.objects.create(merchant=merchant, profile=profile, use=Coupon.Use.RECURRING, name="Half")
    coupon.discounts.create(
        merchant=merchant,
        name="Half",
        object=Discount.Target.ITEM,
        field=Discount.Field.TOTAL_PRICE,
        type=Discount.Type.PERCENT,
        value=50,
        threshold_field=Discount.Field.SUB_TOTAL,
        threshold_value=30,
    )
    first, second = f"{ONE},2,2026-12-05", f"{ONE.replace('S-1', 'S-2')},2,2026-12-05"
    load(SUBSCRIPTIONS, f"{HEADER},quantity,next_order_date", first)
    Subscription.objects.update(offer=offer)
    Item.objects.update(offer=offer)
    load(SUBSCRIPTIONS, f"{HEADER},quantity,next_order_date", first, second)
    assert [item.total_price for item in Item.objects.order_by("pk")] == [Decimal("12.50"), Decimal("25.00")]
    assert totals() == [(date(2026, 12, 5), Decimal("37.50"), Decimal("37.50"))]


def test_a_status_decided_in_the_portal_stays_and_is_reported(load: Load) -> None:
    load(SUBSCRIPTIONS, f"{HEADER},cancelled", f"{ONE},2026-11-10")
    report = load(SUBSCRIPTIONS, HEADER, ONE)
    assert str(report) == "0 created, 0 updated, 1 unchanged"
    assert report.notices[0].startswith(
        "Subscriptions that are live here and cancelled in the file, or the reverse: 1, on lines 2."
    )
    assert not Subscription.objects.get().live


BAD_ROWS = {
    ("next_order_date", "2026-11-20"): (
        "next_order_date: is not after today; give a day from tomorrow on, or leave it empty."
    ),
    ("next_order_date", "soon"): "next_order_date: “soon” is not a date; write it like 2026-01-31.",
    ("status", "cancelled"): ("cancelled: is empty; a cancelled subscription needs the day it was cancelled."),
    ("status,cancelled", "active,2026-11-01"): (
        "cancelled: is filled on a live subscription; empty it, or set status to cancelled."
    ),
    ("status", "paused"): "status: “paused” is unknown; write one of: active, live, cancelled, canceled.",
    ("quantity", "0"): "quantity: “0” is not a whole number from 1 to 999.",
    ("prepaid_orders_per_billing", "3"): (
        "prepaid_orders_per_billing: a prepaid subscription needs all of prepaid_orders_per_billing, "
        "prepaid_orders_remaining, renewal_behavior."
    ),
}


@pytest.mark.parametrize(("columns", "cells"), BAD_ROWS)
def test_a_bad_row_is_refused(load: Load, columns: str, cells: str) -> None:
    report = load(SUBSCRIPTIONS, f"{HEADER},{columns}", f"{ONE},{cells}")
    assert [str(each) for each in report.problems] == [f"line 2, {BAD_ROWS[columns, cells]}"]
    assert not Subscription.objects.exists()


def test_unknown_customers_and_products_are_refused_even_if_another_merchant_has_them(load: Load) -> None:
    CustomerFactory(merchant_user_id="C-9")
    ProductFactory(external_product_id="P-9")
    report = load(SUBSCRIPTIONS, HEADER, "S-1,C-9,P-9,2,weeks,2026-11-01")
    assert [str(each) for each in report.problems] == [
        "line 2, external_product_id: there is no product “P-9”; import the products first.",
        "line 2, merchant_user_id: there is no customer “C-9”; import the customers first.",
    ]


def test_a_customer_without_address_or_payment_is_refused(load: Load, merchant: Merchant) -> None:
    CustomerFactory(merchant=merchant, merchant_user_id="C-2")
    report = load(SUBSCRIPTIONS, HEADER, "S-1,C-2,P-1,2,weeks,2026-11-01")
    assert [each.sentence for each in report.problems] == [
        "customer “C-2” has no shipping address; import it with customers.csv first.",
        "customer “C-2” has no payment; import it with customers.csv first.",
    ]


def test_a_live_subscription_to_a_discontinued_product_is_refused(load: Load, product: Product) -> None:
    Product.objects.update(discontinued=True, live=False, autoship_enabled=False)
    (problem,) = load(SUBSCRIPTIONS, HEADER, ONE).problems
    assert "this product is discontinued" in problem.sentence


def test_a_subscription_cannot_move_to_another_customer(load: Load, merchant: Merchant) -> None:
    load(SUBSCRIPTIONS, HEADER, ONE)
    CustomerFactory(merchant=merchant, merchant_user_id="C-2")
    (problem,) = load(SUBSCRIPTIONS, HEADER, ONE.replace("C-1", "C-2")).problems
    assert problem.sentence == "the subscription belongs to customer “C-1” and cannot move to another."


def test_a_prepaid_subscription_keeps_its_quantity(load: Load) -> None:
    columns = "quantity,prepaid_orders_per_billing,prepaid_orders_remaining,renewal_behavior"
    load(SUBSCRIPTIONS, f"{HEADER},{columns}", f"{ONE},1,3,2,autorenew")
    (problem,) = load(SUBSCRIPTIONS, f"{HEADER},{columns}", f"{ONE},2,3,2,autorenew").problems
    assert str(problem) == "line 2, quantity: a prepaid subscription does not allow this change; it is 1."


def test_rows_that_make_an_order_too_expensive_are_refused(load: Load) -> None:
    Product.objects.update(price="5000000000.00")
    too_large = "quantity: the order comes to more than 9,999,999,999.99; give a lower quantity or price."
    both = load(SUBSCRIPTIONS, HEADER, ONE, ONE.replace("S-1", "S-2"))
    assert [str(each) for each in both.problems] == [f"line 2, {too_large}", f"line 3, {too_large}"]
    assert not Subscription.objects.exists() and not Order.objects.exists()
    assert not load(SUBSCRIPTIONS, HEADER, ONE).problems
    changed = load(SUBSCRIPTIONS, f"{HEADER},quantity", f"{ONE},2")
    assert [str(each) for each in changed.problems] == [f"line 2, {too_large}"]
    assert Order.objects.get().total == Decimal("5000000000.00")
    assert Subscription.objects.get().quantity == 1
