import json
import re

import pytest

from subscriptions.api.serializers import CustomerSerializer, ItemSerializer, OrderSerializer
from subscriptions.models import Order, Payment
from subscriptions.placement import json_codec
from subscriptions.placement.gateway import take_snapshot
from tests.placement.orders import create_known_order, create_live_merchant

SECTIONS = {
    "order": "Order",
    "customer": "Customer",
    "shipping_address": "Address",
    "billing_address": "Address",
    "payment": "Payment",
}


@pytest.fixture
def order(db) -> Order:
    return create_known_order(create_live_merchant())


def test_the_objects_are_those_of_the_api(order):
    order.refresh_from_db(fields=["place"])
    body, context = _written(order), {"merchant": order.merchant, "options": {}}
    order.customer.live = True
    shown = OrderSerializer(order, context={"merchant": order.merchant, "options": {"include_has_plan": False}}).data
    of_order, of_items = body["order"].pop("incentives"), [item.pop("incentives") for item in body["items"]]
    assert body["order"] == dict(shown)
    assert body["customer"] == dict(CustomerSerializer(order.customer, context=context).data)
    items = order.items.order_by("id")
    options = {"merchant": order.merchant, "options": {"omit_price_calculation": False}}
    assert body["items"] == [dict(ItemSerializer(item, context=options).data) for item in items]
    nine_percent = {"name": "Nine percent", "type": "Discount Percent", "value": "9.00", "target": "item"}
    assert of_items == [[nine_percent | {"externalCode": None}], []]
    a_dollar = {"name": "A dollar off", "type": "Discount Amount", "value": "1.00", "target": "order"}
    assert of_order == [a_dollar | {"externalCode": "SAVE-1"}]


def test_addresses_and_payment_are_sent_in_full(order):
    body = _written(order)
    assert list(body) == ["order", "customer", "shipping_address", "billing_address", "payment", "items"]
    assert (body["shipping_address"]["address2"], body["billing_address"]["address"]) == ("Apt 4", "9 Elm <Road>")
    assert body["payment"] == {
        "customer": "C-1001",
        "billing_address": f"{3:032x}",
        "cc_number_ending": "4242",
        "public_id": f"{4:032x}",
        "label": None,
        "token_id": "tok_1",
        "cc_holder": "Ana Ruiz",
        "cc_type": 1,
        "cc_exp_date": "02/2030",
        "payment_method": "credit card",
        "live": True,
        "created": "2026-11-20 09:30:00",
        "last_updated": "2026-11-20 09:30:00",
    }


def test_card_data_can_be_left_out(order):
    payment = json.loads(json_codec.encode_json_order(take_snapshot(order), with_card=False))["payment"]
    assert {payment[name] for name in ("cc_holder", "cc_number_ending", "cc_exp_date")} == {None}
    assert payment["token_id"] == "tok_1"


def test_a_missing_billing_address_is_null(order):
    Payment.objects.update(billing_address=None)
    assert _written(order)["billing_address"] is None


@pytest.mark.contract
@pytest.mark.parametrize(("key", "name"), SECTIONS.items())
def test_the_keys_are_the_published_ones(order, contracts, key, name):
    text = (contracts / "rest-api.md").read_text()
    published = re.search(rf"\*\*{name}\*\*[ \n`]*(\{{.*?\}})`?\n?(?: |`)", text, re.DOTALL)[1]
    names = re.findall(r'"(\w+)":', published) + ["incentives"] * (key == "order")
    assert sorted(_written(order)[key]) == sorted(names)


def _written(order: Order) -> dict:
    return json.loads(json_codec.encode_json_order(take_snapshot(order), with_card=True))
