"""One order of the shop counts once, however often it is sent."""

import pytest

from subscriptions.models import Subscription
from tests.api.shop import send_checkout
from tests.factories import MerchantFactory, ProductFactory
from tests.rows import read_all_rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def test_one_order_of_the_shop_is_accepted_once(api, bought):
    send_checkout(api, bought)
    before = read_all_rows()
    answer = send_checkout(api, bought)
    assert (answer.status_code, answer.json()) == (409, {"error": "The order 1224 has been received already."})
    assert answer["X-Error-Code"] == "order_received"
    assert read_all_rows() == before


def test_order_ids_are_unique_per_merchant(api, bought, connect):
    send_checkout(api, bought)
    other = MerchantFactory()
    ProductFactory(merchant=other, external_product_id="coffee")
    assert send_checkout(connect(of=other), bought | {"merchant_id": other.public_id.hex}).status_code == 200


def test_a_repeat_with_the_same_idempotency_key_gets_the_first_answer(api, bought):
    headers = {"Idempotency-Key": "k-1"}
    first = send_checkout(api, bought, headers=headers)
    again = send_checkout(api, bought, headers=headers)
    assert (again.status_code, again.json()) == (200, first.json())
    assert again["Idempotency-Replayed"] == "true"
    assert Subscription.objects.count() == 1
