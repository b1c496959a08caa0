"""`create_request=` with JSON that is URL-encoded as a whole, text by text, or not at all."""

import json
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from subscriptions.models import Address, Customer
from tests.api.shop import PATH, send_checkout

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

AWKWARD = 'Åna "Annie" & Sons + 100% \\ 1/2; a=b'


def component(text: str) -> str:
    """encodeURIComponent()"""
    return quote(text, safe="!'()*~")


def uri(text: str) -> str:
    """encodeURI()"""
    return quote(text, safe="!'()*~;,/?:@&=+$#")


def encode_texts(value: Any, encode: Any) -> Any:
    if isinstance(value, dict):
        return {name: encode_texts(each, encode) for name, each in value.items()}
    if isinstance(value, list):
        return [encode_texts(each, encode) for each in value]
    return encode(value) if isinstance(value, str) else value


def send_form(api, text: str) -> Any:
    return api.post(PATH, b"create_request=" + text.encode(), content_type="application/json")


@pytest.mark.parametrize("encode", [component, quote_plus])
def test_each_text_may_be_encoded_for_itself(api, bought, encode):
    bought["user"] |= {"first_name": AWKWARD, "email": "ana+shop@example.com"}
    body = json.dumps(encode_texts(bought, encode), indent=5)
    assert send_form(api, body).status_code == 200
    row = Customer.objects.get()
    assert (row.first_name, row.email, row.phone_number) == (AWKWARD, "ana+shop@example.com", "+15015550100")


def test_texts_may_be_left_as_they_are(api, bought):
    bought["user"] |= {"first_name": AWKWARD, "email": "ana+shop@example.com"}
    bought["user"]["shipping_address"]["phone"] = "+15015550100"
    assert send_form(api, json.dumps(bought)).status_code == 200
    row = Customer.objects.get()
    assert (row.first_name, row.email, row.phone_number) == (AWKWARD, "ana+shop@example.com", "+15015550100")
    assert Address.objects.get(address_type="shipping_address").phone == "+15015550100"


def test_a_whole_form_may_hold_other_fields(api, bought):
    bought["user"]["first_name"] = AWKWARD
    assert send_form(api, quote(json.dumps(bought), safe="") + "&source=shop").status_code == 200
    assert Customer.objects.get().first_name == AWKWARD


def test_addresses_encoded_as_uris_are_decoded(api, bought):
    bought["user"]["shipping_address"] |= {"address": "1 Main Street, Flat 2", "city": "Saint-Étienne"}
    assert send_form(api, json.dumps(encode_texts(bought, uri))).status_code == 200
    shipped = Address.objects.get(address_type="shipping_address")
    assert (shipped.address, shipped.city) == ("1 Main Street, Flat 2", "Saint-Étienne")


@pytest.mark.parametrize("word", ["null", "undefined"])
def test_a_missing_value_that_was_encoded_is_no_text(api, bought, word):
    """encodeURIComponent(null) is "null"."""
    bought["user"]["shipping_address"] |= {"state_province_code": word, "address2": word}
    assert send_form(api, json.dumps(encode_texts(bought, component))).status_code == 200
    shipped = Address.objects.get(address_type="shipping_address")
    assert (shipped.state_province_code, shipped.address2) == ("", None)


def test_guests_without_an_id_are_not_one_customer_called_null(api, bought):
    bought["user"]["user_id"] = "null"
    answer = send_form(api, json.dumps(bought))
    assert (answer.status_code, answer.json()) == (400, {"user_id": ["This field may not be null."]})
    assert send_checkout(api, bought).status_code == 200  # JSON knows null, so "null" is a name there


def test_an_encoded_character_that_cannot_be_stored_is_left_out(api, bought):
    bought["user"]["first_name"] = "An\0a"
    assert send_form(api, json.dumps(encode_texts(bought, component))).status_code == 200
    assert Customer.objects.get().first_name == "Ana"
