"""The errors that any call may meet."""

import logging

import pytest
from django.db import OperationalError, connection
from django.test import Client

from subscriptions.api.views import customers
from subscriptions.models import Customer, Merchant, Subscription
from tests.api.conftest import Connect
from tests.api.patches import patch_subscription
from tests.factories import MerchantFactory, SubscriptionFactory
from tests.races import holding_locks
from tests.rows import read_all_rows

MISSING = {"detail": "Unable to find requested asset."}


@pytest.mark.parametrize("given", ["0" * 32, "nonsense", "0" * 31, "A" * 32, "x" * 300])
@pytest.mark.parametrize("name", ["customers", "subscriptions", "orders", "items"])
def test_an_unknown_object_is_not_found(api: Client, name: str, given: str) -> None:
    response = api.get(f"/api/{name}/{given}/")
    assert (response.status_code, response.json()) == (404, MISSING)


def test_a_zero_byte_is_not_found_or_refused(api: Client) -> None:
    assert api.get("/api/customers/a%00b/").json() == MISSING
    assert api.get("/api/orders/%00/").json() == MISSING
    response = api.get("/api/orders/?customer=%00")
    assert (response.status_code, list(response.json())) == (400, ["customer"])


@pytest.mark.parametrize("address", ["", "nothing", "customers/a/b/", "subscriptions/x/pause/", "carts/1/"])
@pytest.mark.parametrize("method", ["get", "post", "patch", "delete"])
def test_an_unknown_path_is_not_found_and_needs_no_key(db: None, address: str, method: str) -> None:
    response = getattr(Client(enforce_csrf_checks=True), method)(f"/api/{address}")
    assert (response.status_code, response.json()) == (404, {"detail": "Not found."})


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("post", "customers/"),
        ("delete", "orders/0/"),
        ("put", "items/0/"),
        ("get", "subscriptions/0/cancel/"),
    ],
)
def test_another_method_is_not_allowed(api: Client, method: str, address: str) -> None:
    response = getattr(api, method)(f"/api/{address}")
    assert (response.status_code, response.json()) == (
        405,
        {"detail": f'Method "{method.upper()}" not allowed.'},
    )
    assert response["Allow"]


@pytest.mark.parametrize("media", ["text/plain", "application/xml", "multipart/form-data; boundary=x"])
def test_another_media_type_is_refused(api: Client, merchant: Merchant, media: str) -> None:
    row = SubscriptionFactory(customer__merchant=merchant)
    response = api.patch(f"/api/subscriptions/{row.public_id.hex}/cancel/", "{}", content_type=media)
    assert (response.status_code, response.json()) == (
        415,
        {"detail": f'Unsupported media type "{media}" in request.'},
    )
    assert Subscription.objects.get().live


@pytest.mark.parametrize(
    "media", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", ""]
)
def test_without_a_body_nothing_is_sent_whatever_its_media_type(api: Client, merchant: Merchant, media: str) -> None:
    row = SubscriptionFactory(customer__merchant=merchant)
    before = read_all_rows()
    for path in (
        f"addresses/{row.shipping_address.public_id.hex}/update",
        f"products/{row.product.external_product_id}",
    ):
        answer = api.generic("PATCH", f"/api/{path}/", "", CONTENT_TYPE=media, CONTENT_LENGTH="0")
        assert answer.status_code == 200
    assert read_all_rows() == before


@pytest.mark.parametrize("body", ["{", "'", "\x80", "NaN", "[" * 100_000])
def test_a_body_that_cannot_be_read_is_refused(api: Client, merchant: Merchant, body: str) -> None:
    row = SubscriptionFactory(customer__merchant=merchant)
    address = f"/api/subscriptions/{row.public_id.hex}/cancel/"
    response = api.patch(address, body.encode("latin-1"), content_type="application/json")
    assert (response.status_code, list(response.json())) == (400, ["detail"])
    assert response.json()["detail"].startswith("JSON parse error")


@pytest.mark.parametrize(
    "body", [b'\xef\xbb\xbf{"cancel_reason": "4|Ende \xc3\xa4"}', '{"cancel_reason": "4|Ende ä"}'.encode("utf-16")]
)
def test_a_byte_order_mark_before_json_is_skipped(api: Client, merchant: Merchant, body: bytes) -> None:
    row = SubscriptionFactory(customer__merchant=merchant)
    response = api.patch(f"/api/subscriptions/{row.public_id.hex}/cancel/", body, content_type="application/json")
    assert (response.status_code, response.json()["cancel_reason"]) == (200, "4|Ende ä")


def test_a_character_that_cannot_be_stored_is_refused_under_its_name(api: Client, merchant: Merchant) -> None:
    row = SubscriptionFactory(customer__merchant=merchant)
    for text in ("4|a\0", "4|\ud800"):
        response = patch_subscription(api, row, "cancel", {"cancel_reason": text})
        assert (response.status_code, list(response.json())) == (400, ["cancel_reason"])
    written_out = patch_subscription(api, row, "cancel", {"cancel_reason": "4|\\u0000"})
    assert (written_out.status_code, written_out.json()["cancel_reason"]) == (200, "4|\\u0000")


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k"}])
def test_a_body_that_is_too_large_is_refused(
    api: Client, merchant: Merchant, settings, headers: dict[str, str]
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    row = SubscriptionFactory(customer__merchant=merchant)
    response = patch_subscription(api, row, "cancel", {"cancel_reason": "long"}, **headers)
    assert (response.status_code, list(response.json())) == (400, ["detail"])


def test_answers_are_json_whatever_is_accepted(api: Client) -> None:
    for accepted in ("text/html", "application/xml", "*/*", ""):
        response = api.get("/api/customers/", headers={"Accept": accepted})
        assert (response.status_code, response["Content-Type"]) == (200, "application/json")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k"}])
def test_a_customer_held_by_another_write_is_busy(connect: Connect, headers: dict[str, str]) -> None:
    merchant = MerchantFactory()
    row = SubscriptionFactory(customer__merchant=merchant)
    client = connect(of=merchant)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")
    with holding_locks(Customer.objects.filter(pk=row.customer_id)):
        response = patch_subscription(client, row, "cancel", **headers)
    assert response.status_code == 423
    assert response.json() == {"details": "This customer is being changed elsewhere; try again in a moment."}
    assert (response["X-Error-Code"], response["Retry-After"]) == ("busy", "1")
    # Not kept: the same key acts once the customer is free.
    assert patch_subscription(client, row, "cancel", **headers).status_code == 200


def test_a_server_error_shows_no_internals_and_is_logged(
    api: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(customers.CustomerList, "list", _raise(RuntimeError("secret")))
    with caplog.at_level(logging.ERROR, logger="subscriptions.api.middleware"):
        response = api.get("/api/customers/")
    assert (response.status_code, response.json()) == (500, {"detail": "Something went wrong on our side."})
    (record,) = [line for line in caplog.records if line.name == "subscriptions.api.middleware"]
    assert record.getMessage() == "GET /api/customers/ failed"
    assert record.exc_info[0] is RuntimeError


def test_without_the_database_the_service_is_not_available(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(customers.CustomerList, "list", _raise(OperationalError("gone")))
    response = api.get("/api/customers/")
    assert response.status_code == 503
    assert response.json() == {"detail": "The service is not available; try again in a moment."}
    assert response["Retry-After"] == "5"


def _raise(error: Exception):
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail
