"""The storefront signature, which the shops' own servers send with a checkout instead of an API key."""

import json
from typing import Any

import pytest
from django.test import Client

from subscriptions.models import Activity, Merchant, Subscription
from subscriptions.placement.signature import sign_text
from tests.api.purchase.answers import checkout_result
from tests.api.shop import PATH, send_checkout
from tests.rows import read_all_rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

KEY = "0123456789abcdef0123456789abcdef"
NOW = 1795194000  # noon in New York on November 20, 2026


@pytest.fixture
def merchant(merchant: Merchant) -> Merchant:
    merchant.storefront_key = KEY
    merchant.save()
    return merchant


def sign(merchant: Merchant, customer: str = "C-1001", ts: int | str = NOW, key: str = KEY, **changes: Any) -> Client:
    header = {
        "public_id": merchant.public_id.hex,
        "sig_field": customer,
        "ts": ts,
        "sig": sign_text(key, f"{customer}|{ts}"),
        **changes,
    }
    return Client(headers={"Authorization": json.dumps(header)}, raise_request_exception=False)


def is_denied(answer: Any, code: str) -> bool:
    return (answer.status_code, answer["X-Error-Code"]) == (403, code)


def test_the_signature_of_the_contract_is_ours():
    assert sign_text("key", "C-1001|1700000000") == "hWrsiMI21ovl6WUIILkYiSSoaPbLEuVs5TJMVR7WlTY="


@pytest.mark.parametrize("ts", [NOW, str(NOW), NOW - 7200, NOW + 300])
def test_a_signed_checkout_is_carried_out(merchant, bought, ts):
    client = sign(merchant, ts=ts)
    answer = send_checkout(client, bought)
    assert answer.status_code == 200
    row = Subscription.objects.get()
    assert checkout_result(client, answer)["subscriptions"] == [{"coffee": row.public_id.hex}]
    actors = set(Activity.objects.values_list("actor_kind", "actor_id", "actor_name"))
    assert actors == {("customer", "C-1001", "Storefront")}


@pytest.mark.parametrize("ts", [NOW - 7201, NOW + 301])
def test_a_signature_of_another_time_is_refused(merchant, bought, ts):
    before = read_all_rows()
    assert is_denied(send_checkout(sign(merchant, ts=ts), bought), "expired")
    assert read_all_rows() == before


@pytest.mark.parametrize(
    "changes",
    [
        {"sig": "x"},
        {"sig": None},
        {"sig": "\ud800"},
        {"sig_field": "C-1002"},
        {"sig_field": "\ud800"},
        {"sig_field": ""},
        {"public_id": "0" * 32},
        {"public_id": ["x"]},
        {"ts": "soon"},
        {"ts": 10**30},
        {"key": "another key"},
        {"trust_level": "recognized"},
    ],
)
def test_a_wrong_signature_is_refused(merchant, bought, changes):
    assert is_denied(send_checkout(sign(merchant, **changes), bought), "bad_credentials")


@pytest.mark.parametrize("header", ["", "Bearer x", "[]", "7", "[" * 100_000])
def test_another_header_is_refused(merchant, bought, header):
    client = Client(headers={"Authorization": header}, raise_request_exception=False)
    assert is_denied(send_checkout(client, bought), "bad_credentials")


def test_a_merchant_without_a_key_accepts_no_signature(merchant, bought):
    merchant.storefront_key = ""
    merchant.save()
    assert is_denied(send_checkout(sign(merchant, key=""), bought), "bad_credentials")


def test_a_signature_is_for_its_customer_only(merchant, bought):
    before = read_all_rows()
    answer = send_checkout(sign(merchant, "C-1002"), bought)
    sentence = "It is not the customer that the signature is for."
    assert (answer.status_code, answer.json()) == (400, {"user_id": [sentence]})
    assert read_all_rows() == before
    sent = send_checkout(sign(merchant), bought).json()["subs_req_id"]
    assert sign(merchant, "C-1002").get(f"/api/subscription/{sent}/response/").status_code == 404


def test_an_api_key_decides_alone_where_both_are_sent(merchant, api, bought):
    headers = {"Authorization": "Basic eDp4"}
    answer = api.post(PATH, json.dumps(bought), content_type="application/json", headers=headers)
    assert answer.status_code == 200


def test_a_recognized_customer_cannot_report_a_checkout(merchant, bought):
    client = sign(merchant, trust_level="recognized", sig=sign_text(KEY, f"C-1001|recognized|{NOW}"))
    assert is_denied(send_checkout(client, bought), "insufficient_scope")
