"""The pages of API keys, of the storefront key and of the log of requests."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from subscriptions.admin.api_keys import MethodFilter
from subscriptions.api_keys import create_api_key, find_api_key
from subscriptions.models import ApiKey, ApiRequest, AuditEntry, Merchant, Role
from tests import factories as f
from tests.admin.pages import fill, visible_text
from tests.api.described.views import views_by_operation

Login = Callable[..., Client]
KEYS = "/admin/subscriptions/apikey/"
REQUESTS = "/admin/subscriptions/apirequest/"
NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)


@pytest.fixture
def merchant(db: None) -> Merchant:
    made: Merchant = f.MerchantFactory(storefront_key="k" * 32)
    return made


@pytest.fixture
def client(merchant: Merchant, login: Login) -> Client:
    return login(merchant)


def test_a_key_is_made_and_shown_once(merchant: Merchant, client: Client) -> None:
    page = client.post(f"{KEYS}add/", {"name": "Checkout", "scopes": ["read", "write"]})
    assert "no-store" in page["Cache-Control"]
    (text,) = set(re.findall(r"rpk_[0-9a-f]{8}_[0-9a-f]{40}", page.content.decode()))
    key = ApiKey.objects.get()
    assert find_api_key(text) == key
    assert (key.merchant, key.name, key.scopes, key.expires) == (merchant, "Checkout", ["read", "write"], None)
    for address in (KEYS, f"{KEYS}{key.pk}/change/"):
        shown = client.get(address).content.decode()
        assert f"rpk_{key.prefix}_…" in shown and text not in shown
    assert AuditEntry.objects.get().row == str(key.pk)
    api = Client(headers={"x-api-key": text})
    assert api.get("/api/customers/?customer=C-1").status_code == 200
    client.post(f"{KEYS}{key.pk}/revoke/")
    assert api.get("/api/customers/?customer=C-1").status_code == 403


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"name": ""}, "This field is required."),
        ({"scopes": []}, "This field is required."),
        ({"scopes": ["admin"]}, "Select a valid choice."),
        ({"expires": "2020-01-01"}, "Choose tomorrow or a later day."),
        ({"expires": "9999-12-31"}, "Choose tomorrow or a later day."),
    ],
)
def test_a_wrong_key_is_refused_with_a_reason(client: Client, changed: dict, error: str) -> None:
    page = client.post(f"{KEYS}add/", {"name": "Checkout", "scopes": ["read"]} | changed)
    assert error in page.content.decode()
    assert not ApiKey.objects.exists()


@time_machine.travel(NOON, tick=False)
def test_a_key_ends_when_its_day_begins_at_the_merchant(client: Client) -> None:
    page = client.post(f"{KEYS}add/", {"name": "Checkout", "scopes": ["read"], "expires": "2026-11-20"})
    assert "Choose tomorrow or a later day." in page.content.decode()
    client.post(f"{KEYS}add/", {"name": "Checkout", "scopes": ["read"], "expires": "2026-11-21"})
    assert ApiKey.objects.get().expires == datetime(2026, 11, 21, 5, tzinfo=UTC)


def test_a_first_storefront_key_has_no_old_one(merchant: Merchant, client: Client) -> None:
    Merchant.objects.update(storefront_key="")
    page = client.post(f"/admin/subscriptions/merchant/{merchant.pk}/rotate-key/")
    assert "The old key: not valid" in visible_text(page)


def test_an_eleventh_key_is_refused(merchant: Merchant, client: Client) -> None:
    for number in range(10):
        create_api_key(merchant, f"Key {number}", ["read"])
    page = client.post(f"{KEYS}add/", {"name": "One more", "scopes": ["read"]}, follow=True)
    assert "10 keys are active; revoke one first." in page.content.decode()
    assert ApiKey.objects.count() == 10


@pytest.mark.parametrize("role", [role for role in Role.values if role != Role.OWNER])
def test_only_owners_make_keys(merchant: Merchant, login: Login, role: str) -> None:
    client = login(merchant, role)
    for answer in (client.get(f"{KEYS}add/"), client.post(f"{KEYS}add/", {"name": "Mine", "scopes": ["read"]})):
        assert answer.status_code == 403
    assert not ApiKey.objects.exists()


def test_a_key_is_neither_changed_nor_deleted(merchant: Merchant, client: Client) -> None:
    key, _ = create_api_key(merchant, "Checkout", ["read"])
    client.post(f"{KEYS}{key.pk}/change/", {"name": "Other", "scopes": ["write"]})
    assert client.post(f"{KEYS}{key.pk}/delete/", {"post": "yes"}).status_code == 403
    assert ApiKey.objects.get().scopes == ["read"]


def test_the_list_says_when_a_key_was_used_last(merchant: Merchant, client: Client) -> None:
    key, _ = create_api_key(merchant, "Checkout", ["read"])
    assert "Never" in visible_text(client.get(KEYS))
    ApiKey.objects.update(last_used=NOON)
    assert "Nov. 20, 2026, 12:00 PM" in visible_text(client.get(KEYS))
    assert "Nov. 20, 2026, 12:00 PM" in visible_text(client.get(f"{KEYS}{key.pk}/change/"))


def test_the_storefront_key_is_rotated_and_shown_once(merchant: Merchant, client: Client) -> None:
    settings = f"/admin/subscriptions/merchant/{merchant.pk}/"
    with time_machine.travel(NOON, tick=False) as traveller:
        page = client.post(f"{settings}rotate-key/")
        merchant.refresh_from_db()
        new = merchant.storefront_key[:]
        assert len(new) == 32 and new != "k" * 32
        assert new in visible_text(page) and "Nov. 21, 2026, 12:00 PM" in visible_text(page)
        assert merchant.valid_storefront_keys() == [new, "k" * 32]
        shown = client.get(f"{settings}change/").content.decode()
        assert "valid until Nov. 21, 2026, 12:00 PM" in shown
        assert new not in shown
        traveller.move_to(NOON + timedelta(hours=24), tick=False)
        assert merchant.valid_storefront_keys() == [new]
        assert "Old storefront key" not in visible_text(client.get(f"{settings}change/"))


@pytest.mark.parametrize("page", ["merchant", "gateway"])
def test_a_key_that_staff_type_replaces_the_old_one_for_a_day(merchant: Merchant, client: Client, page: str) -> None:
    if page == "merchant":
        address, field = f"/admin/subscriptions/merchant/{merchant.pk}/change/", "storefront_key"
    else:
        address, field = "/admin/subscriptions/gatewaysettings/add/", "key"
    given = {"kind": "simulator"} if page == "gateway" else {"name": "New name"}
    for _ in range(2):  # a key that is typed again is no other one
        assert fill(client, address, **given, **{field: "n" * 32}) == ""
        merchant.refresh_from_db()
        assert merchant.valid_storefront_keys() == ["n" * 32, "k" * 32]
        if page == "gateway":
            address = f"/admin/subscriptions/gatewaysettings/{merchant.gateway.pk}/change/"
    assert fill(client, address, **given) == ""
    merchant.refresh_from_db()
    assert merchant.valid_storefront_keys() == ["n" * 32, "k" * 32]


@pytest.fixture
def requests(merchant: Merchant) -> list[ApiRequest]:
    keys = [create_api_key(merchant, name, ["read"])[0] for name in ("Checkout", "Export")]
    return [
        ApiRequest.objects.create(
            merchant=merchant,
            key=key,
            method=method,
            path=f"/api/{path}/",
            status=status,
            request_id=f"id-{path}",
            at=at,
        )
        for key, method, path, status, at in (
            (keys[0], "GET", "customers", 200, NOON),
            (keys[0], "POST", "addresses/create", 400, NOON - timedelta(hours=20)),
            (keys[1], "GET", "orders", 500, NOON - timedelta(days=5)),
            (None, "PATCH", "payments/1/update", 204, NOON - timedelta(days=20)),
        )
    ]


@time_machine.travel(NOON, tick=True)
def test_requests_are_listed_newest_first_and_found_by_filters(client: Client, requests: list[ApiRequest]) -> None:
    first, _, third, _ = requests
    paths = [row.path for row in requests]
    for query, found in {
        "": paths[::-1],
        f"key={first.key_id}": paths[1::-1],
        f"key={third.key_id}": paths[2:3],
        "key=storefront": paths[3:],
        "result=done": [paths[3], paths[0]],
        "result=refused": paths[1:2],
        "result=failed": paths[2:3],
        "method=GET": [paths[2], paths[0]],
        "period=1": paths[1::-1],
        "period=7": paths[2::-1],
        "q=id-orders": paths[2:3],
        "q=id-order": [],
    }.items():
        page = client.get(f"{REQUESTS}?{query}")
        assert [row.path for row in page.context["cl"].result_list] == found, query
    text = visible_text(client.get(REQUESTS))
    assert "PATCH /api/payments/1/update/" in text and "Storefront signature" in text and "id-orders" in text


def test_each_method_of_the_api_can_be_chosen() -> None:
    assert set(MethodFilter.titles) == {method.upper() for _, method in views_by_operation()}


def test_the_list_of_requests_costs_the_same_for_any_number(client: Client, requests, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        client.get(REQUESTS)
