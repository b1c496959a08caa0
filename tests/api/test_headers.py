"""Headers that every answer of the API has."""

import re
import uuid

import pytest
from django.test import Client

from common.web.request_id import RequestIdFilter, current_request_id
from subscriptions.api.views import customers
from subscriptions.models import Merchant
from tests.factories import SubscriptionFactory


@pytest.fixture
def fresh(settings) -> None:
    """No requests counted yet."""
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": uuid.uuid4().hex}
    }


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("get", "/api/customers/"),
        ("get", "/api/nothing"),
        ("post", "/api/customers/"),
        ("options", "/api/items/"),
    ],
)
def test_a_request_id_comes_from_the_caller_or_from_us(api: Client, method: str, address: str) -> None:
    for client in (api, Client()):
        answer = getattr(client, method)(address, headers={"X-Request-Id": "order-42_a.B"})
        assert answer["X-Request-Id"] == "order-42_a.B"
        for bad in ("", "a b", "x" * 65, "ä", "a;b"):
            given = getattr(client, method)(address, headers={"X-Request-Id": bad})["X-Request-Id"]
            assert str(uuid.UUID(given)) == given


def test_log_lines_carry_their_request_id(
    api: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(customers.Customers, "serializer_class", None)
    by_request = RequestIdFilter()
    caplog.handler.addFilter(by_request)
    try:
        response = api.get("/api/customers/", headers={"X-Request-Id": "mine"})
    finally:
        caplog.handler.removeFilter(by_request)
    assert response.status_code == 500
    names = {record.name: record.request_id for record in caplog.records}
    assert names == {"subscriptions.api.middleware": "mine", "django.request": "mine"}
    assert current_request_id.get() == "-"


def test_the_slash_at_the_end_is_optional_and_nothing_is_redirected(api: Client, merchant: Merchant) -> None:
    row = SubscriptionFactory(customer__merchant=merchant)
    for address in (
        "customers",
        f"customers/{row.customer.merchant_user_id}",
        "merchant/cancel_reason",
        "schema",
    ):
        assert api.get(f"/api/{address}").status_code == 200
        assert api.get(f"/api/{address}/").status_code == 200
    response = api.patch(
        f"/api/subscriptions/{row.public_id.hex}/cancel",
        {"cancel_reason": "1"},
        content_type="application/json",
    )
    assert (response.status_code, response.json()["cancel_reason"]) == (200, "1")
    assert api.get("/api/customers/nobody").status_code == 404


@pytest.mark.usefixtures("fresh")
def test_each_answer_has_the_remaining_rate(api: Client, settings) -> None:
    settings.API_RATE = 6000
    for left, address in enumerate(("customers/", "nothing", "customers/nobody/", "schema/")):
        response = api.get(f"/api/{address}")
        assert (response["RateLimit-Limit"], response["RateLimit-Remaining"]) == ("6000", str(5999 - left))
        assert 1 <= int(response["RateLimit-Reset"]) <= 60


@pytest.mark.usefixtures("fresh")
def test_too_many_requests_of_one_address_are_refused(api: Client, settings, merchant: Merchant) -> None:
    settings.API_RATE = 2
    row = SubscriptionFactory(customer__merchant=merchant)
    address = f"/api/subscriptions/{row.public_id.hex}/"
    assert [api.get(address).status_code for _ in range(2)] == [200, 200]
    response = api.patch(address + "cancel/", headers={"Idempotency-Key": "k"})
    assert (response.status_code, list(response.json())) == (429, ["detail"])
    assert (response["RateLimit-Remaining"], response["Retry-After"]) == ("0", response["RateLimit-Reset"])
    assert response["Access-Control-Allow-Origin"] == "*"
    assert re.fullmatch(r"Too many requests; try again in \d+ seconds\.", response.json()["detail"])
    assert api.get(address, REMOTE_ADDR="10.0.0.9").status_code == 200
    settings.API_RATE = 6000
    assert api.patch(address + "cancel/", headers={"Idempotency-Key": "k"}).status_code == 200


def test_a_preflight_is_answered_without_a_key(db: None) -> None:
    for address in ("/api/customers/", "/api/subscriptions/x/cancel", "/api/nothing/"):
        response = Client().options(
            address, headers={"Origin": "https://shop.test", "Access-Control-Request-Method": "PATCH"}
        )
        assert (response.status_code, response.content) == (204, b"")
        assert response["Access-Control-Allow-Origin"] == "*"
        assert response["Access-Control-Allow-Methods"] == "OPTIONS,GET,PUT,POST,DELETE,PATCH"
        assert response["Access-Control-Allow-Headers"] == (
            "Authorization, Content-Type, Accept, X-OG-API-VERSION, Idempotency-Key, X-Request-Id, "
            "If-Match, If-None-Match"
        )
        assert "Access-Control-Allow-Credentials" not in response


def test_any_origin_may_read_the_answers(api: Client) -> None:
    for client, address in ((api, "/api/customers/"), (Client(), "/api/customers/"), (api, "/api/nothing/")):
        answer = client.get(address)
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert answer["Access-Control-Expose-Headers"] == (
            "ETag, Idempotency-Replayed, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, "
            "X-Error-Code, X-Request-Id"
        )


def test_answers_are_not_cached(api: Client) -> None:
    assert api.get("/api/customers/")["Cache-Control"] == "no-store"
