import re
from pathlib import Path

import pytest

from subscriptions.objects.customers import ADDRESS, CUSTOMER, PAYMENT
from subscriptions.objects.entitlements import ENTITLEMENT, RESOURCE
from subscriptions.objects.object_type import ObjectType
from subscriptions.objects.orders import ITEM, ORDER
from subscriptions.objects.products import PRODUCT
from subscriptions.objects.subscriptions import SUBSCRIPTION

ON_REQUEST = {"has_plan", "product_selection_rules", "product_resource_grants"}
KINDS = pytest.mark.parametrize(
    "kind",
    [CUSTOMER, ADDRESS, PAYMENT, PRODUCT, ENTITLEMENT, RESOURCE, SUBSCRIPTION, ORDER, ITEM],
    ids=lambda kind: kind.name,
)


def published(contracts: Path, kind: ObjectType) -> dict[str, str]:
    """What the contract says of each key of an object; `?` at the end means that the value may be null."""
    chapter = (contracts / "rest-api.md").read_text().split("## 5 Objects")[1].split("## 6 ")[0]
    shape = re.search(rf"^\*\*{kind.name}\*\*\s+(?:```)?\s*`?\{{(.*?)\}}(?:`|\n```)", chapter, re.M | re.S)
    assert shape
    # One level of braces is the object itself; what is nested has tests of its own.
    flat = re.sub(r"\[\{.*?\}\]", "[]", shape[1])
    return dict(re.findall(r'"(\w+)":([^,]+)', flat))


@pytest.mark.contract
@KINDS
def test_the_keys_are_the_published_ones(contracts: Path, kind: ObjectType) -> None:
    assert set(published(contracts, kind)) == set(kind.values) - ON_REQUEST


@pytest.mark.contract
@KINDS
def test_the_values_that_may_be_null_are_the_published_ones(contracts: Path, kind: ObjectType) -> None:
    described = published(contracts, kind)
    may_be_null = {key for key, text in described.items() if text.strip().endswith("?")}
    # Of what the contract promises for later there is nothing yet.
    always_null = {key for key, value in kind.values.items() if value.schema == {"const": None}}
    assert {key for key, value in kind.values.items() if value.nullable} == may_be_null - always_null
