from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from subscriptions.api.authentication import MayListAll
from subscriptions.api.filtersets import CustomerFilters, ItemFilters, OrderFilters, SubscriptionFilters
from subscriptions.models import ApiKey, Merchant, Subscription
from tests.api.conftest import Connect
from tests.factories import SubscriptionFactory, subscription_with_order

LISTS = ["customers", "subscriptions", "orders", "items"]


def is_refused(response, code: str) -> bool:
    return (response.status_code, response.json(), response["X-Error-Code"]) == (
        403,
        {"detail": "Authentication Failed"},
        code,
    )


def test_without_a_key_every_request_is_refused(merchant: Merchant) -> None:
    response = Client().get("/api/customers/")
    assert is_refused(response, "no_credentials")
    assert "WWW-Authenticate" not in response


@pytest.mark.parametrize("text", ["", "rpk_", "rpk_00000000_" + "0" * 40, "Bearer x", "ä"])
def test_a_wrong_key_is_refused(merchant: Merchant, text: str) -> None:
    assert is_refused(Client(headers={"x-api-key": text}).get("/api/customers/"), "bad_credentials")


def test_a_revoked_key_is_refused(api: Client) -> None:
    ApiKey.objects.update(revoked=timezone.now())
    assert is_refused(api.get("/api/customers/"), "bad_credentials")


def test_an_expired_key_is_refused(connect: Connect) -> None:
    client = connect(expires=timezone.now() - timedelta(seconds=1))
    assert is_refused(client.get("/api/customers/"), "expired")


def test_reading_needs_read_and_writing_needs_write(connect: Connect, merchant: Merchant) -> None:
    row = SubscriptionFactory(customer__merchant=merchant)
    address = f"/api/subscriptions/{row.public_id.hex}/"
    reader, writer = connect("read"), connect("write")
    assert reader.get(address).status_code == 200
    assert is_refused(writer.get(address), "insufficient_scope")
    assert is_refused(reader.patch(address + "cancel/"), "insufficient_scope")
    assert Subscription.objects.get().live
    assert writer.patch(address + "cancel/").status_code == 200


def test_a_key_for_agents_is_refused(connect: Connect) -> None:
    assert is_refused(connect("gladly:read", "gladly:act").get("/api/customers/"), "insufficient_scope")


@pytest.mark.parametrize("name", LISTS)
def test_a_list_across_customers_needs_bulk_or_a_pin(connect: Connect, merchant: Merchant, name: str) -> None:
    subscription_with_order(customer__merchant=merchant)
    client = connect("read")
    assert is_refused(client.get(f"/api/{name}/"), "insufficient_scope")
    assert is_refused(client.get(f"/api/{name}/?live=true&place_start=2026-01-01"), "insufficient_scope")
    assert is_refused(client.get(f"/api/{name}/?customer="), "insufficient_scope")
    assert is_refused(client.get(f"/api/{name}/?customer=%20"), "insufficient_scope")
    assert connect("read", "bulk").get(f"/api/{name}/").json()["count"] == 1


@pytest.mark.parametrize("name", LISTS)
def test_a_pin_shows_one_customer_and_nobody_else(connect: Connect, merchant: Merchant, name: str) -> None:
    mine = subscription_with_order(customer__merchant=merchant)
    subscription_with_order(customer__merchant=merchant)
    item = mine.items.get()
    pins = {
        "customer": mine.customer.merchant_user_id,
        "merchant_user_id": mine.customer.merchant_user_id,
        "email": mine.customer.email.upper(),
        "subscription": mine.public_id.hex,
        "order": item.order.public_id.hex,
        "item": item.public_id.hex,
    }
    assert set(pins) == set(MayListAll.SCOPING_FILTERS)
    client = connect("read")
    shown = {"customers": mine.customer.merchant_user_id, "orders": pins["order"], "items": pins["item"]}
    for pin, value in pins.items():
        (row,) = client.get(f"/api/{name}/", {pin: value}).json()["results"]
        key = "merchant_user_id" if name == "customers" else "public_id"
        assert row[key] == shown.get(name, pins["subscription"]), pin
        assert client.get(f"/api/{name}/", {pin: "nobody"}).json()["results"] == [], pin


def test_each_pin_is_a_filter_of_each_list() -> None:
    # A list that did not know a pin would show all its rows.
    for filters in (CustomerFilters, SubscriptionFilters, OrderFilters, ItemFilters):
        assert set(MayListAll.SCOPING_FILTERS) <= set(filters.base_filters)


def test_another_merchants_rows_are_neither_listed_nor_found(stranger: Client, merchant: Merchant) -> None:
    row = subscription_with_order(customer__merchant=merchant)
    item = row.items.get()
    ids = {
        "customers": row.customer.merchant_user_id,
        "subscriptions": row.public_id.hex,
        "orders": item.order.public_id.hex,
        "items": item.public_id.hex,
    }
    for name, given in ids.items():
        response = stranger.get(f"/api/{name}/{given}/")
        assert (response.status_code, response.json()) == (404, {"detail": "Unable to find requested asset."})
        assert stranger.get(f"/api/{name}/").json()["count"] == 0
        assert stranger.get(f"/api/{name}/?subscription={row.public_id.hex}").json()["count"] == 0
    for verb in ("cancel", "reactivate"):
        response = stranger.patch(f"/api/subscriptions/{row.public_id.hex}/{verb}/")
        assert (response.status_code, response.json()) == (404, {"detail": "Unable to find requested asset."})
    assert Subscription.objects.get().live
