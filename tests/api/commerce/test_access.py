"""Each operation on subscriptions, orders and items: who may call it, and whose objects it reaches."""

import pytest
from django.test import Client

from tests.api.commerce.calls import send, signed
from tests.api.commerce.world import OPERATIONS, Operation, World
from tests.api.conftest import Connect
from tests.api.signatures import KEY
from tests.factories import CustomerFactory, MerchantFactory
from tests.rows import read_all_rows

MISSING = {"detail": "Unable to find requested asset."}
DENIED = {"detail": "Authentication Failed"}
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=str)
# One for each kind of view, and for each that writes in a way of its own.
KINDS = (
    "subscriptions/{subscription}/cancel/",
    "subscriptions/{subscription}/update/",
    "subscriptions/iu/",
    "orders/{order}/skip_subscription/",
    "orders/{order}/finalize_placement/",
    "items/{item}/delete/",
)
each_kind = pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.path in KINDS], ids=str)


@pytest.mark.parametrize("scope", "ASR")
@each_operation
def test_the_credentials_of_the_contract_may_call_and_the_others_may_not(
    api: Client, world: World, operation: Operation, scope: str
) -> None:
    operation.prepare(world)
    client = api if scope == "A" else signed(world.customer.merchant, "C-1001", scope)
    before = read_all_rows()
    answer = send(client, operation, world)
    if scope in operation.scopes:
        assert answer.status_code == operation.status, answer.content
    else:
        assert (answer.status_code, answer.json()) == (403, DENIED)
        assert answer["X-Error-Code"] == "insufficient_scope"
        assert read_all_rows() == before


@each_operation
def test_nobody_calls_without_credentials_nor_with_a_key_of_the_other_right(
    connect: Connect, world: World, operation: Operation
) -> None:
    wrong = "write" if operation.method == "get" else "read"
    for client, code in ((Client(), "no_credentials"), (connect(wrong, "bulk"), "insufficient_scope")):
        answer = send(client, operation, world)
        assert (answer.status_code, answer.json(), answer["X-Error-Code"]) == (403, DENIED, code)


@each_operation
def test_another_customer_finds_nothing_and_changes_nothing(api: Client, world: World, operation: Operation) -> None:
    operation.prepare(world)
    other = MerchantFactory()
    other.set_storefront_key(KEY)
    CustomerFactory(merchant=other, merchant_user_id="C-1001")
    CustomerFactory(merchant=world.customer.merchant, merchant_user_id="C-2")
    strangers = [signed(other, "C-1001"), signed(world.customer.merchant, "C-2")] if "S" in operation.scopes else []
    before = read_all_rows()
    for client in strangers:
        answer = send(client, operation, world)
        if "{" in operation.path:
            assert (answer.status_code, answer.json()) == (404, MISSING)
        elif operation.method == "get":
            assert (answer.status_code, answer.json()["results"]) == (200, [])
        else:
            assert answer.status_code == 400, answer.content
            assert all(isinstance(sentence, str) for said in answer.json().values() for sentence in said)
    assert read_all_rows() == before


@each_operation
def test_another_merchants_key_finds_nothing(stranger: Client, world: World, operation: Operation) -> None:
    operation.prepare(world)
    answer = send(stranger, operation, world)
    if "{" in operation.path:
        assert (answer.status_code, answer.json()) == (404, MISSING)
    elif operation.method == "get":
        assert (answer.status_code, answer.json()["results"]) == (200, [])
    else:
        assert answer.status_code == 400


@each_kind
def test_the_slash_at_the_end_is_optional(api: Client, world: World, operation: Operation) -> None:
    operation.prepare(world)
    assert send(api, operation, world, operation.address(world).rstrip("/")).status_code == operation.status


@each_kind
def test_a_repeated_write_gets_the_first_answer(api: Client, world: World, operation: Operation) -> None:
    operation.prepare(world)
    headers = {"Idempotency-Key": "k-1"}
    first = send(api, operation, world, headers=headers)
    before = read_all_rows()
    again = send(api, operation, world, headers=headers)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert (first.status_code, again["Idempotency-Replayed"]) == (operation.status, "true")
    assert read_all_rows() == before


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.path in KINDS and "{" in each.path], ids=str)
def test_a_write_that_expects_another_state_is_refused_and_one_that_expects_this_is_not(
    api: Client, world: World, operation: Operation
) -> None:
    operation.prepare(world)
    name = operation.path.split("/")[0]
    tag = api.get(f"/api/{name}/{operation.address(world).split('/')[3]}/")["ETag"]
    before = read_all_rows()
    assert send(api, operation, world, headers={"If-Match": '"other"'}).status_code == 412
    assert read_all_rows() == before
    assert send(api, operation, world, headers={"If-Match": tag}).status_code == operation.status
