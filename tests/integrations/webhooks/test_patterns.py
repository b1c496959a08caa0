import re
from pathlib import Path

import pytest
from django.conf import settings

from integrations.webhooks.patterns import (
    KINDS_BY_TYPE,
    UnknownTypes,
    join_types,
    matching_kinds,
    matching_types,
    parse_pattern,
)
from subscriptions.events import catalogue
from subscriptions.events.catalogue import ALL_KINDS, KINDS

ORDER_TYPES = [name for name in KINDS_BY_TYPE if name.startswith("order.")]


@pytest.mark.parametrize(
    ("pattern", "kinds"),
    [
        ("", set()),
        (" | ", set()),
        ("order.reminder", {catalogue.ORDER_REMINDER}),
        ("subscription.change_live", {catalogue.SUBSCRIPTION_REACTIVATE}),
        ("subscription.reactivate", {catalogue.SUBSCRIPTION_REACTIVATE}),
        ("order.retryable_placement_failure", {catalogue.RETRYABLE_FAILURE}),
        ("item.create | order.delete", {catalogue.ITEM_CREATE, catalogue.ORDER_DELETE}),
        ("subscriber.*|order.create", {*(n for n in KINDS if ".subscriber." in n), catalogue.ORDER_CREATE}),
        ("subscription.*", {kind.name for kind in ALL_KINDS.values() if kind.base == "subscription"}),
        ("order.*", {KINDS_BY_TYPE[name] for name in ORDER_TYPES}),
        ("*", set(ALL_KINDS)),
        ("*|order.create", set(ALL_KINDS)),
    ],
)
def test_a_pattern_matches_the_types_it_names(pattern: str, kinds: set[str]) -> None:
    assert matching_kinds(pattern) == kinds


@pytest.mark.parametrize(
    ("pattern", "unknown"),
    [
        ("order.remind", "order.remind"),
        ("order.create|Order.Create|order", "Order.Create, order"),
        ("entitlement.*", "entitlement.*"),
        ("*.create", "*.create"),
        ("order.c*", "order.c*"),
        ("ordergroove.order.reminder", "ordergroove.order.reminder"),
        ("**", "**"),
    ],
)
def test_unknown_names_are_refused_with_the_valid_ones(pattern: str, unknown: str) -> None:
    with pytest.raises(UnknownTypes) as refusal:
        matching_kinds(pattern)
    assert str(refusal.value).startswith(f"Not a type of event: {unknown}. Valid are *, subscriber.*, subscription.*")
    assert all(name in str(refusal.value) for name in KINDS_BY_TYPE)


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("", ""),
        ("||  |", ""),
        (" order.* | item.create|order.*", "order.*|item.create"),
        ("subscription.reactivate|subscription.change_live", "subscription.change_live"),
    ],
)
def test_a_pattern_is_kept_without_blanks_repeated_parts_and_aliases(text: str, parsed: str) -> None:
    assert parse_pattern(text) == parsed


@pytest.mark.parametrize(
    ("types", "pattern"),
    [
        ([], ""),
        (["item.create", "order.reminder"], "order.reminder|item.create"),
        (["subscription.reactivate"], "subscription.change_live"),
        ([*ORDER_TYPES, "item.create"], "order.*|item.create"),
        ([*KINDS_BY_TYPE], "*"),
    ],
)
def test_types_are_joined_to_the_shortest_pattern_that_matches_them(types: list[str], pattern: str) -> None:
    assert join_types(types) == pattern
    assert matching_kinds(pattern) == matching_kinds("|".join(types))
    assert set(matching_types(pattern)) == set(types) or types == ["subscription.reactivate"]


def test_a_type_that_does_not_exist_cannot_be_joined() -> None:
    with pytest.raises(UnknownTypes, match="order.x"):
        join_types(["order.x"])


@pytest.mark.contract
def test_the_types_and_their_metrics_are_those_of_the_contract(contracts: Path) -> None:
    section = (contracts / "outbound-webhooks.md").read_text().split("## 3. ")[1].split("## 4. ")[0]
    described = {}
    for types, metrics in re.findall(r"^\| (`.+?) \| (.+?) \|$", section, re.MULTILINE):
        for named, family in _names(types):
            webhook_type = f"{family}{named}"
            by_rule = {"by rule": f"ordergroove.{webhook_type}", "none, webhook only": webhook_type}
            own = re.search(r"`(.+)`", metrics)
            described[webhook_type] = own[1] if own else by_rule.get(metrics, webhook_type)
    assert described == KINDS_BY_TYPE


def _names(types: str) -> list[tuple[str, str]]:
    """`family.` stands before the names that follow it, or with a single one."""
    found, family = [], ""
    for text in re.findall(r"`(.+?)`", types):
        if text.endswith("."):
            family = text
        elif "." in text:
            found.append((text, ""))
        else:
            found.append((text, family))
    return found


def test_the_documentation_has_every_type() -> None:
    section = (
        (settings.BASE_DIR / "docs" / "developers" / "webhooks.md").read_text().split("## Types")[1].split("## ")[0]
    )
    described, family = [], ""
    for cell in re.findall(r"^\| (`.+?) \|", section, re.MULTILINE):
        for name in re.findall(r"`(.+?)`", cell):
            family = name.partition(".")[0] or family
            described.append(family + name if name.startswith(".") else name)
    assert sorted(described) == sorted(KINDS_BY_TYPE)
