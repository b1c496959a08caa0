"""Who may call each operation on customers, addresses and payments, and what everybody else gets."""

import pytest
from django.test import Client

from subscriptions.models import Customer
from tests.api.conftest import Connect
from tests.api.people.calls import CALLS, ON_ONE, PERSON, WRITES, Call, find_call
from tests.api.people.conftest import Storefront
from tests.factories import AddressFactory, CustomerFactory, PaymentFactory
from tests.rows import read_all_rows

DENIED = {"detail": "Authentication Failed"}
MISSING = {"detail": "Unable to find requested asset."}


def own_body(call: Call, customer: str) -> dict | None:
    """The call's body for this customer: a storefront may create the one that its signature is for."""
    key = "merchant_user_id" if call.path == "/customers/create" else "customer"
    return call.body | {key: customer} if call.body and key in call.body else call.body


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_the_credentials_of_the_table_may_call(call: Call, ids, api: Client, storefront: Storefront) -> None:
    clients = {"A": api, "S": storefront(), "R": storefront(recognized=True)}
    new = {"A": "C-1", "S": "C-2", "R": "C-3"} if call.path == "/customers/create" else {}
    if new:
        clients |= {"S": storefront("C-2"), "R": storefront("C-3", recognized=True)}
    for scope, client in clients.items():
        before = read_all_rows()
        answer = call.send(client, ids, own_body(call, new.get(scope, ids["customer"])))
        if scope in call.scopes:
            assert answer.status_code == call.status, (scope, answer.content)
        else:
            assert (answer.status_code, answer.json()) == (403, DENIED), scope
            assert answer["X-Error-Code"] == "insufficient_scope"
            assert read_all_rows() == before


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_nobody_may_call_without_a_credential(call: Call, ids) -> None:
    before = read_all_rows()
    answer = call.send(Client(), ids)
    assert (answer.status_code, answer.json(), answer["X-Error-Code"]) == (403, DENIED, "no_credentials")
    assert read_all_rows() == before


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_a_key_needs_the_right_to_read_or_to_write(call: Call, ids, connect: Connect) -> None:
    wrong = connect("write", "bulk") if call.method == "GET" else connect("read", "bulk")
    right = connect("read", "bulk") if call.method == "GET" else connect("write")
    assert call.send(wrong, ids).status_code == 403
    assert call.send(right, ids).status_code == call.status


@pytest.mark.parametrize("call", ON_ONE, ids=str)
def test_objects_of_another_merchant_or_customer_are_not_found(
    call: Call, ids, stranger: Client, api: Client, storefront: Storefront, merchant
) -> None:
    CustomerFactory(merchant=merchant, merchant_user_id="C-2")
    before = read_all_rows()
    answers = [call.send(client, ids) for client in (stranger, storefront("C-2"), storefront("unknown"))]
    answers += [call.send(api, dict.fromkeys(ids, unknown)) for unknown in ("0" * 32, "nobody", "%00")]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(404, MISSING)] * 6
    assert read_all_rows() == before


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_the_slash_at_the_end_is_optional(call: Call, ids, api: Client) -> None:
    assert call.send(api, ids, slash="").status_code == call.status


@pytest.mark.parametrize("call", WRITES, ids=str)
def test_a_repeated_write_gets_the_first_answer(call: Call, ids, api: Client) -> None:
    first = call.send(api, ids, **{"Idempotency-Key": "k"})
    before = read_all_rows()
    again = call.send(api, ids, **{"Idempotency-Key": "k"})
    assert (again.status_code, again.content) == (first.status_code, first.content) != (400, b"")
    assert (first.status_code, again["Idempotency-Replayed"]) == (call.status, "true")
    assert read_all_rows() == before


@pytest.mark.parametrize("call", [call for call in WRITES if call.body], ids=str)
def test_a_body_may_name_its_merchant_and_no_other(call: Call, ids, api: Client, merchant) -> None:
    before = read_all_rows()
    answer = call.send(api, ids, call.body | {"merchant": "0" * 32})
    assert (answer.status_code, list(answer.json())) == (400, ["merchant"])
    assert read_all_rows() == before
    answer = call.send(api, ids, call.body | {"merchant": merchant.public_id.hex, "unknown": 1})
    assert answer.status_code == call.status


@pytest.mark.parametrize(
    ("call", "field"), [(call, field) for call in WRITES for field in call.required], ids=lambda given: str(given)
)
def test_a_required_field_is_missed_under_its_name(call: Call, field: str, ids, api: Client) -> None:
    before = read_all_rows()
    answer = call.send(api, ids, {name: value for name, value in call.body.items() if name != field})
    assert (answer.status_code, answer.json()) == (400, {field: ["This field is required."]})
    assert read_all_rows() == before


@pytest.mark.parametrize("path", ["/addresses/create", "/payments/create"])
def test_a_storefront_cannot_add_anything_to_another_customer(path: str, ids, storefront: Storefront, merchant) -> None:
    CustomerFactory(merchant=merchant, merchant_user_id="C-2")
    for customer in ("C-2", "nobody"):
        call = find_call(f"POST {path}")
        answer = call.send(storefront(), ids, call.body | {"customer": customer})
        assert (answer.status_code, answer.json()) == (400, {"customer": ["There is no such customer."]})


def test_a_storefront_creates_only_the_customer_of_its_signature(ids, storefront: Storefront) -> None:
    create = find_call("POST /customers/create")
    answer = create.send(storefront("C-2"), ids)
    assert (answer.status_code, list(answer.json())) == (400, ["merchant_user_id"])
    assert create.send(storefront("C-new"), ids).json()["merchant_user_id"] == PERSON["merchant_user_id"]
    assert Customer.objects.filter(merchant_user_id="C-new").count() == 1


@pytest.mark.parametrize("path", ["/customers", "/addresses", "/payments"])
def test_a_list_shows_own_rows_and_needs_bulk_or_a_customer(
    path: str, ids, connect: Connect, storefront: Storefront, stranger: Client, merchant
) -> None:
    create_other(merchant)
    call, key = find_call(f"GET {path}"), connect("read")
    assert call.send(key, ids).status_code == 403
    assert len(key.get(f"/api{path}/?customer={ids['customer']}").json()["results"]) == 1
    assert key.get(f"/api{path}/?customer=nobody").json()["results"] == []
    assert len(call.send(connect("read", "bulk"), ids).json()["results"]) == 2
    assert call.send(stranger, ids).json()["results"] == []
    for query in ("", "?customer=C-2"):
        assert len(storefront().get(f"/api{path}/{query}").json()["results"]) == 1
    assert storefront("unknown").get(f"/api{path}/").json()["results"] == []


def create_other(merchant) -> None:
    other = CustomerFactory(merchant=merchant, merchant_user_id="C-2")
    AddressFactory(customer=other)
    PaymentFactory(customer=other)
