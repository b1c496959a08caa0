"""Whatever a merchant can read is the same, whether there is another merchant or not."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.utils import timezone

from subscriptions.actions.merchant_deletion import delete_test_merchant
from subscriptions.models import Role
from tests.admin import hostile
from tests.api.described.views import views_by_operation
from tests.wall.addresses import TEMPLATES, fill, text_of
from tests.wall.callers import CALLERS
from tests.wall.statements import watched_writes
from tests.wall.worlds import MARK, World

# Differ from answer to answer.
RANDOM = re.compile(
    r'(nonce-|nonce="|csrfmiddlewaretoken" value="|"csrfToken": ")[\w+/=-]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'
)
# What a filter or a search may be given to find rows of `world`.
WANTED: dict[str, Any] = {
    "customer": lambda world: world.find("Customer").merchant_user_id,
    "email": lambda world: world.find("Customer").email,
    "item": lambda world: world.find("Item").public_id,
    "merchant": lambda world: world.merchant.public_id,
    "merchant_user_id": lambda world: world.find("Customer").merchant_user_id,
    "order": lambda world: world.find("Order").public_id,
    "subscription": lambda world: world.find("Subscription").public_id,
    "product": lambda world: world.find("Product").external_product_id,
    "external_product_ids[]": lambda world: world.find("Product").external_product_id,
    "id_or_name": lambda world: world.find("Product").name,
    "search": lambda world: world.find("Product").name,
    "group_name": lambda world: world.find("ProductGroup").name,
    "name": lambda world: world.find("ProductGroup").name,
    "external_resource_id": lambda world: world.find("Resource").external_resource_id,
    "resource_name": lambda world: world.find("Resource").name,
    "resource_public_id": lambda world: world.find("Resource").public_id,
    "resource_public_ids": lambda world: world.find("Resource").public_id,
    "grantee_external_ids_exact": lambda world: world.find("Grantee").external_id,
    "shipping_address": lambda world: world.find("Address").public_id,
    "offer": lambda world: world.find("Offer").public_id,
}


def read_all(client: Client, addresses: Iterable[str]) -> dict[str, str]:
    """The answers, without what differs from one to the next; what a request wrote is undone."""
    found = {}
    for address in addresses:
        before = transaction.savepoint()
        with watched_writes() as written:
            answer = client.get(address)
            text = answer.getvalue().decode(errors="replace")  # a file is streamed
        assert answer.status_code < 500, address
        assert written == [] or not address.startswith("/admin/"), address
        found[address] = f"{answer.status_code} {answer.get('Location')} {RANDOM.sub('', text)}"
        transaction.savepoint_rollback(before)
    return found


def has_mark(address: str, answer: str) -> bool:
    """Whether the answer has the other merchant's mark; a page may repeat what it was asked."""
    return MARK in answer and MARK not in address


def find_differences(client: Client, addresses: list[str], foreign: World) -> list[str]:
    """The addresses that answer otherwise once the other merchant is gone, or that have its mark in their answer."""
    before = read_all(client, addresses)
    delete_test_merchant(foreign.merchant)
    after = read_all(client, addresses)
    faults = [
        address for address in addresses if before[address] != after[address] or has_mark(address, before[address])
    ]
    return faults


def test_staff_lists_figures_and_files(own: World, foreign: World) -> None:
    pages = [fill(each, own) for each in TEMPLATES if each.startswith("/admin/") and "_id}" not in each]
    pages = [each for each in pages if not each.endswith(("/add/", "/logout/", "/two-factor/", "/views/"))]
    with time_machine.travel(timezone.now(), tick=False):
        assert find_differences(CALLERS["/admin/"][Role.OWNER](own), pages, foreign) == []


def test_lists_that_are_filtered_by_ids_of_the_other_merchant(own: World, foreign: World) -> None:
    keys = {model._meta.model_name: row.pk for model, row in foreign.rows.items()}
    pages = [f"{hostile.base_of(one)}?q={MARK.lower()}" for one in hostile.ADMINS if one.search_fields]
    for one in hostile.ADMINS:
        names = {name for each in one.list_filter for name in hostile.parameter_names(each)}
        pages += [f"{hostile.base_of(one)}?{name}={keys[name]}" for name in names if name in keys]
        pages += [
            f"/admin/autocomplete/?app_label={one.opts.app_label}&model_name={one.opts.model_name}&field_name={field}"
            for field in one.autocomplete_fields
        ]
    pages += [f"/admin/search/?s={text}" for text in (MARK, foreign.find("Order").public_id.hex)]
    pages += [f"/admin/find/?q={text}" for text in (MARK, foreign.find("Order").public_id.hex)]
    with time_machine.travel(timezone.now(), tick=False):
        assert find_differences(CALLERS["/admin/"][Role.OWNER](own), pages, foreign) == []


@pytest.mark.parametrize("name", CALLERS["/api/"])
def test_objects_and_lists_of_the_api(name: str, served_schema: dict[str, Any], own: World, foreign: World) -> None:
    addresses = []
    for path, method in views_by_operation():
        if method != "get":
            continue
        template = re.sub(r"product_id/{\w+}", "product_id/{id}", path)
        addresses.append(fill(template, own))
        parameters = served_schema["paths"].get(path, {}).get("get", {}).get("parameters", [])
        names = [each["name"] for each in parameters if each["in"] == "query" and each["name"] in WANTED]
        addresses += [f"{fill(template, own)}?{urlencode({each: text_of(WANTED[each](foreign))})}" for each in names]
    with time_machine.travel(timezone.now(), tick=False):
        assert find_differences(CALLERS["/api/"][name](own), addresses, foreign) == []


OTHERS = [start for start in CALLERS if start not in ("/admin/", "/api/")]


@pytest.mark.parametrize(("start", "name"), [(start, name) for start in OTHERS for name in CALLERS[start]])
def test_what_other_systems_read(start: str, name: str, own: World, foreign: World) -> None:
    addresses = [fill(each, own) for each in TEMPLATES if each.startswith(start)]
    wanted = urlencode({each: text_of(WANTED[each](foreign)) for each in ("email", "customer")})
    addresses += [f"{address}?{wanted}" for address in addresses]
    with time_machine.travel(timezone.now(), tick=False):
        assert find_differences(CALLERS[start][name](own), addresses, foreign) == []
