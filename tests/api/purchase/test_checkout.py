"""A checkout sent over REST makes customer, addresses, payment and subscriptions, or uses those known."""

import json
from datetime import date
from urllib.parse import quote

import pytest

from subscriptions.models import Activity, Address, CheckoutRequest, Customer, Event, Item, Payment, Subscription
from subscriptions.placement import aes
from tests.api.purchase.answers import checkout_result
from tests.api.shop import PATH, PLACE, send_checkout
from tests.factories import CustomerFactory
from tests.rows import read_all_rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def test_a_checkout_makes_customer_address_payment_and_subscription(api, merchant, bought):
    answer = send_checkout(api, bought)
    assert answer.status_code == 200
    request = CheckoutRequest.objects.get()
    assert answer.json() == {"result": "Subscription request received", "subs_req_id": request.public_id.hex}
    customer = Customer.objects.get()
    assert (customer.merchant_user_id, customer.email, customer.phone_number, customer.extra_data) == (
        "C-1001",
        "ana@example.com",
        "+15015550100",
        {"tier": "gold"},
    )
    assert sorted(Address.objects.values_list("address_type", "address", "phone")) == [
        ("billing_address", "1 Main Street", "5015550100"),
        ("shipping_address", "1 Main Street", "5015550100"),
    ]
    payment = Payment.objects.get()
    assert (payment.token_id, payment.cc_number_ending, payment.expires_on, payment.cc_type) == (
        "tok_1",
        "4242",
        date(2030, 12, 31),
        1,
    )
    assert payment.billing_address == Address.objects.get(address_type="billing_address")
    row = Subscription.objects.get()
    assert (row.quantity, row.every, row.every_period, row.price) == (2, 1, 3, None)
    assert (row.merchant_order_id, row.session_id, row.raw_subscription_type) == ("1224", "s-1", "replenishment")
    assert Item.objects.get().order.place_date == date(2026, 12, 20)
    assert checkout_result(api, answer) == {
        "customer": "C-1001",
        "payment": payment.public_id.hex,
        "shipping_address": row.shipping_address.public_id.hex,
        "subscriptions": [{"coffee": row.public_id.hex}],
        "errors": {"products": [], "subscriptions": []},
    }
    assert list(Activity.objects.order_by("id").values_list("verb", "actor_kind")) == [
        ("customer.create", "api_key"),
        ("address.create", "api_key"),
        ("address.create", "api_key"),
        ("payment.create", "api_key"),
        ("checkout", "api_key"),
    ]
    assert list(Event.objects.order_by("id").values_list("kind", flat=True)) == [
        "ordergroove.subscription.create",
        "ordergroove.subscriber.create",
        "ordergroove.subscriber.subscriptions_created",
    ]


def test_known_customers_addresses_and_payments_are_used_again(api, bought):
    send_checkout(api, bought)
    answer = send_checkout(api, bought | {"merchant_order_id": "1225", "session_id": "s-2"})
    assert answer.status_code == 200
    assert (Customer.objects.count(), Address.objects.count(), Payment.objects.count()) == (1, 2, 1)
    assert Subscription.objects.count() == 2
    assert Event.objects.filter(kind="ordergroove.subscriber.create").count() == 1


@pytest.mark.parametrize(
    ("part", "changed", "counts"),
    [
        ("shipping_address", {"address2": "Flat 2"}, (3, 1)),
        ("shipping_address", {"label": "Home"}, (2, 1)),
        ("payment", {"token_id": "tok_2"}, (2, 2)),
        ("payment", {"cc_number": "1111"}, (2, 2)),
        ("payment", {"cc_exp_date": "01/2031"}, (2, 2)),
        ("payment", {"cc_holder": "A. Ruiz"}, (2, 1)),
    ],
)
def test_addresses_match_by_content_and_payments_by_token_last_digits_and_expiry(api, bought, part, changed, counts):
    send_checkout(api, bought)
    again = json.loads(json.dumps(bought)) | {"merchant_order_id": "1225"}
    (again if part == "payment" else again["user"])[part] |= changed
    assert send_checkout(api, again).status_code == 200
    assert (Address.objects.count(), Payment.objects.count()) == counts


def test_a_retired_address_or_payment_is_not_used_again(api, bought):
    send_checkout(api, bought)
    Address.objects.update(live=False)
    Payment.objects.update(live=False)
    assert send_checkout(api, bought | {"merchant_order_id": "1225"}).status_code == 200
    assert (Address.objects.filter(live=True).count(), Payment.objects.filter(live=True).count()) == (2, 1)


def test_a_known_customer_needs_no_names_and_stays_unchanged(api, merchant, bought):
    known = CustomerFactory(merchant=merchant, merchant_user_id="C-1001", email="old@example.com")
    bought["user"] = {"user_id": "C-1001", "email": "new@example.com", "shipping_address": PLACE}
    assert send_checkout(api, bought).status_code == 200
    assert Customer.objects.get().email == "old@example.com"
    assert Subscription.objects.get().customer == known


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", "application/json", ""])
def test_the_form_spelling_is_read_under_any_content_type(api, bought, content_type):
    bought["user"]["first_name"] = "Åna & Co + 100%"
    body = "create_request=" + quote(json.dumps(bought), safe="")
    answer = api.post(PATH, body.encode(), content_type=content_type)
    assert answer.status_code == 200
    assert Customer.objects.get().first_name == "Åna & Co + 100%"


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""])
def test_a_character_that_cannot_be_stored_is_left_out_and_loses_no_checkout(api, bought, mark):
    bought["user"] |= {"first_name": "A\0na\ud800", "last_name": "\\u0000"}
    assert api.post(PATH, mark + json.dumps(bought).encode(), content_type="application/json").status_code == 200
    assert (Customer.objects.get().first_name, Customer.objects.get().last_name) == ("Ana", "\\u0000")


def test_without_cart_tracking_no_session_is_needed(api, bought):
    del bought["session_id"]
    assert send_checkout(api, bought | {"og_cart_tracking": False}).status_code == 200
    assert Subscription.objects.get().session_id is None


def test_an_expiry_may_come_encrypted_under_the_storefront_key(api, merchant, bought):
    merchant.storefront_key = "0123456789abcdef0123456789abcdef"
    merchant.save()
    bought["payment"]["cc_exp_date"] = aes.encrypt_text("12/2030", merchant.storefront_key)
    assert bought["payment"]["cc_exp_date"] == "uE2gvvr+w3QDaZlsZH18rTeTZ4KzaZlRo0epmNNnFMs="
    assert send_checkout(api, bought).status_code == 200
    assert Payment.objects.get().expires_on == date(2030, 12, 31)


def test_a_masked_card_number_is_cut_to_its_last_four_digits_before_saving(api, bought):
    bought["payment"]["cc_number"] = "411111******1111"
    assert send_checkout(api, bought).status_code == 200
    assert Payment.objects.get().cc_number_ending == "1111"
    assert "411111" not in json.dumps(read_all_rows(), default=str)
