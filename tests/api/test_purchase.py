import json
from datetime import date, timedelta
from decimal import Decimal
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone

from subscriptions.actions import purchase
from subscriptions.api.purchase import read
from subscriptions.jobs import purchases
from subscriptions.models import (
    Activity,
    Address,
    CheckoutRequest,
    Customer,
    Event,
    Item,
    Merchant,
    Offer,
    OfferProfile,
    Payment,
    Product,
    Subscription,
)
from subscriptions.placement import aes
from tests.api.shop import PATH, PLACE, line, send
from tests.factories import STAFF, CustomerFactory, MerchantFactory, ProductFactory
from tests.rows import everything

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def outcome(client: Client, answer) -> dict:
    response = client.get(f"/api/subscription/{answer.json()['subs_req_id']}/response/")
    assert response.status_code == 200
    return response.json()


def test_a_checkout_makes_customer_address_payment_and_subscription(api, merchant, bought):
    answer = send(api, bought)
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
    assert outcome(api, answer) == {
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


def test_what_is_known_already_is_used_again(api, bought):
    send(api, bought)
    answer = send(api, bought | {"merchant_order_id": "1225", "session_id": "s-2"})
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
def test_an_address_is_known_by_content_and_a_payment_by_token_ending_and_expiry(api, bought, part, changed, counts):
    send(api, bought)
    again = json.loads(json.dumps(bought)) | {"merchant_order_id": "1225"}
    (again if part == "payment" else again["user"])[part] |= changed
    assert send(api, again).status_code == 200
    assert (Address.objects.count(), Payment.objects.count()) == counts


def test_a_retired_address_or_payment_is_not_used_again(api, bought):
    send(api, bought)
    Address.objects.update(live=False)
    Payment.objects.update(live=False)
    assert send(api, bought | {"merchant_order_id": "1225"}).status_code == 200
    assert (Address.objects.filter(live=True).count(), Payment.objects.filter(live=True).count()) == (2, 1)


def test_a_known_customer_needs_no_names_and_stays_as_they_are(api, merchant, bought):
    known = CustomerFactory(merchant=merchant, merchant_user_id="C-1001", email="old@example.com")
    bought["user"] = {"user_id": "C-1001", "email": "new@example.com", "shipping_address": PLACE}
    assert send(api, bought).status_code == 200
    assert Customer.objects.get().email == "old@example.com"
    assert Subscription.objects.get().customer == known


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", "application/json", ""])
def test_the_form_spelling_is_read_under_any_content_type(api, bought, content_type):
    bought["user"]["first_name"] = "Åna & Co + 100%"
    body = "create_request=" + quote(json.dumps(bought), safe="")
    answer = api.post(PATH, body.encode(), content_type=content_type)
    assert answer.status_code == 200
    assert Customer.objects.get().first_name == "Åna & Co + 100%"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"create_request=",
        b"create_request=%7B",
        b"create_request=\xff",
        b'{"a": NaN}',
        b'{"a": "\\u0000"}',
        b'{"a": "\\ud800"}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_a_body_that_is_none_is_refused(api, coffee, body):
    before = everything()
    answer = api.post(PATH, body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json() == {"error": "The body is neither JSON nor create_request= followed by URL-encoded JSON."}
    assert everything() == before


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"merchant_id": None}, "merchant_id: This field may not be null."),
        ({"merchant_id": "0" * 32}, "merchant_id: It is not the merchant the credential belongs to."),
        ({"merchant_order_id": ""}, "merchant_order_id: This field may not be blank."),
        ({"session_id": None}, "session_id: This field is required."),
        ({"user": None}, "user: This field may not be null."),
        ({"user": 7}, "user: Invalid data. Expected a dictionary, but got int."),
        ({"products": None}, "products: This field may not be null."),
        ({"products": {}}, 'products: Expected a list of items but got type "dict".'),
        ({"products": [7]}, 'products: Expected a dictionary of items but got type "int".'),
    ],
)
def test_what_is_wrong_with_the_request_as_a_whole_comes_under_error(api, bought, changed, sentence):
    before = everything()
    answer = send(api, bought | changed)
    assert (answer.status_code, answer.json()) == (400, {"error": sentence})
    assert everything() == before


def test_without_cart_tracking_no_session_is_needed(api, bought):
    del bought["session_id"]
    assert send(api, bought | {"og_cart_tracking": False}).status_code == 200
    assert Subscription.objects.get().session_id is None


BLANK = ["This field may not be blank."]
REQUIRED = ["This field is required."]
WHOLE = ["Send the last four digits of the card only, never its whole number."]


@pytest.mark.parametrize(
    ("part", "changed", "errors"),
    [
        ("user", {"user_id": ""}, {"user_id": BLANK}),
        ("user", {"user_id": "a/b"}, {"user_id": ["The shop's id of a customer must not hold a slash."]}),
        ("user", {"email": "ana"}, {"customer": {"email": ["Enter a valid email address."]}}),
        ("user", {"shipping_address": None}, {"shipping_address": REQUIRED}),
        (
            "user",
            {"shipping_address": PLACE | {"city": ""}},
            {"shipping_address": {"city": ["This field may not be blank."]}},
        ),
        ("payment", {"token_id": None}, {"payment": {"token_id": ["This field may not be null."]}}),
        ("payment", {"cc_number": "4111 1111 1111 1111"}, {"payment": {"cc_number": WHOLE}}),
        ("payment", {"cc_number": "42"}, {"payment": {"cc_number": ["Give the last four digits of the card."]}}),
        (
            "payment",
            {"cc_exp_date": "13/2030"},
            {"payment": {"cc_exp_date": ["Give it as MM/YYYY, or that encrypted under the storefront key."]}},
        ),
    ],
)
def test_what_is_wrong_with_an_object_comes_under_its_name_and_nothing_is_kept(api, bought, part, changed, errors):
    bought[part] |= changed
    before = everything()
    answer = send(api, bought)
    assert (answer.status_code, answer.json()) == (400, errors)
    assert everything() == before


def test_a_new_customer_needs_names_and_an_address_for_mail(api, bought):
    bought["user"] = {"user_id": "C-1001", "shipping_address": PLACE}
    errors = {"customer": {"email": REQUIRED, "first_name": REQUIRED, "last_name": REQUIRED}}
    assert send(api, bought).json() == errors


def test_a_subscription_needs_a_payment(api, bought):
    del bought["payment"]
    assert send(api, bought).json() == {"payment": REQUIRED}


def test_an_expiry_may_come_encrypted_under_the_storefront_key(api, merchant, bought):
    merchant.storefront_key = "0123456789abcdef0123456789abcdef"
    merchant.save()
    bought["payment"]["cc_exp_date"] = aes.encrypt("12/2030", merchant.storefront_key)
    assert bought["payment"]["cc_exp_date"] == "uE2gvvr+w3QDaZlsZH18rTeTZ4KzaZlRo0epmNNnFMs="
    assert send(api, bought).status_code == 200
    assert Payment.objects.get().expires_on == date(2030, 12, 31)


def test_a_masked_number_is_cut_to_its_last_four_digits_before_anything_is_kept(api, bought):
    bought["payment"]["cc_number"] = "411111******1111"
    assert send(api, bought).status_code == 200
    assert Payment.objects.get().cc_number_ending == "1111"
    assert "411111" not in json.dumps(everything(), default=str)


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
    bought["products"] = [line(**info)]
    assert send(api, bought).status_code == 200
    assert Item.objects.get().order.place_date == day


def test_a_line_may_name_price_offer_another_product_and_a_prepaid_cycle(api, merchant, bought):
    beans = ProductFactory(merchant=merchant, external_product_id="beans")
    profile = OfferProfile.objects.create(merchant=merchant, name="Welcome")
    offer = Offer.objects.create(merchant=merchant, profile=profile, name="Welcome")
    override = {"product": "beans", "every": 2, "every_period": 2, "offer": offer.public_id.hex}
    prepaid = {"subscription_type": "prepaid", "prepaid_orders_per_billing": 3, "renewal_behavior": "cancel"}
    bought["products"] = [line(price="9.5", tracking_override=override, **prepaid)]
    assert send(api, bought).status_code == 200
    row = Subscription.objects.get()
    assert (row.product, row.offer, row.price, row.every, row.every_period) == (beans, offer, Decimal("9.50"), 2, 2)
    assert (row.prepaid_orders_per_billing, row.prepaid_orders_remaining, row.renewal_behavior) == (3, 2, "cancel")


def test_a_line_without_a_frequency_is_bought_once_and_starts_nothing(api, bought):
    bought["products"] = [
        {"product": "mug", "purchase_info": {"quantity": 1}},
        {"product": "coffee", "subscription_info": {"quantity": 1, "tracking_override": {}}},
    ]
    del bought["payment"]
    answer = send(api, bought)
    assert answer.status_code == 200
    assert (Customer.objects.count(), Subscription.objects.count()) == (1, 0)
    assert outcome(api, answer)["subscriptions"] == []


def test_wrong_lines_are_told_of_and_the_others_start(api, merchant, bought):
    ProductFactory(merchant=merchant, external_product_id="old", discontinued=True, live=False, autoship_enabled=False)
    half = line(tracking_override={"every": 1})
    bought["products"] = [line("tea"), line("old"), line(), line(quantity=0), half, {"purchase_info": {}}]
    answer = send(api, bought)
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
        (line("tea"), {"product": "tea", "subscription": {"product": ["There is no such product."]}}),
        (
            line(first_order_place_date="2026-11-19"),
            {
                "product": "coffee",
                "subscription": {"first_order_place_date": ["The date lies in the past; choose today or a later day."]},
            },
        ),
    ],
)
def test_when_no_subscription_can_start_nothing_is_kept_and_the_order_may_come_again(api, bought, wrong, errors):
    before = everything()
    answer = send(api, bought | {"products": [wrong]})
    assert (answer.status_code, answer.json()) == (400, {"products": [], "subscriptions": [errors]})
    assert everything() == before
    assert send(api, bought).status_code == 200


def test_one_order_of_the_shop_counts_once(api, bought):
    send(api, bought)
    before = everything()
    answer = send(api, bought)
    assert (answer.status_code, answer.json()) == (409, {"error": "The order 1224 has been received already."})
    assert answer["X-Error-Code"] == "order_received"
    assert everything() == before


def test_an_order_id_is_the_merchants_own(api, bought, connect):
    send(api, bought)
    other = MerchantFactory()
    ProductFactory(merchant=other, external_product_id="coffee")
    assert send(connect(of=other), bought | {"merchant_id": other.public_id.hex}).status_code == 200


def test_a_repeat_with_the_same_idempotency_key_gets_the_first_answer(api, bought):
    headers = {"Idempotency-Key": "k-1"}
    first = send(api, bought, headers=headers)
    again = send(api, bought, headers=headers)
    assert (again.status_code, again.json()) == (200, first.json())
    assert again["Idempotency-Replayed"] == "true"
    assert Subscription.objects.count() == 1


def test_a_key_that_may_only_read_sends_no_purchase(connect, bought):
    assert send(connect("read"), bought).status_code == 403


def cut_off(bought: dict, merchant: Merchant) -> CheckoutRequest:
    """A request kept by a process that died before it did anything."""
    return purchase.receive(merchant, read(merchant, bought), actor=STAFF)


def test_a_request_cut_off_is_pending_until_the_tick_has_done_it_once(api, merchant, bought):
    request = cut_off(bought, merchant)
    path = f"/api/subscription/{request.public_id.hex}/response/"
    pending = api.get(path)
    assert (pending.status_code, pending["Content-Type"]) == (202, "text/plain")
    assert purchases.finish() == 0
    CheckoutRequest.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert purchases.finish() == 1
    assert purchases.finish() == 0
    row = Subscription.objects.get()
    assert api.get(path).json()["subscriptions"] == [{"coffee": row.public_id.hex}]
    assert CheckoutRequest.objects.get().body == {}
    assert set(Activity.objects.values_list("actor_name", flat=True)) == {"Sam Staff"}


def test_what_the_tick_cannot_do_is_closed_with_the_reason(api, merchant, bought):
    request = cut_off(bought, merchant)
    Product.objects.update(discontinued=True, live=False, autoship_enabled=False)
    CheckoutRequest.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    purchases.finish()
    said = api.get(f"/api/subscription/{request.public_id.hex}/response/").json()
    fault = {"product": "coffee", "subscription": {"product": ["This product is discontinued."]}}
    assert said["errors"] == {"products": [], "subscriptions": [fault]}
    assert (Customer.objects.count(), Subscription.objects.count()) == (0, 0)


def test_a_request_that_always_fails_is_given_up_after_ten_tries(merchant, bought):
    cut_off(bought, merchant)
    CheckoutRequest.objects.update(body={})
    for _ in range(10):
        CheckoutRequest.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        assert purchases.finish() == 1
    assert CheckoutRequest.objects.get().answer["errors"] == {
        "non_field_errors": ["It could not be done; see the log."]
    }
    assert purchases.finish() == 0


@pytest.mark.parametrize("name", ["0" * 32, "none"])
def test_of_an_unknown_request_nothing_came(api, name):
    answer = api.get(f"/api/subscription/{name}/response/")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not found"})


def test_another_merchants_request_is_not_found(api, stranger, bought):
    answer = send(api, bought)
    assert stranger.get(f"/api/subscription/{answer.json()['subs_req_id']}/response/").status_code == 404


def test_a_process_that_dies_in_the_middle_leaves_the_request_to_the_tick(api, merchant, bought, monkeypatch):
    def die(*_, **__):
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(purchase.payments, "create", die)
        with pytest.raises(SystemExit):
            send(api, bought)
    assert (CheckoutRequest.objects.count(), Customer.objects.count()) == (1, 0)
    assert send(api, bought).status_code == 409
    CheckoutRequest.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert purchases.finish() == 1
    assert (Customer.objects.count(), Subscription.objects.count()) == (1, 1)
