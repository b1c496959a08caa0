"""The log of requests: what is in it, and that no answer waits for it."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Thread

import pytest
import time_machine
from django.db import OperationalError
from django.test import Client

from subscriptions.api import request_log
from subscriptions.models import ApiKey, ApiRequest, Merchant
from tests.api.conftest import Connect
from tests.api.signatures import KEY, signature_header
from tests.factories import subscription_with_order

NOON = datetime(2026, 11, 20, 17, 0, 42, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nothing_waits() -> Iterator[None]:
    request_log._waiting.clear()
    yield
    request_log._waiting.clear()


def logged(*columns: str) -> list[tuple]:
    while request_log.write_waiting():
        pass
    return list(ApiRequest.objects.order_by("id").values_list(*columns or ("method", "path", "status")))


@time_machine.travel(NOON, tick=False)
def test_a_request_is_logged_with_its_key_and_without_its_query_and_body(api: Client, merchant: Merchant) -> None:
    row = subscription_with_order(customer__merchant=merchant)
    path = f"/api/subscriptions/{row.public_id.hex}/change_quantity"
    api.get("/api/customers/?email=ana@shop.test", headers={"X-Request-Id": "mine"})
    api.patch(path, {"quantity": 3}, content_type="application/json")
    api.patch(path, {"quantity": 0}, content_type="application/json")
    assert logged() == [("GET", "/api/customers/", 200), ("PATCH", f"{path}/", 200), ("PATCH", f"{path}/", 400)]
    first = ApiRequest.objects.earliest("id")
    assert (first.merchant, first.key, first.request_id, first.at) == (merchant, ApiKey.objects.get(), "mine", NOON)
    columns = {field.name for field in ApiRequest._meta.fields}
    assert columns == {"id", "merchant", "key", "method", "path", "status", "request_id", "at"}


def test_a_storefront_signature_is_logged_without_a_key(merchant: Merchant) -> None:
    merchant.set_storefront_key(KEY)
    Client(headers={"Authorization": signature_header(merchant, "C-1")}).get("/api/orders")
    assert logged("merchant", "key", "path") == [(merchant.pk, None, "/api/orders/")]


def test_refusals_of_a_known_key_are_logged_and_unknown_callers_are_not(connect: Connect) -> None:
    connect("write").get("/api/customers/")
    Client(headers={"x-api-key": "rpk_wrong"}).get("/api/customers/")
    Client().get("/api/customers/")
    Client().get("/api/schema/")
    assert logged() == [("GET", "/api/customers/", 403)]


def test_a_path_that_cannot_be_stored_is_cut(api: Client) -> None:
    api.get("/api/customers/%00" + "x" * 600)
    ((_, path, status),) = logged()
    assert (path, status) == ("/api/customers/" + "x" * 485, 404)


def test_an_answer_waits_for_no_statement_of_the_log(api: Client, merchant: Merchant, django_assert_num_queries):
    with django_assert_num_queries(2):  # the key, and the customer
        api.get("/api/customers/nobody/")
    assert not ApiRequest.objects.exists()


def test_many_requests_take_one_statement_and_one_for_each_key(api: Client, django_assert_num_queries) -> None:
    for _ in range(5):
        api.get("/api/customers/")
    with django_assert_num_queries(4):  # and the two of the savepoint
        assert request_log.write_waiting() == 5
    assert request_log.write_waiting() == 0


def test_a_key_says_to_the_minute_when_it_was_used_last(connect: Connect) -> None:
    client, unused = connect(), ApiKey.objects.exclude(pk=None)
    assert unused.get().last_used is None
    with time_machine.travel(NOON, tick=False) as traveller:
        for moment, shown in ((0, 0), (10, 0), (18, 1)):
            traveller.move_to(NOON.replace(second=42 + moment) if moment < 18 else NOON.replace(minute=1), tick=False)
            client.get("/api/customers/")
            logged()
            assert ApiKey.objects.get().last_used == NOON.replace(minute=shown, second=0)


def test_while_the_database_is_away_rows_wait(api: Client, monkeypatch: pytest.MonkeyPatch, caplog) -> None:
    api.get("/api/customers/")

    def fail(*_: object, **__: object) -> None:
        raise OperationalError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(request_log, "insert_many", fail)
        assert request_log.write_waiting() == 0
    assert "waits for the database" in caplog.text
    assert logged() == [("GET", "/api/customers/", 200)]


def test_rows_that_can_never_be_written_do_not_hold_up_others(api: Client, monkeypatch, caplog) -> None:
    api.get("/api/customers/")

    def fail(*_: object, **__: object) -> None:
        raise ValueError("no such merchant")

    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
        patch.setattr(request_log, "insert_many", fail)
        assert request_log.write_waiting() == 1
    assert "1 requests are missing from the log" in caplog.text
    api.get("/api/orders/")
    assert logged() == [("GET", "/api/orders/", 200)]


@pytest.mark.django_db(transaction=True)
def test_the_thread_writes_all_that_waits(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_log, "BATCH", 2)
    for _ in range(5):
        api.get("/api/customers/")
    assert request_log._has_rows.is_set()
    thread = Thread(target=request_log.write_turn)
    thread.start()
    thread.join()
    assert ApiRequest.objects.count() == 5
    assert not request_log._has_rows.is_set()
