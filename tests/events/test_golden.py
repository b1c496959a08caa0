"""Every kind of event, emitted by its action, against its golden description."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from oneclick.models import ActionToken
from subscriptions.events.catalogue import KINDS
from subscriptions.models import Event
from tests.events.emitting import EMIT, create_rich_world
from tests.events.shape import GOLDEN, find_mismatches, walk_lists


def emit_event(kind: str) -> Event:
    world = create_rich_world()
    EMIT[kind](world)
    return Event.objects.filter(kind=kind).latest("id")


@pytest.mark.contract
def test_the_golden_descriptions_are_those_of_the_published_interface(contracts):
    described = json.loads((contracts / "events.json").read_text())
    assert list(KINDS) == [event["name"] for event in described["events"]]
    for event in described["events"]:
        base = described["base_payloads"][event["base"]]
        shape = {name: leaf for name, leaf in base.items() if name not in event["omits"]}
        assert GOLDEN[event["name"]] == {
            "payload": shape | dict.fromkeys(event["adds"], "string"),
            **{key: event[key] for key in ("name", "title", "adds_when", "profile_update", "carries_action_token")},
        }


def test_every_kind_has_its_golden_description_and_its_action():
    assert set(GOLDEN) == set(EMIT) == set(KINDS)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", KINDS)
def test_an_action_emits_the_event_exactly_as_described(kind):
    assert find_mismatches(emit_event(kind).payload, GOLDEN[kind]["payload"]) == []


@pytest.mark.django_db
@pytest.mark.parametrize("kind", KINDS)
def test_the_compared_payload_has_entries_in_each_list_and_several_entitlements(kind):
    shape = GOLDEN[kind]["payload"]
    found = dict(walk_lists(emit_event(kind).payload, shape))
    assert all(found.values())
    assert bool(found) == (not kind.endswith("item.out_of_stock"))
    assert ("entitlement_summaries" in shape) == (len(found.get(".entitlement_summaries", [])) == 2)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", KINDS)
def test_an_event_carries_the_token_its_description_names(kind):
    event = emit_event(kind)
    scopes = list(ActionToken.objects.filter(event=event).values_list("scope", flat=True))
    wanted = GOLDEN[kind]["carries_action_token"]
    assert scopes == ([wanted] if wanted else [])
    assert KINDS[kind].profile_status == GOLDEN[kind]["profile_update"]


def wrong_shapes(shape: dict[str, Any], value: Any) -> Iterator[dict[str, Any]]:
    """`shape` with one fault each: a wrong name, a wrong type, or an extra field, at every place of `value`."""
    if set(shape) == {"list_of"}:
        for inner in wrong_shapes(shape["list_of"], value[0]) if value else ():
            yield {"list_of": inner}
        return
    yield shape | {"unknown": "string"}
    for name, leaf in shape.items():
        others = {key: kept for key, kept in shape.items() if key != name}
        yield others | {name + "_": leaf}
        if isinstance(leaf, str):
            yield others | {name: "integer" if "boolean" in leaf else "boolean"}
        else:
            yield from (others | {name: inner} for inner in wrong_shapes(leaf, value[name]))


@pytest.mark.django_db
@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_name_or_type_or_an_extra_field_anywhere_is_noticed(kind):
    payload = emit_event(kind).payload
    tried = [find_mismatches(payload, wrong) for wrong in wrong_shapes(GOLDEN[kind]["payload"], payload)]
    assert len(tried) > 20 and all(tried)
