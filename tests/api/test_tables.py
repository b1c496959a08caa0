"""The tables of operations that the tests of access go through, taken together; and what holds for each list."""

import re
from typing import Any

import pytest
from django.test import Client

from integrations.webhooks.targets import create_target
from subscriptions.models import Merchant, PlacementAttempt
from tests.api.catalogue import test_access as catalogue
from tests.api.catalogue.rows import add_to_group, create_entitlement, create_incentive, create_offer, create_resource
from tests.api.commerce.world import OPERATIONS
from tests.api.people.calls import CALLS
from tests.api.test_webhook_targets import OPERATIONS as WEBHOOK_OPERATIONS
from tests.factories import CancelReasonFactory, subscription_with_order

ELSEWHERE = re.compile(r"/api/subscription/")  # checkouts have a folder of tests
LISTS = [
    "addresses",
    "customers",
    "entitlements",
    "items",
    "merchant/cancel_reason",
    "offer_profiles",
    "one_time_incentives",
    "orders",
    "payments",
    "placement_logs/responses",
    "product_groups",
    "products",
    "resources",
    "subscriptions",
    "webhook_targets",
]
UNORDERED = ("merchant/cancel_reason", "placement_logs/responses", "product_groups", "webhook_targets")
V2 = {"X-OG-API-VERSION": "2"}
LINKS = ["next", "previous", "results"]


def plain(method: str, path: str) -> tuple[str, str]:
    """An operation whatever the name of the id, the slash at the end, and the group that a table takes."""
    path = path.strip("/").replace("sku_swap/beans", "{group_type}/{name}")
    return method.lower(), f"/api/{re.sub(r'{[^}]*}', '{}', path)}/"


def test_each_operation_is_in_a_table_of_the_tests(served_schema: dict[str, Any]) -> None:
    tables = [*CALLS, *OPERATIONS, *catalogue.OPERATIONS]
    operations = {plain(each.method, each.path) for each in tables}
    operations |= {plain(method, path) for method, path in WEBHOOK_OPERATIONS}
    described = {
        plain(method, path.removeprefix("/api/"))
        for path, methods in served_schema["paths"].items()
        for method in methods
        if not ELSEWHERE.match(path)
    }
    assert operations == described


@pytest.fixture
def three_of_each(merchant: Merchant) -> None:
    for number in range(3):
        row = subscription_with_order(customer__merchant=merchant)
        order = row.items.get().order
        add_to_group(row.product, "sku_swap", f"group {number}")
        create_offer(merchant)
        create_incentive(order)
        create_entitlement(row, create_resource(merchant, f"resource {number}"))
        CancelReasonFactory(merchant=merchant, code=number, application=f"app {number}")
        create_target(merchant, f"https://93.184.216.34/hook/{number}", name=f"target {number}")
        PlacementAttempt.objects.create(merchant=merchant, order=order, tries=1, effect="placed")


def test_the_lists_of_these_tests_are_all_lists(served_schema: dict[str, Any]) -> None:
    paged = {
        path.removeprefix("/api/").rstrip("/")
        for path, methods in served_schema["paths"].items()
        if any(parameter["name"] == "page_size" for parameter in methods.get("get", {}).get("parameters", []))
    }
    assert paged == set(LISTS)


def walk(client: Client, address: str, headers: dict[str, str], keys: list[str]) -> list[dict[str, Any]]:
    """All rows of a list of three, in pages of two; from the last page, the first one is found again."""
    seen = []
    while address:
        answer = client.get(address, headers=headers).json()
        assert (list(answer), answer.get("count", 3)) == (keys, 3)
        seen += answer["results"]
        back, address = answer["previous"], answer["next"]
    assert client.get(back, headers=headers).json()["results"] == seen[:2]
    return seen


@pytest.mark.usefixtures("three_of_each")
@pytest.mark.parametrize("name", LISTS)
def test_each_list_goes_by_pages_and_by_cursor_in_each_of_its_orders(
    api: Client, served_schema: dict[str, Any], name: str
) -> None:
    parameters = {each["name"]: each for each in served_schema["paths"][f"/api/{name}/"]["get"]["parameters"]}
    orderings = re.findall(r"`(\w+)`", parameters.get("ordering", {}).get("description", ""))
    assert orderings or name in UNORDERED
    whole = api.get(f"/api/{name}/?page_size=3").json()["results"]
    for headers, envelope in (({}, ["count", *LINKS]), (V2, LINKS)):
        keys = LINKS if name == "entitlements" else envelope
        assert walk(api, f"/api/{name}/?page_size=2", headers, keys) == whole
        for ordering in orderings:
            upwards, downwards = (
                walk(api, f"/api/{name}/?page_size=2&ordering={sign}{ordering}", headers, keys) for sign in ("", "-")
            )
            assert upwards[::-1] == downwards, ordering
            assert sorted(map(str, upwards)) == sorted(map(str, whole)), ordering
