"""A wrong checkout is refused with the reason and leaves no rows."""

import pytest

from tests.api.purchase.answers import REQUIRED
from tests.api.shop import PATH, PLACE, send_checkout
from tests.rows import read_all_rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"create_request=",
        b"create_request=%7B",
        b"create_request={",
        b"create_request=" + b"[" * 100_000,
        b"create_request=\xff",
        b'{"a": NaN}',
        b'{"a": 1e400}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_an_unreadable_body_is_refused(api, coffee, body):
    before = read_all_rows()
    answer = api.post(PATH, body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json() == {"error": "The body is neither JSON nor create_request= followed by URL-encoded JSON."}
    assert read_all_rows() == before


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
def test_faults_of_the_whole_request_are_reported_under_error(api, bought, changed, sentence):
    before = read_all_rows()
    answer = send_checkout(api, bought | changed)
    assert (answer.status_code, answer.json()) == (400, {"error": sentence})
    assert read_all_rows() == before


BLANK = ["This field may not be blank."]


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
        ("payment", {"cc_number": "42"}, {"payment": {"cc_number": ["Give the last four digits of the card."]}}),
        (
            "payment",
            {"cc_exp_date": "13/2030"},
            {"payment": {"cc_exp_date": ["Give it as MM/YYYY, or that encrypted under the storefront key."]}},
        ),
    ],
)
def test_faults_of_an_object_are_reported_under_its_name_and_nothing_is_kept(api, bought, part, changed, errors):
    bought[part] |= changed
    before = read_all_rows()
    answer = send_checkout(api, bought)
    assert (answer.status_code, answer.json()) == (400, errors)
    assert read_all_rows() == before


def test_a_new_customer_needs_names_and_an_email(api, bought):
    bought["user"] = {"user_id": "C-1001", "shipping_address": PLACE}
    errors = {"customer": {"email": REQUIRED, "first_name": REQUIRED, "last_name": REQUIRED}}
    assert send_checkout(api, bought).json() == errors


def test_a_subscription_needs_a_payment(api, bought):
    del bought["payment"]
    assert send_checkout(api, bought).json() == {"payment": REQUIRED}


def test_a_key_that_may_only_read_sends_no_purchase(connect, bought):
    assert send_checkout(connect("read"), bought).status_code == 403
