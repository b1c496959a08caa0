"""GET and HEAD change nothing: every address, opened by every kind of visitor."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from integrations.sandbox import private_keys as sandbox
from onboarding.setup_link import setup_link
from oneclick.models import ActionToken, Click
from oneclick.tokens.token_text import encode_token
from subscriptions import api_keys
from subscriptions.actions.subscription import cancel
from subscriptions.models import Membership, Subscription
from tests.factories import STAFF, ConnectionFactory, MembershipFactory, subscription_with_order
from tests.rows import read_all_rows

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
PLACEHOLDER = re.compile(r"<[^>]+>|\(\?P<(\w+)>[^)]*\)")
ACTS = "/one_click/reactivate/"


def routes(patterns: list[URLPattern | URLResolver], prefix: str = "/") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield re.sub(r"\^|\$|/\?$|/\?(?=actions)|\\(?=\.)", "", route)


ROUTES = sorted(set(routes(get_resolver().url_patterns)))


@pytest.fixture
def subscription() -> Subscription:
    subscription = subscription_with_order()
    other = subscription_with_order(customer=subscription.customer)
    ConnectionFactory(
        merchant=subscription.merchant,
        base_url=sandbox.sandbox_url(),
        secret=sandbox.create_key(subscription.merchant),
    )
    cancel(other, actor=STAFF)
    return subscription


@pytest.fixture
def visitors(subscription) -> dict[str, Client]:
    # A key that may write acts by a one-click GET; see the exceptions below.
    _, key = api_keys.create_api_key(subscription.merchant, "Reading", ["read", "bulk", "gladly:read"])
    secret = subscription.merchant.connections.get().secret
    staff = Client()
    staff.force_login(MembershipFactory(merchant=subscription.merchant).user)
    return {
        "a scanner": Client(),
        "a browser": Client(headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}),
        "staff": staff,
        "an API client": Client(headers={"x-api-key": key}),
        "an ESP": Client(headers={"Authorization": "Klaviyo-API-Key " + secret, "revision": "2026-07-15"}),
    }


def besides_visits() -> dict[str, list[Any]]:
    """All rows except the records of visits: clicks, downloads of lists, and the sandbox's counts of requests."""
    return {name: rows for name, rows in read_all_rows().items() if name not in ("Click", "AuditEntry", "SandboxQuota")}


def addresses(route: str, subscription: Subscription) -> list[str]:
    """`route` with its parameters filled by ids of real rows."""
    public = subscription.merchant.public_id.hex
    token = ActionToken.objects.get()
    ids = [subscription.public_id.hex, subscription.customer.merchant_user_id, subscription.items.get().public_id.hex]
    fillings = {
        "action": ["reactivate"],
        "group_type": ["sku_swap"],
        "group_name": ["tea"],
        "slug": ["welcome"],
        "name": ["reminders", "nonsense"],
        "kind": ["customers", "nonsense"],
        "public_id": [public],
        "connection": [public],
        "subscription": [ids[0]],
        "order": [subscription.items.get().order.public_id.hex],
        "id": ids,
        "object_id": [str(token.pk), str(subscription.pk)],
        "content_type_id": ["1"],
        "app_label": ["subscriptions"],
        "url": ["anything"],
        "view_id": ["1"],
        "key": [str(Membership.objects.get().pk)],
        "uidb64": ["MQ"],
        "token": ["anything", setup_link().rstrip("/").rpartition("/")[2]],
    }
    filled = [route]
    for found in PLACEHOLDER.finditer(route):
        name = found[1] or found[0].strip("<>").split(":")[-1]
        filled = [path.replace(found[0], value) for path in filled for value in fillings[name]]
    query = f"?token={encode_token(token)}&action=reactivate"
    return [path + end for path in filled for end in ("", query)]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("route", ROUTES)
def test_get_and_head_change_no_row_of_the_domain(route, subscription, visitors):
    cache.clear()
    before = besides_visits()
    for address in addresses(route, subscription):
        for client in visitors.values():
            client.get(address)
            client.head(address)
    assert besides_visits() == before
    assert set(Click.objects.values_list("outcome", flat=True)) <= {"fetched"}


@pytest.mark.parametrize("named", [{"Accept": "application/json"}, {"Accept": "*/*", "x-api-key": ""}])
def test_the_exceptions_are_one_click_gets_that_name_json_or_come_with_a_key(subscription, named):
    token = ActionToken.objects.get()
    if "x-api-key" in named:
        _, key = api_keys.create_api_key(subscription.merchant, "Acting", ["write"])
        named = {**named, "x-api-key": key}
    address = f"{ACTS}?token={encode_token(token)}"
    before = besides_visits()
    assert Client().head(address, headers=named).status_code == 200
    assert besides_visits() == before
    assert Client().get(address, headers=named).json() == {}
    assert Subscription.objects.get(pk=token.subscription_id).live
