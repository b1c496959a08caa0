"""A paid checkout is not refused for a trifle: whatever can become a subscription does."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from subscriptions.models import Address, Customer, Item, Payment, Subscription
from tests.api.shop import PLACE, checkout_line, send_checkout
from tests.factories import CustomerFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

OPTIONAL = {
    "user": ["phone_number", "price_code", "extra_data", "billing_address"],
    "shipping_address": ["company_name", "address2", "fax", "label", "token_id", "store_id"],
    "payment": ["label", "cc_type", "payment_method", "cc_number", "cc_holder", "cc_exp_date"],
    "products": ["sku", "purchase_info", "grantees"],
    "subscription_info": [
        *("quantity", "price", "first_order_place_date", "initial_order_offset_days", "subscription_type"),
        *("prepaid_orders_per_billing", "renewal_behavior", "components", "extra_data"),
    ],
    "tracking_override": ["product", "offer"],
}
MAY_BE_EMPTY = [("user", "last_name")] + [
    ("shipping_address", name) for name in ("last_name", "state_province_code", "zip_postal_code", "phone")
]


def parts_of(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    line = body["products"][0]
    info = line["subscription_info"]
    user = body["user"]
    return {
        "root": body,
        "user": user,
        "shipping_address": user["shipping_address"],
        "payment": body["payment"],
        "products": line,
        "subscription_info": info,
        "tracking_override": info["tracking_override"],
    }


@pytest.fixture
def full(bought):
    return json.loads(json.dumps(bought))


@pytest.mark.parametrize("empty", ["", "  ", None, [], {}], ids=repr)
def test_empty_optional_values_count_as_absent(api, full, empty):
    for part, names in OPTIONAL.items():
        parts_of(full)[part].update(dict.fromkeys(names, empty))
    full["og_cart_tracking"] = full["tracking"] = empty
    assert send_checkout(api, full).status_code == 200
    row, payment = Subscription.objects.get(), Payment.objects.get()
    assert (row.quantity, row.price, row.offer, row.prepaid_orders_per_billing, row.extra_data) == (
        1,
        None,
        None,
        None,
        {},
    )
    assert Item.objects.get().order.place_date == date(2026, 12, 20)
    assert (payment.cc_type, payment.cc_number_ending, payment.expires_on, payment.payment_method) == (
        *(None, None, None),
        "credit card",
    )
    assert Address.objects.get().address2 is None


@pytest.mark.parametrize(("part", "name"), MAY_BE_EMPTY)
@pytest.mark.parametrize("empty", ["", " ", None])
def test_places_without_states_and_people_without_surnames_may_subscribe(api, full, part, name, empty):
    parts_of(full)[part][name] = empty
    assert send_checkout(api, full).status_code == 200
    row = Customer.objects.get() if part == "user" else Subscription.objects.get().shipping_address
    assert getattr(row, name) == ""


@pytest.mark.parametrize("name", ["last_name", "state_province_code", "zip_postal_code", "phone"])
def test_a_shop_may_leave_the_empty_parts_of_an_address_out(api, full, name):
    """The published Magento module drops every empty value of an address."""
    del full["user"]["shipping_address"][name]
    assert send_checkout(api, full).status_code == 200
    assert getattr(Subscription.objects.get().shipping_address, name) == ""


@pytest.mark.parametrize(
    ("part", "name", "sent", "row", "column", "kept"),
    [
        ("root", "merchant_order_id", 1224, Subscription, "merchant_order_id", "1224"),
        ("root", "merchant_order_id", " 1224 ", Subscription, "merchant_order_id", "1224"),
        ("root", "session_id", 77, Subscription, "session_id", "77"),
        ("root", "session_id", "s" * 300, Subscription, "session_id", "s" * 255),
        ("user", "user_id", 42, Customer, "merchant_user_id", "42"),
        ("user", "phone_number", 5015550100, Customer, "phone_number", "5015550100"),
        ("user", "price_code", "p" * 65, Customer, "price_code", "p" * 64),
        ("user", "extra_data", '{"tier": "gold"}', Customer, "extra_data", {"tier": "gold"}),
        ("user", "extra_data", ["gold"], Customer, "extra_data", None),
        ("user", "email", " ana@example.com ", Customer, "email", "ana@example.com"),
        ("shipping_address", "zip_postal_code", 72201, Address, "zip_postal_code", "72201"),
        ("shipping_address", "state_province_code", "Newfoundland and Labrador", Address, "state_province_code", ...),
        ("shipping_address", "phone", "501-555-0100 (after 5 pm, or ring the bell)", Address, "phone", ...),
        ("shipping_address", "company_name", False, Address, "company_name", None),
        ("shipping_address", "store_id", "store-12", Address, "store_public_id", None),
        ("payment", "token_id", 7654321, Payment, "token_id", "7654321"),
        ("payment", "label", "l" * 256, Payment, "label", "l" * 255),
        ("payment", "cc_type", "1", Payment, "cc_type", 1),
        ("payment", "cc_type", "American Express", Payment, "cc_type", 3),
        ("payment", "cc_type", "MASTERCARD", Payment, "cc_type", 2),
        ("payment", "cc_type", "Maestro", Payment, "cc_type", None),
        ("payment", "payment_method", "PayPal", Payment, "payment_method", "paypal"),
        ("payment", "payment_method", "CREDIT_CARD", Payment, "payment_method", "credit card"),
        ("payment", "payment_method", "Afterpay in four rates", Payment, "payment_method", "Afterpay in four"),
        ("subscription_info", "quantity", "3", Subscription, "quantity", 3),
        ("subscription_info", "quantity", 3.0, Subscription, "quantity", 3),
        ("subscription_info", "price", 12.5, Subscription, "price", Decimal("12.50")),
        ("subscription_info", "price", "8.3333333333333339", Subscription, "price", Decimal("8.33")),
        ("subscription_info", "price", "8.335", Subscription, "price", Decimal("8.34")),
        ("subscription_info", "price", "0.005", Subscription, "price", Decimal("0.01")),
        ("subscription_info", "price", 0.30000000000000004, Subscription, "price", Decimal("0.30")),
        ("subscription_info", "renewal_behavior", "whatever", Subscription, "renewal_behavior", None),
        ("subscription_info", "extra_data", {"pet_name": "Rover"}, Subscription, "extra_data", {"pet_name": "Rover"}),
        ("tracking_override", "every", "2", Subscription, "every", 2),
        ("tracking_override", "every_period", "1", Subscription, "every_period", 1),
    ],
)
def test_values_are_taken_for_what_they_mean(api, full, part, name, sent, row, column, kept):
    parts_of(full)[part][name] = sent
    del full["user"]["billing_address"]
    assert send_checkout(api, full).status_code == 200
    assert getattr(row.objects.get(), column) == (sent[:40].strip() if kept is ... else kept)


@pytest.mark.parametrize(
    ("sent", "day"),
    [
        (" 2026-12-05 ", date(2026, 12, 5)),
        ("2026-12-05T02:30:00Z", date(2026, 12, 4)),
        ("2026-12-05T02:30:00", date(2026, 12, 5)),
        ("2026-12-05 00:00:00", date(2026, 12, 5)),
    ],
)
def test_the_first_order_may_be_a_time_of_the_merchants_day(api, full, sent, day):
    parts_of(full)["subscription_info"]["first_order_place_date"] = sent
    assert send_checkout(api, full).status_code == 200
    assert Item.objects.get().order.place_date == day


@pytest.mark.parametrize("sent", ["12/05/2026", "0001-01-01T00:00:00Z", "2026-13-01T00:00:00", 20261205, True])
def test_what_is_no_day_is_an_error_of_its_line(api, full, sent):
    parts_of(full)["subscription_info"]["first_order_place_date"] = sent
    answer = send_checkout(api, full)
    assert answer.status_code == 400
    assert list(answer.json()["subscriptions"][0]["subscription"]) == ["first_order_place_date"]


@pytest.mark.parametrize(("sent", "kept"), [(0, None), (1, None), ("1", None), ("", None), (2, 2), ("2", 2)], ids=str)
def test_one_order_per_billing_is_an_ordinary_subscription(api, full, sent, kept):
    parts_of(full)["subscription_info"]["prepaid_orders_per_billing"] = sent
    assert send_checkout(api, full).status_code == 200
    row = Subscription.objects.get()
    assert (row.prepaid_orders_per_billing, row.prepaid_orders_remaining) == (kept, kept and 1)


def test_the_published_example_of_a_prepaid_line_starts_an_ordinary_subscription(api, full):
    info = {"subscription_type": "prepaid", "prepaid_orders_per_billing": 1, "renewal_behavior": "autorenew"}
    full["products"] = checkout_line(price="12", **info) | {"sku": "123"}  # an object where a list is expected
    assert send_checkout(api, full).status_code == 200
    row = Subscription.objects.get()
    assert (row.price, row.prepaid_orders_per_billing, row.renewal_behavior) == (Decimal("12.00"), None, None)


def test_a_prepaid_line_needs_its_number_of_orders_and_a_known_renewal(api, full):
    info = parts_of(full)["subscription_info"]
    info["subscription_type"] = "Prepaid"
    required = {"prepaid_orders_per_billing": ["This field is required."]}
    assert send_checkout(api, full).json()["subscriptions"] == [{"product": "coffee", "subscription": required}]
    info |= {"prepaid_orders_per_billing": 3, "renewal_behavior": "whatever"}
    choice = {"renewal_behavior": ["Value 'whatever' is not a valid choice."]}
    assert send_checkout(api, full).json()["subscriptions"] == [{"product": "coffee", "subscription": choice}]
    info["renewal_behavior"] = "Cancel"
    assert send_checkout(api, full).status_code == 200
    assert Subscription.objects.get().renewal_behavior == "cancel"


@pytest.mark.parametrize(("info", "purchased", "kept"), [({"quantity": 3}, 2, 3), ({}, "2", 2), ({}, None, 1)])
def test_a_line_without_a_quantity_takes_the_one_that_was_bought(api, full, info, purchased, kept):
    line = parts_of(full)["products"]
    del line["subscription_info"]["quantity"]
    line["subscription_info"] |= info
    line["purchase_info"]["quantity"] = purchased
    assert send_checkout(api, full).status_code == 200
    assert Subscription.objects.get().quantity == kept


def test_lists_of_one_object_are_read_as_the_object(api, full):
    full["user"]["shipping_address"] = [PLACE]
    full |= {"user": [full["user"]], "payment": [full["payment"]]}
    full["products"][0]["subscription_info"]["tracking_override"] = [{"every": 1, "every_period": 3}]
    full["products"][0]["subscription_info"] = [full["products"][0]["subscription_info"]]
    assert send_checkout(api, full).status_code == 200
    assert Subscription.objects.count() == 1


def test_wrong_details_of_a_known_customer_are_no_obstacle(api, merchant, full):
    CustomerFactory(merchant=merchant, merchant_user_id="C-1001", email="old@example.com")
    full["user"] |= {"email": "ana", "first_name": "", "last_name": {}, "phone_number": "no"}
    assert send_checkout(api, full).status_code == 200
    assert Customer.objects.get().email == "old@example.com"


@pytest.mark.parametrize(
    "spelling", [str.upper, lambda text: f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"]
)
def test_the_merchant_id_may_be_spelled_as_other_systems_do(api, full, spelling):
    assert send_checkout(api, full | {"merchant_id": spelling(full["merchant_id"])}).status_code == 200


@pytest.mark.parametrize("off", [False, "false", "0", 0])
def test_cart_tracking_is_off_in_any_spelling(api, full, off):
    del full["session_id"]
    assert send_checkout(api, full | {"og_cart_tracking": off}).status_code == 200


def test_a_surname_must_be_there_though_it_may_be_empty(api, full):
    del full["user"]["last_name"]
    assert send_checkout(api, full).json() == {"customer": {"last_name": ["This field is required."]}}
