import re
from pathlib import Path

import pytest

from subscriptions.api import serializers


@pytest.mark.contract
@pytest.mark.parametrize("name", ["Customer", "Subscription", "Order", "Item"])
def test_the_keys_are_the_published_ones(contracts: Path, name: str) -> None:
    chapter = (contracts / "rest-api.md").read_text().split("## 5 Objects")[1].split("## 6 ")[0]
    shape = re.search(rf"^\*\*{name}\*\*\s+(?:```)?\s*`?(\{{.*?\}})(?:`|\n```)", chapter, re.M | re.S).group(1)
    fields = getattr(serializers, f"{name}Serializer").object_type.values
    only_on_request = {"has_plan"}
    # One level of braces is the object itself; what is nested has tests of its own.
    flat = re.sub(r"\[\{.*?\}\]", "[]", shape)
    assert set(re.findall(r'"(\w+)":', flat)) == set(fields) - only_on_request
