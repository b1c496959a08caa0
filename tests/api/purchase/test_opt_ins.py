"""Opt-ins of the product pages join the lines of the checkout they are sent with."""

import json
from datetime import date

import pytest

from subscriptions.models import CheckoutRequest, Customer, Item, Offer, OfferProfile, Subscription
from tests.api.purchase.answers import REQUIRED, checkout_result
from tests.api.shop import checkout_line, send_checkout
from tests.factories import ProductFactory
from tests.rows import read_all_rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

NO_LINE = {"product": ["No line of products[] is left for the opt-in to this product."]}


@pytest.fixture
def offer(merchant):
    profile = OfferProfile.objects.create(merchant=merchant, name="Welcome")
    return Offer.objects.create(merchant=merchant, profile=profile, name="Welcome")


def opt_in(
    product: str | int = "coffee", every: int | str = 2, every_period: int | str = 1, **override: object
) -> dict:
    """As `getOptins()` of the product pages' script returns it."""
    return {
        "product": product,
        "subscription_info": {"components": []},
        "tracking_override": {
            "offer": "",
            "every": every,
            "every_period": every_period,
            "session_id": "s-7",
            **override,
        },
    }


def bought_line(product: str = "coffee", quantity: int = 2) -> dict:
    """A line of a shop that leaves subscriptions to the opt-ins."""
    info = {"quantity": quantity, "price": "12.50", "discounted_price": "12.50", "total": "25.00"}
    return {"product": product, "sku": product, "purchase_info": info}


@pytest.fixture
def tracked(bought):
    """A checkout whose one subscription is an opt-in."""
    del bought["session_id"]
    return bought | {"og_cart_tracking": False, "products": [bought_line()], "tracking": [opt_in()]}


def test_an_opt_in_makes_a_subscription_of_the_line_of_its_product(api, tracked, offer):
    tracked["tracking"] = [opt_in(offer=offer.public_id.hex)]
    assert send_checkout(api, tracked).status_code == 200
    row = Subscription.objects.get()
    assert (row.product.external_product_id, row.quantity, row.every, row.every_period) == ("coffee", 2, 2, 1)
    assert (row.offer, row.session_id, row.price) == (offer, "s-7", None)
    assert Item.objects.get().order.place_date == date(2026, 11, 22)


def test_an_opt_in_fills_what_its_line_lacks_and_changes_nothing_else(api, merchant, tracked):
    ProductFactory(merchant=merchant, external_product_id="beans")
    override = {"every": 3, "every_period": "", "product": ""}
    tracked["products"] = [checkout_line(quantity=5, tracking_override=override)]
    tracked["tracking"] = [opt_in(every=9, every_period=2)]
    tracked["tracking"][0]["tracking_override"]["product"] = "beans"
    tracked["tracking"][0]["subscription_info"] |= {"quantity": 9, "first_order_place_date": "2026-12-24"}
    assert send_checkout(api, tracked).status_code == 200
    row = Subscription.objects.get()
    assert (row.product.external_product_id, row.quantity, row.every, row.every_period) == ("beans", 5, 3, 2)
    assert Item.objects.get().order.place_date == date(2026, 12, 24)


def test_the_session_of_the_request_goes_before_that_of_an_opt_in(api, tracked):
    assert send_checkout(api, tracked | {"session_id": "s-1"}).status_code == 200
    assert Subscription.objects.get().session_id == "s-1"


def test_an_opt_in_needs_no_session(api, tracked):
    tracked["tracking"] = [opt_in(session_id="")]
    del tracked["og_cart_tracking"]
    assert send_checkout(api, tracked).status_code == 200
    assert Subscription.objects.get().session_id is None


def test_an_opt_in_without_a_line_is_an_error_and_the_others_start(api, tracked):
    tracked["tracking"] = [opt_in("tea"), opt_in(), opt_in(), {"tracking_override": {"every": 1}}]
    answer = send_checkout(api, tracked)
    assert answer.status_code == 206
    assert answer.json()["subscriptions"] == [{"coffee": Subscription.objects.get().public_id.hex}]
    assert answer.json()["errors"] == {
        "products": [],
        "subscriptions": [
            {"product": "tea", "subscription": NO_LINE},
            {"product": "coffee", "subscription": NO_LINE},
            {"product": None, "subscription": NO_LINE},
        ],
    }


def test_a_checkout_whose_only_opt_in_has_no_line_leaves_nothing_and_can_be_sent_again(api, tracked):
    before = read_all_rows()
    answer = send_checkout(api, tracked | {"tracking": [opt_in("tea")]})
    errors = {"products": [], "subscriptions": [{"product": "tea", "subscription": NO_LINE}]}
    assert (answer.status_code, answer.json()) == (400, errors)
    assert read_all_rows() == before
    assert send_checkout(api, tracked).status_code == 200


def test_an_opt_in_without_a_frequency_is_an_error_where_its_line_has_none_either(api, tracked):
    tracked["tracking"] = [opt_in(every="", every_period="")]
    answer = send_checkout(api, tracked)
    fault = {"product": "coffee", "subscription": {"every": REQUIRED, "every_period": REQUIRED}}
    assert (answer.status_code, answer.json()) == (400, {"products": [], "subscriptions": [fault]})


def test_an_opt_in_joins_one_line_and_rather_one_without_a_frequency(api, tracked):
    tracked["products"] = [checkout_line(), bought_line(quantity=4), bought_line(quantity=7)]
    assert send_checkout(api, tracked).status_code == 200
    rows = Subscription.objects.order_by("id").values_list("quantity", "every", "every_period")
    assert list(rows) == [(2, 1, 3), (4, 2, 1)]


def test_two_opt_ins_of_one_product_join_two_lines(api, tracked):
    tracked |= {"products": [bought_line(), bought_line(quantity=4)], "tracking": [opt_in(), opt_in(every=5)]}
    assert send_checkout(api, tracked).status_code == 200
    assert list(Subscription.objects.order_by("id").values_list("quantity", "every")) == [(2, 2), (4, 5)]


def test_a_number_and_a_text_name_the_same_product(api, merchant, tracked):
    ProductFactory(merchant=merchant, external_product_id="40969287073847")
    tracked |= {"products": [bought_line(" 40969287073847 ")], "tracking": [opt_in(40969287073847)]}
    assert send_checkout(api, tracked).status_code == 200
    assert Subscription.objects.get().product.external_product_id == "40969287073847"


@pytest.mark.parametrize("shape", [lambda o: json.dumps([o]), lambda o: o, lambda o: json.dumps(o)])
def test_opt_ins_may_come_as_a_text_or_as_a_single_object(api, tracked, shape):
    assert send_checkout(api, tracked | {"tracking": shape(opt_in())}).status_code == 200
    assert Subscription.objects.count() == 1


@pytest.mark.parametrize("nothing", ["", None, [], {}, [{}], "[]", "{}"])
def test_a_checkout_without_opt_ins_subscribes_to_nothing(api, tracked, nothing):
    answer = send_checkout(api, tracked | {"tracking": nothing})
    assert answer.status_code == 200
    assert (Customer.objects.count(), Subscription.objects.count()) == (1, 0)
    assert checkout_result(api, answer)["errors"] == {"products": [], "subscriptions": []}


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (7, 'tracking: Expected a list of items but got type "int".'),
        ("coffee", 'tracking: Expected a list of items but got type "str".'),
        ([7], 'tracking: Expected a dictionary of items but got type "int".'),
    ],
)
def test_other_values_than_opt_ins_are_refused_rather_than_passed_over(api, tracked, wrong, sentence):
    answer = send_checkout(api, tracked | {"tracking": wrong})
    assert (answer.status_code, answer.json()) == (400, {"error": sentence})
    assert CheckoutRequest.objects.count() == 0


def test_opt_ins_may_be_lines_themselves(api, tracked):
    """As the published guide says: getOptins() returns all that products[] needs."""
    del tracked["tracking"]
    assert send_checkout(api, tracked | {"products": [opt_in()]}).status_code == 200
    row = Subscription.objects.get()
    assert (row.quantity, row.every, row.every_period) == (1, 2, 1)


def test_an_unknown_offer_does_not_cost_the_subscription(api, tracked, connect):
    tracked["tracking"] = [opt_in(offer="903ecf3e5efc12e49d61bc764e106cf6")]
    answer = send_checkout(api, tracked)
    assert answer.status_code == 206
    fault = {"offer": ["There is no such offer; the subscription starts without it."]}
    assert answer.json()["errors"]["subscriptions"] == [{"product": "coffee", "subscription": fault}]
    assert Subscription.objects.get().offer is None
