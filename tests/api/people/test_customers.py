"""Customers over REST: the objects, and what is refused."""

import pytest
import time_machine
from django.test import Client

from subscriptions.models import Customer, Merchant
from tests.api.people.calls import PERSON, find_call
from tests.factories import CustomerFactory
from tests.rows import read_all_rows

CREATE = find_call("POST /customers/create")
UPDATE = find_call("PATCH /customers/{customer}/update")
CONTACT = find_call("PATCH /customers/{customer}/set_contact_details")
FULL = {
    "session_id": "s-1",
    "user_token_id": "u-1",
    "phone_number": "(501) 555-0100",
    "phone_type": 2,
    "created": "2026-01-02 03:04:05",
    "last_login": "2026-11-01",
    "locale": "es_ES",
    "extra_data": '{"tier": "gold"}',
    "experiences": '["e1"]',
    "price_code": "vip",
    "live": True,
    "last_updated": "2020-01-01 00:00:00",
}


@time_machine.travel("2026-11-20T17:00:00Z", tick=False)
def test_a_customer_is_created_with_all_that_is_sent(api: Client, merchant: Merchant) -> None:
    answer = CREATE.send(api, {}, PERSON | FULL)
    row = Customer.objects.get()
    expected = {
        "merchant": merchant.public_id.hex,
        "id": row.pk,
        "merchant_user_id": "C-new",
        "session_id": "s-1",
        "user_token_id": "u-1",
        "first_name": "Bo",
        "last_name": "Li",
        "email": "bo@shop.test",
        "phone_number": "(501) 555-0100",
        "phone_type": 2,
        "live": False,
        "created": "2026-01-02 03:04:05",
        "last_updated": "2026-11-20 12:00:00",
        "last_login": "2026-11-01 00:00:00",
        "extra_data": '{"tier":"gold"}',
        "locale": "es-es",
        "price_code": "vip",
    }
    assert (answer.status_code, answer.json()) == (200, expected | {"experiences": '["e1"]'})
    assert api.get("/api/customers/C-new").json() == expected
    (activity,) = row.activities.all()
    assert (activity.verb, activity.actor_kind) == ("customer.create", "api_key")


@time_machine.travel("2026-11-20T17:00:00Z", tick=False)
def test_a_customer_needs_four_fields(api: Client, merchant: Merchant) -> None:
    answer = CREATE.send(api, {}, PERSON).json()
    assert {name: value for name, value in answer.items() if value not in (None, "", False)} == PERSON | {
        "merchant": merchant.public_id.hex,
        "id": Customer.objects.get().pk,
        "created": "2026-11-20 12:00:00",
        "last_updated": "2026-11-20 12:00:00",
        "locale": "en-us",
    }
    assert (answer["experiences"], answer["user_token_id"], answer["live"]) == (None, "", False)


@pytest.mark.parametrize(
    ("field", "given", "shown"),
    [
        ("locale", 1, "en-us"),
        ("locale", 46, "fr-ca"),
        ("locale", "FR_ca", "fr-ca"),
        ("phone_type", "mobile", 2),
        ("phone_type", "VOIP", 3),
        ("phone_type", 0, 0),
        ("phone_type", None, None),
        ("phone_number", "", None),
        ("extra_data", None, None),
        ("extra_data", {"a": 1}, '{"a":1}'),
        ("created", "2026-01-02T03:04:05", "2026-01-02 03:04:05"),
        ("created", "2026-01-02", "2026-01-02 00:00:00"),
        ("session_id", "", None),
        ("price_code", "", None),
    ],
)
def test_a_value_is_read_in_each_form(api: Client, merchant: Merchant, field: str, given: object, shown) -> None:
    Merchant.objects.update(locale="fr-ca")
    answer = CREATE.send(api, {}, PERSON | {field: given})
    assert (answer.status_code, answer.json().get(field)) == (200, shown)


@pytest.mark.parametrize(
    ("field", "given", "texts"),
    [
        ("merchant_user_id", "a/b", ["The shop's id of a customer must not hold a slash."]),
        ("merchant_user_id", "x" * 256, ["Ensure this field has no more than 255 characters."]),
        ("merchant_user_id", "", ["This field may not be blank."]),
        ("merchant_user_id", "C-1001", ["There is a customer with the id C-1001 already."]),
        ("first_name", None, ["This field may not be null."]),
        ("email", "bo at shop", ["Enter a valid email address."]),
        ("locale", 0, ["Invalid locale: 0"]),
        ("locale", 47, ["Invalid locale: 47"]),
        ("locale", True, ["Invalid locale: True"]),
        ("locale", "english please", ["Invalid locale: english please"]),
        ("extra_data", "{", ["Invalid JSON extra_data: {"]),
        ("extra_data", ["a"], ['Invalid JSON extra_data: ["a"]']),
        ("phone_type", 9, ['"9" is not a valid choice.']),
        ("created", "01/02/2026", None),
    ],
)
def test_a_bad_value_is_refused_under_its_name(api: Client, ids, field: str, given: object, texts) -> None:
    before = read_all_rows()
    answer = CREATE.send(api, ids, PERSON | {field: given})
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert texts is None or answer.json()[field] == texts
    assert read_all_rows() == before


def test_the_same_id_may_exist_at_another_merchant(ids, stranger: Client) -> None:
    assert CREATE.send(stranger, {}, PERSON | {"merchant_user_id": "C-1001"}).status_code == 200
    assert Customer.objects.filter(merchant_user_id="C-1001").count() == 2


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ({}, {}),
        ({"locale": "es_ES"}, {"locale": "es-es"}),
        ({"locale": "FR-CA", "unknown": 1}, {"locale": "fr-ca"}),
        ({"extra_data": '{"tier": "gold"}'}, {"extra_data": '{"tier":"gold"}'}),
        ({"extra_data": None, "price_code": "vip"}, {"extra_data": None, "price_code": "vip"}),
        ({"price_code": ""}, {"price_code": None}),
    ],
)
def test_an_update_answers_with_the_keys_that_were_sent(api: Client, ids, sent: dict, answered: dict) -> None:
    answer = UPDATE.send(api, ids, sent)
    assert (answer.status_code, answer.json()) == (200, answered)
    assert api.get("/api/customers/C-1001/").json().items() >= answered.items()


@pytest.mark.parametrize(
    ("sent", "refusal"),
    [
        ({"locale": "xx-yy-zz"}, {"locale": ["Invalid locale: xx-yy-zz"]}),
        ({"locale": 5}, {"locale": ["Invalid locale: 5"]}),
        ({"locale": ""}, {"locale": ["Invalid locale: "]}),
        ({"locale": None}, {"locale": ["This field may not be null."]}),
        ({"extra_data": "gold"}, {"extra_data": ["Invalid JSON extra_data: gold"]}),
        ({"extra_data": "[1]"}, {"extra_data": ["Invalid JSON extra_data: [1]"]}),
        ({"extra_data": 7}, {"extra_data": ["Invalid JSON extra_data: 7"]}),
        ({"extra_data": ""}, {"extra_data": ["Invalid JSON extra_data: "]}),
        ({"extra_data": "{", "locale": "fr-ca"}, {"extra_data": ["Invalid JSON extra_data: {"]}),
        ({"price_code": "x" * 65}, {"price_code": ["Ensure this field has no more than 64 characters."]}),
    ],
)
def test_an_update_is_refused_in_the_documented_words(api: Client, ids, sent: dict, refusal: dict) -> None:
    before = read_all_rows()
    answer = UPDATE.send(api, ids, sent)
    assert (answer.status_code, answer.json()) == (400, refusal)
    assert read_all_rows() == before


def test_an_update_that_changes_nothing_leaves_no_trace(api: Client, ids) -> None:
    sent = {"locale": "fr-ca", "extra_data": {"tier": "gold"}, "price_code": "vip"}
    first = UPDATE.send(api, ids, sent)
    before = read_all_rows()
    assert UPDATE.send(api, ids, sent).json() == first.json()
    assert read_all_rows() == before


def test_an_update_may_require_that_nothing_has_changed(api: Client, ids) -> None:
    for call in (UPDATE, CONTACT):
        tag = api.get("/api/customers/C-1001/")["ETag"]
        changed = call.send(api, ids, **{"If-Match": tag})
        assert changed.status_code == 200
        assert changed["ETag"] == api.get("/api/customers/C-1001/")["ETag"] != tag
        assert call.send(api, ids, **{"If-Match": tag}).status_code == 412


def test_contact_details_change_and_the_answer_shows_them(api: Client, ids) -> None:
    Customer.objects.update(extra_data={"tier": "gold"})
    sent = {"email": "new@shop.test", "phone_number": "5015550111"}
    answer = CONTACT.send(api, ids, sent)
    assert answer.json() == {"phone_number": "5015550111", "email": "new@shop.test", "extra_data": '{"tier":"gold"}'}
    row = Customer.objects.get()
    assert (row.email, row.phone_number) == ("new@shop.test", "5015550111")
    before = read_all_rows()
    assert CONTACT.send(api, ids, sent).json() == answer.json()
    assert read_all_rows() == before


@pytest.mark.parametrize("given", ["new at shop", "", None])
def test_a_wrong_email_address_is_refused(api: Client, ids, given) -> None:
    before = read_all_rows()
    answer = CONTACT.send(api, ids, {"email": given, "phone_number": "1"})
    assert (answer.status_code, list(answer.json())) == (400, ["email"])
    assert read_all_rows() == before


def test_customers_are_found_by_their_filters(api: Client, merchant: Merchant, ids) -> None:
    CustomerFactory(
        merchant=merchant,
        merchant_user_id="C-2",
        email="Bo@Shop.test",
        created="2025-01-01T12:00Z",
        last_updated="2025-02-01T12:00Z",
    )
    Customer.objects.filter(merchant_user_id="C-1001").update(
        created="2025-01-02T12:00Z", last_updated="2025-02-02T12:00Z"
    )
    for query, found in {
        "": ["C-1001", "C-2"],
        "live=true": ["C-1001"],
        "live=0": ["C-2"],
        "email=bO@sHOP.TEST": ["C-2"],
        "created=2025-01-01": ["C-2"],
        "created_start=2025-01-02": ["C-1001"],
        "created_end=2025-01-01": ["C-2"],
        "updated=2025-02-01": ["C-2"],
        "updated_start=2025-02-01T13:00:00Z": ["C-1001"],
        "updated_end=2025-02-01T07:00:00": ["C-2"],
        "ordering=created": ["C-2", "C-1001"],
        "ordering=-updated": ["C-1001", "C-2"],
    }.items():
        shown = [row["merchant_user_id"] for row in api.get(f"/api/customers/?{query}").json()["results"]]
        assert shown == found, query
    for bad in ("live=x", "created=x", "updated_start=2025"):
        answer = api.get(f"/api/customers/?{bad}")
        assert (answer.status_code, list(answer.json())) == (400, [bad.partition("=")[0]])
