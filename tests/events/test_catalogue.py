import json

import pytest

from subscriptions.events.catalogue import KINDS, ROWS


@pytest.fixture(scope="session")
def described(contracts):
    return json.loads((contracts / "events.json").read_text())


@pytest.mark.contract
def test_the_catalogue_has_exactly_the_described_kinds(described):
    assert len(ROWS) == len(KINDS) == 23
    assert list(KINDS) == [event["name"] for event in described["events"]]


@pytest.mark.contract
def test_each_kind_agrees_with_its_description(described):
    for event in described["events"]:
        kind = KINDS[event["name"]]
        assert (
            kind.title,
            kind.category,
            kind.base,
            list(kind.adds),
            list(kind.omits),
            kind.token_scope,
            kind.profile_status,
        ) == (
            event["title"],
            event["category"],
            event["base"],
            event["adds"],
            event["omits"],
            event["carries_action_token"],
            event["profile_update"],
        ), kind.name
        assert kind.shopify_only == (event["adds_when"] == "shopify_merchant")
