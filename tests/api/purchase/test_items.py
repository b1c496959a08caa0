"""What the items of a checkout may contain, and how wrong ones are reported."""

from datetime import date
from decimal import Decimal

import pytest

from subscriptions.models import Customer, Item, Offer, OfferProfile, Order, Subscription
from tests.api.purchase.answers import REQUIRED, checkout_result
from tests.api.shop import checkout_line, send_checkout
from tests.factories import ProductFactory
from tests.rows import read_all_rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.mark.parametrize(
    ("info", "day"),
    [
        ({"first_order_place_date": "2026-12-01"}, date(2026, 12, 1)),
        ({"first_order_place_date": "2026-12-01", "initial_order_offset_days": 3}, date(2026, 12, 1)),
        ({"initial_order_offset_days": 3}, date(2026, 11, 23)),
        ({"initial_order_offset_days": 0}, date(2026, 11, 20)),
        ({}, date(2026, 12, 20)),
    ],
)
def test_the_first_order_comes_at_its_date_after_its_offset_or_after_one_frequency(api, bought, info, day):
    bought["products"] = [checkout_line(**info)]
    assert send_checkout(api, bought).status_code == 200
    assert Item.objects.get().order.place_date == day


def test_an_item_may_name_price_offer_another_product_and_a_prepaid_cycle(api, merchant, bought):
    beans = ProductFactory(merchant=merchant, external_product_id="beans")
    profile = OfferProfile.objects.create(merchant=merchant, name="Welcome")
    offer = Offer.objects.create(merchant=merchant, profile=profile, name="Welcome")
    override = {"product": "beans", "every": 2, "every_period": 2, "offer": offer.public_id.hex}
    prepaid = {"subscription_type": "prepaid", "prepaid_orders_per_billing": 3, "renewal_behavior": "cancel"}
    bought["products"] = [checkout_line(price="9.5", tracking_override=override, **prepaid)]
    assert send_checkout(api, bought).status_code == 200
    row = Subscription.objects.get()
    assert (row.product, row.offer, row.price, row.every, row.every_period) == (beans, offer, Decimal("9.50"), 2, 2)
    assert (row.prepaid_orders_per_billing, row.prepaid_orders_remaining, row.renewal_behavior) == (3, 2, "cancel")


def test_an_item_without_a_frequency_is_bought_once_and_starts_nothing(api, bought):
    bought["products"] = [
        {"product": "mug", "purchase_info": {"quantity": 1}},
        {"product": "coffee", "subscription_info": {"quantity": 1, "tracking_override": {}}},
    ]
    del bought["payment"]
    answer = send_checkout(api, bought)
    assert answer.status_code == 200
    assert (Customer.objects.count(), Subscription.objects.count()) == (1, 0)
    assert checkout_result(api, answer)["subscriptions"] == []


def test_wrong_items_are_reported_and_the_others_start(api, merchant, bought):
    ProductFactory(merchant=merchant, external_product_id="old", discontinued=True, live=False, autoship_enabled=False)
    half = checkout_line(tracking_override={"every": 1})
    bought["products"] = [
        checkout_line("tea"),
        checkout_line("old"),
        checkout_line(),
        checkout_line(quantity=0),
        half,
        {"purchase_info": {}},
    ]
    answer = send_checkout(api, bought)
    assert answer.status_code == 206
    row = Subscription.objects.get()
    errors = {
        "products": [{"product": None, "purchase": {"product": REQUIRED}}],
        "subscriptions": [
            {"product": "tea", "subscription": {"product": ["There is no such product."]}},
            {
                "product": "coffee",
                "subscription": {"quantity": ["Ensure this value is greater than or equal to 1."]},
            },
            {"product": "coffee", "subscription": {"every_period": REQUIRED}},
            {"product": "old", "subscription": {"product": ["This product is discontinued."]}},
        ],
    }
    assert answer.json() == {
        "customer": "C-1001",
        "payment": row.payment.public_id.hex,
        "subscriptions": [{"coffee": row.public_id.hex}],
        "errors": errors,
    }


@pytest.mark.parametrize(
    ("wrong", "errors"),
    [
        (checkout_line("tea"), {"product": "tea", "subscription": {"product": ["There is no such product."]}}),
        (
            checkout_line(first_order_place_date="2026-11-19"),
            {
                "product": "coffee",
                "subscription": {"first_order_place_date": ["The date lies in the past; choose today or a later day."]},
            },
        ),
    ],
)
def test_a_checkout_without_a_startable_subscription_leaves_nothing_and_can_be_sent_again(api, bought, wrong, errors):
    before = read_all_rows()
    answer = send_checkout(api, bought | {"products": [wrong]})
    assert (answer.status_code, answer.json()) == (400, {"products": [], "subscriptions": [errors]})
    assert read_all_rows() == before
    assert send_checkout(api, bought).status_code == 200


@pytest.mark.parametrize(("number", "letters"), [(50, 12), (6, 251), (50, 255)])
def test_a_checkout_of_many_lines_or_long_names_is_received(api, merchant, bought, number, letters):
    ids = [f"P-{each}" for each in range(number)]
    for each in ids:
        ProductFactory(merchant=merchant, external_product_id=each, name="n" * letters)
    bought["products"] = [checkout_line(each) for each in ids]
    assert send_checkout(api, bought).status_code == 200
    assert Subscription.objects.count() == number


TOO_LARGE = {"quantity": ["This comes to more than 9,999,999,999.99; choose a lower quantity or price."]}


def test_a_line_that_comes_to_too_much_is_an_error_of_its_quantity_and_may_be_sent_again(api, bought):
    before = read_all_rows()
    bought["products"] = [checkout_line(price="1000000000", quantity=100)]
    answer = send_checkout(api, bought)
    error = {"product": "coffee", "subscription": TOO_LARGE}
    assert (answer.status_code, answer.json()) == (400, {"products": [], "subscriptions": [error]})
    assert read_all_rows() == before
    bought["products"] = [checkout_line(price="1000000000", quantity=9)]
    assert send_checkout(api, bought).status_code == 200
    assert Item.objects.get().total_price == Decimal("9000000000.00")


def test_of_lines_that_come_to_too_much_together_as_many_start_as_fit(api, merchant, bought):
    ids = ["one", "two", "three"]
    for each in ids:
        ProductFactory(merchant=merchant, external_product_id=each)
    bought["products"] = [checkout_line(each, price="4000000000.00", quantity=1) for each in ids]
    answer = send_checkout(api, bought)
    assert answer.status_code == 206
    assert [list(each) for each in answer.json()["subscriptions"]] == [["one"], ["two"]]
    assert answer.json()["errors"]["subscriptions"] == [{"product": "three", "subscription": TOO_LARGE}]
    assert Order.objects.get().total == Decimal("8000000000.00")


@pytest.mark.parametrize(
    "line",
    [
        {"product": "mug", "purchase_info": {"quantity": 0, "price": "-5.00"}},
        {"product": "beans by weight", "purchase_info": {"quantity": "0.75"}},
        {
            "product": "coupon",
            "subscription_info": {"quantity": 1, "price": "-5.00", "tracking_override": {"every": ""}},
        },
        {"product": "mug", "grantees": [{"name": "Bo"}]},
    ],
)
def test_what_is_said_of_a_line_bought_once_is_no_error(api, bought, line):
    del bought["payment"]
    answer = send_checkout(api, bought | {"products": [line]})
    assert answer.status_code == 200
    assert checkout_result(api, answer)["errors"] == {"products": [], "subscriptions": []}


def test_an_odd_bought_quantity_gives_way_to_the_subscriptions(api, bought):
    bought["products"] = [checkout_line(quantity=3) | {"purchase_info": {"quantity": "0.75"}}]
    assert send_checkout(api, bought).status_code == 200
    assert Subscription.objects.get().quantity == 3


@pytest.mark.parametrize("name", ["subscription_info", "tracking_override"])
def test_an_unreadable_wish_is_an_error_and_not_a_single_purchase(api, bought, name):
    wish = {"quantity": 1, "tracking_override": "2 weeks"} if name == "tracking_override" else "every 2 weeks"
    answer = send_checkout(api, bought | {"products": [{"product": "coffee", "subscription_info": wish}]})
    [error] = answer.json()["subscriptions"]
    assert (answer.status_code, error["product"]) == (400, "coffee")
    assert "Invalid data. Expected a dictionary, but got str." in str(error["subscription"])
