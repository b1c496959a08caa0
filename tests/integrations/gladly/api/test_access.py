"""Gladly's keys call Gladly's addresses, with the scope of each, and no others do."""

import json
from ipaddress import ip_network
from typing import Any

import pytest
from django.test import Client

from subscriptions.models import ApiKey, Merchant, Subscription
from tests.api.conftest import Connect
from tests.api.signatures import KEY, signature_header
from tests.integrations.gladly.app.world import BLEND, ORDER

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
READS = ["customers/?email=ana@shop.test", "subscriptions/?customer=C-1001", "cancel-reasons/"]
ACTS = {f"subscriptions/{BLEND}/cancel/": {}, f"orders/{ORDER}/skip_subscription/": {"subscription": BLEND}}
CALLS = [("get", path) for path in READS] + [("patch", path) for path in ACTS]
EACH = pytest.mark.parametrize(("method", "path"), CALLS)
DENIED = {"detail": "Authentication Failed"}


def call(client: Client, method: str, path: str) -> Any:
    if method == "get":
        return client.get(f"/gladly/v1/{path}")
    return client.patch(f"/gladly/v1/{path}", json.dumps(ACTS[path]), content_type="application/json")


@EACH
def test_a_call_needs_its_own_scope(agent: Client, connect: Connect, method: str, path: str) -> None:
    right, other = ("gladly:read", "gladly:act") if method == "get" else ("gladly:act", "gladly:read")
    for scopes in ((other,), ("read", "write", "bulk"), (other, "read", "write", "bulk")):
        answer = call(connect(*scopes), method, path)
        assert (answer.status_code, answer.json()) == (403, DENIED)
        assert answer["X-Error-Code"] == "insufficient_scope"
    assert Subscription.objects.get(public_id=BLEND).live
    assert call(connect(right), method, path).status_code == 200


@EACH
def test_nobody_else_may_call(agent: Client, merchant: Merchant, method: str, path: str) -> None:
    merchant.set_storefront_key(KEY)
    signature = {"Authorization": signature_header(merchant, "C-1001")}
    wrong = {"x-api-key": "rpk_00000000_" + "0" * 40}
    codes = {"no_credentials": [{}, signature], "bad_credentials": [wrong]}
    for code, headers in ((code, each) for code, all_headers in codes.items() for each in all_headers):
        answer = call(Client(headers=headers), method, path)
        assert (answer.status_code, answer.json(), answer["X-Error-Code"]) == (403, DENIED, code)


@EACH
def test_a_revoked_key_may_not_call(agent: Client, method: str, path: str) -> None:
    ApiKey.objects.update(revoked="2026-11-01T00:00:00Z")
    assert call(agent, method, path).status_code == 403


@EACH
def test_only_gladlys_addresses_may_call_where_they_are_given(
    agent: Client, settings: Any, method: str, path: str
) -> None:
    settings.GLADLY_ALLOWED_IPS = [ip_network("203.0.113.0/28")]
    answer = call(agent, method, path)
    assert (answer.status_code, answer.json(), answer["X-Error-Code"]) == (403, DENIED, "foreign_address")
    settings.GLADLY_ALLOWED_IPS = [ip_network("127.0.0.0/8")]
    assert call(agent, method, path).status_code == 200


def test_a_key_of_gladly_cannot_write_by_the_rest_api(agent: Client) -> None:
    for method, path in CALLS:
        address = f"/api/{path}"
        answer = agent.get(address) if method == "get" else agent.patch(address, "{}", content_type="application/json")
        assert answer.status_code in (403, 404), path
    assert Subscription.objects.get(public_id=BLEND).live
