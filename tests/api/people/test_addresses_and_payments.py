"""Addresses and payments over REST: the objects, what changes and what is refused."""

from datetime import date

import pytest
import time_machine
from django.test import Client

from subscriptions.models import Address, Merchant, Order, OrderStatus, Payment, Subscription
from tests.api.people.calls import CARD, CUSTOMER, PLACE, find_call
from tests.factories import AddressFactory, PaymentFactory
from tests.rows import read_all_rows

ADD_ADDRESS = find_call("POST /addresses/create")
UPDATE_ADDRESS = find_call("PATCH /addresses/{address}/update")
ADD_PAYMENT = find_call("POST /payments/create")
UPDATE_PAYMENT = find_call("PATCH /payments/{payment}/update")
NOON = "2026-11-20 12:00:00"
MORE = {"label": "Home", "company_name": "Shop", "address2": "Flat 2", "fax": "5015550199", "token_id": "t-1"}


@pytest.mark.parametrize("more", [{}, MORE, dict.fromkeys(MORE, ""), dict.fromkeys(MORE)])
@time_machine.travel("2026-11-20T17:00:00Z", tick=False)
def test_an_address_is_added_and_shown(api: Client, ids, more: dict) -> None:
    answer = ADD_ADDRESS.send(api, ids, PLACE | more | {"country_code": "us", "live": False})
    row = Address.objects.exclude(public_id=ids["address"]).get()
    expected = {
        "customer": CUSTOMER,
        "public_id": row.public_id.hex,
        "label": more.get("label") or None,
        "first_name": "Ana",
        "last_name": "Ruiz",
        "company_name": more.get("company_name") or None,
        "address": "2 Side Street",
        "address2": more.get("address2") or None,
        "city": "Little Rock",
        "state_province_code": "AR",
        "zip_postal_code": "72201",
        "phone": "5015550100",
        "fax": more.get("fax") or None,
        "country_code": "US",
        "live": True,
        "created": NOON,
        "updated": NOON,
        "token_id": more.get("token_id") or None,
        "store_public_id": None,
    }
    assert (answer.status_code, answer.json()) == (200, expected)
    assert list(answer.json()) == list(expected)
    assert api.get(f"/api/addresses/{row.public_id.hex}/").json() == expected
    assert row.address_type == "shipping_address"


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("customer", "nobody"),
        ("address_type", "home"),
        ("country_code", "XX"),
        ("country_code", "USA"),
        ("city", "x" * 256),
        ("zip_postal_code", "1" * 33),
        ("phone", None),
        ("address", ""),
        ("label", "x" * 256),
    ],
)
def test_a_bad_address_is_refused_under_its_field(api: Client, ids, field: str, given: object) -> None:
    before = read_all_rows()
    answer = ADD_ADDRESS.send(api, ids, PLACE | {field: given})
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert read_all_rows() == before


@time_machine.travel("2026-11-20T17:00:00Z", tick=False)
def test_an_address_is_retired_labelled_and_brought_back(api: Client, ids) -> None:
    for sent, shown in (
        ({"live": False}, (False, None)),
        ({"label": "Home"}, (False, "Home")),
        ({"live": True, "label": "Work"}, (True, "Work")),
        ({}, (True, "Work")),
        ({"label": None}, (True, None)),
    ):
        answer = UPDATE_ADDRESS.send(api, ids, sent).json()
        assert ((answer["live"], answer["label"]), answer["updated"]) == (shown, NOON)
        assert api.get(f"/api/addresses/{ids['address']}/").json() == answer
    before = read_all_rows()
    assert UPDATE_ADDRESS.send(api, ids, {"live": True, "label": ""}).status_code == 200
    assert read_all_rows() == before


def test_the_content_of_an_address_may_be_sent_as_it_is_and_does_not_change(api: Client, ids) -> None:
    whole = api.get(f"/api/addresses/{ids['address']}/").json()
    same = whole | {"label": "Home", "address_type": "shipping_address", "country_code": "us", "company_name": ""}
    assert UPDATE_ADDRESS.send(api, ids, same).json()["label"] == "Home"
    before = read_all_rows()
    changed = {
        "customer": "C-2",
        "address_type": "billing_address",
        "country_code": "CA",
        "fax": "1",
        **dict.fromkeys(("first_name", "last_name", "company_name", "address", "address2", "city"), "Other"),
        **dict.fromkeys(("state_province_code", "zip_postal_code", "phone", "token_id"), "Other"),
    }
    for name, value in changed.items():
        answer = UPDATE_ADDRESS.send(api, ids, whole | {"label": "Work", name: value})
        refusal = {name: ["An address does not change; create a new one."]}
        assert (answer.status_code, answer.json()) == (400, refusal)
    assert UPDATE_ADDRESS.send(api, ids, {"live": "perhaps"}).json() == {"live": ["Must be a valid boolean."]}
    assert read_all_rows() == before


@pytest.mark.parametrize(
    ("given", "shown"),
    [("02/2030", "02/2030"), ("2/2030", "02/2030"), ("02/30", "02/2030"), ("12/2099", "12/2099"), (None, None)],
)
@time_machine.travel("2026-11-20T17:00:00Z", tick=False)
def test_a_payment_is_added_and_shown(api: Client, ids, given: str | None, shown: str | None) -> None:
    more = {"cc_holder": "Ana Ruiz", "label": "Blue", "cc_type": 1, "billing_address": ids["address"]}
    answer = ADD_PAYMENT.send(api, ids, CARD | more | {"cc_exp_date": given, "live": False})
    row = Payment.objects.get(token_id="tok_9")
    expected = {
        "customer": CUSTOMER,
        "billing_address": ids["address"],
        "cc_number_ending": "4242",
        "public_id": row.public_id.hex,
        "label": "Blue",
        "token_id": "tok_9",
        "cc_holder": "Ana Ruiz",
        "cc_type": 1,
        "cc_exp_date": shown,
        "payment_method": "credit card",
        "live": True,
        "created": NOON,
        "last_updated": NOON,
    }
    assert (answer.status_code, answer.json()) == (200, expected)
    assert list(answer.json()) == list(expected)
    assert api.get(f"/api/payments/{row.public_id.hex}/").json() == expected


def test_a_payment_needs_three_fields(api: Client, ids) -> None:
    answer = ADD_PAYMENT.send(api, ids, CARD | {"payment_method": "paypal", "cc_exp_date": "12/2099"}).json()
    absent = {name for name, value in answer.items() if value is None}
    assert absent == {"billing_address", "label", "cc_holder", "cc_type"}
    assert Payment.objects.get(token_id="tok_9").expires_on == date(2099, 12, 31)


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("customer", "nobody"),
        ("cc_number_ending", "4242424242424242"),
        ("cc_number_ending", "424"),
        ("cc_number_ending", "42a2"),
        ("cc_number_ending", "４２４２"),
        ("cc_number_ending", None),
        ("token_id", ""),
        ("cc_exp_date", "13/2030"),
        ("cc_exp_date", "2030-12"),
        ("cc_exp_date", "1/1999"),
        ("cc_type", 7),
        ("payment_method", "cash"),
        ("billing_address", "0" * 32),
    ],
)
def test_a_bad_payment_is_refused_under_its_field(api: Client, ids, field: str, given: object) -> None:
    before = read_all_rows()
    answer = ADD_PAYMENT.send(api, ids, CARD | {field: given})
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert given is None or len(str(given)) < 16 or str(given) not in answer.content.decode()
    assert read_all_rows() == before


def test_a_billing_address_of_another_customer_is_refused(api: Client, merchant: Merchant, ids) -> None:
    other = AddressFactory(customer__merchant=merchant)
    answer = ADD_PAYMENT.send(api, ids, CARD | {"billing_address": other.public_id.hex})
    assert (answer.status_code, answer.json()) == (400, {"billing_address": ["It belongs to another customer."]})


def test_a_payment_is_retired_and_brought_back(api: Client, ids) -> None:
    for live in (False, True):
        answer = UPDATE_PAYMENT.send(api, ids, {"live": live}).json()
        assert answer["live"] is live
        before = read_all_rows()
        assert UPDATE_PAYMENT.send(api, ids, {"live": live}).json() == answer
        assert read_all_rows() == before


@pytest.mark.parametrize(
    ("path", "column", "status"), [("addresses", "shipping_address", 204), ("payments", "payment", 200)]
)
def test_one_is_used_for_all_live_subscriptions_and_open_orders(
    api: Client, ana: Subscription, path: str, column: str, status: int
) -> None:
    old = getattr(ana, column)
    new = {"payment": PaymentFactory, "shipping_address": AddressFactory}[column](customer=ana.customer)
    placed = Order.objects.get()
    placed.pk, placed.public_id, placed.status = None, new.public_id, OrderStatus.SUCCESS
    placed.save()
    answer = api.post(f"/api/{path}/{new.public_id.hex}/use_for_all/")
    assert (answer.status_code, answer.content) == (status, b"")
    ana.refresh_from_db()
    assert getattr(ana, column) == new
    assert {order.status: getattr(order, column) for order in Order.objects.all()} == {
        OrderStatus.UNSENT: new,
        OrderStatus.SUCCESS: old,
    }
    before = read_all_rows()
    assert api.post(f"/api/{path}/{new.public_id.hex}/use_for_all/").status_code == status
    assert read_all_rows() == before


@pytest.mark.parametrize(("path", "factory"), [("addresses", AddressFactory), ("payments", PaymentFactory)])
def test_a_retired_one_cannot_be_used_for_all(api: Client, ana: Subscription, path: str, factory) -> None:
    retired = factory(customer=ana.customer, live=False)
    before = read_all_rows()
    answer = api.post(f"/api/{path}/{retired.public_id.hex}/use_for_all/")
    assert (answer.status_code, answer["X-Error-Code"]) == (400, "record_inactive")
    assert answer.json() == {"detail": "This address or payment is inactive."}
    assert read_all_rows() == before


def test_addresses_are_found_by_their_filters(api: Client, merchant: Merchant) -> None:
    for label, customer, live, updated in (("old", "C-1", False, "2025-01-01"), ("new", "C-2", True, "2025-01-02")):
        AddressFactory(
            customer__merchant=merchant,
            customer__merchant_user_id=customer,
            label=label,
            live=live,
            created=f"{updated}T12:00Z",
            updated=f"{updated}T12:00Z",
        )
    for query, found in {
        "": ["new", "old"],
        "customer=C-1": ["old"],
        "live=true": ["new"],
        "live=False": ["old"],
        "updated_start=2025-01-02": ["new"],
        "updated_end=2025-01-01": ["old"],
        "ordering=updated": ["old", "new"],
    }.items():
        assert [row["label"] for row in api.get(f"/api/addresses/?{query}").json()["results"]] == found, query
    assert api.get("/api/addresses/?updated_end=x").json().keys() == {"updated_end"}
