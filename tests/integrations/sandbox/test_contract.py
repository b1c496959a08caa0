"""The sandbox gives the same verdict over bodies as the official descriptions of both ESPs."""

import copy
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from openapi_core import OpenAPI

from integrations.sandbox.errors import InvalidBody
from integrations.sandbox.validation import validate_body
from tests.integrations.sandbox.account import bulk_body, event_body, import_body, profile_body
from tests.integrations.sandbox.test_attentive import ATTRIBUTES, EVENT
from tests.integrations.spec import spec_takes_body

pytestmark = pytest.mark.contract
KLAVIYO, ATTENTIVE = "https://a.klaviyo.com/api/", "https://api.attentivemobile.com/v1/"
REMOVED = object()
VALUES = [REMOVED, None, True, 0, "", "x", [], {"surprise": 1}]
PROFILE = {
    "email": "ana@shop.test",
    "phone_number": "+15013299800",
    "external_id": "C-1",
    "first_name": "Ana",
    "last_name": "Ruiz",
    "organization": "Bean House",
    "locale": "en-US",
    "image": "https://shop.test/ana.png",
    "location": {"city": "Little Rock", "latitude": 34.7, "longitude": "-92.3", "ip": "192.0.2.1"},
    "properties": {"Ordergroove Subscriber Status": "active"},
}
META = {"patch_properties": {"append": {"a": 1}, "unset": ["b"]}, "patch_identifiers": {"append": {}}}
FULL_EVENT = event_body(value=12.5, value_currency="USD", backfill=False, profile=PROFILE | {"anonymous_id": "a"})
FULL_BULK = bulk_body(FULL_EVENT)
FULL_PROFILE = profile_body("0" * 32, **PROFILE)
FULL_PROFILE["data"]["meta"] = META
FULL_IMPORT = import_body(PROFILE)
FULL_IMPORT["data"]["relationships"] = {"lists": {"data": [{"type": "list", "id": "L1"}]}}
DELETION = {"data": {"type": "profile", "id": None, "attributes": {"email": "ana@shop.test"}}}
BODIES: dict[str, tuple[str, Any]] = {
    "event": ("events", FULL_EVENT),
    "bulk events": ("event-bulk-create-jobs", FULL_BULK),
    "profile": ("profile-import", FULL_PROFILE),
    "bulk profiles": ("profile-bulk-import-jobs", FULL_IMPORT),
    "deletion": (
        "data-privacy-deletion-jobs",
        {"data": {"type": "data-privacy-deletion-job", "attributes": {"profile": DELETION}}},
    ),
}
ATTENTIVE_BODIES = {
    "attentive event": (
        "events/custom",
        EVENT | {"user": EVENT["user"] | {"externalIdentifiers": {"clientUserId": "C-1"}}},
    ),
    "attentive attributes": ("attributes/custom", ATTRIBUTES),
}


@cache
def load_spec(path: Path) -> OpenAPI:
    return OpenAPI.from_file_path(str(path))


@pytest.fixture
def klaviyo(contracts: Path) -> OpenAPI:
    return load_spec(contracts / "klaviyo-openapi-strict.json")


@pytest.fixture
def attentive(contracts: Path) -> OpenAPI:
    return load_spec(contracts / "attentive-openapi-subset.json")


def klaviyo_takes(spec: OpenAPI, path: str, body: Any) -> bool:
    headers = {"authorization": "Klaviyo-API-Key x", "revision": "2026-07-15"}
    headers["content-type"] = "application/vnd.api+json"
    return spec_takes_body(spec, KLAVIYO + path, body, **headers)


def attentive_takes(spec: OpenAPI, path: str, body: Any) -> bool:
    return spec_takes_body(spec, ATTENTIVE + path, body, **{"content-type": "application/json"})


def sandbox_takes(name: str, body: Any) -> bool:
    try:
        validate_body(body, name)
    except InvalidBody:
        return False
    return True


def places_in(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where each value is; what is inside properties is free."""
    if place[-1:] == ("properties",):
        return
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inside:
        yield (*place, key)
        yield from places_in(part, (*place, key))


def changed_bodies(body: Any) -> Iterator[tuple[str, Any]]:
    """The body with each value in turn replaced by each of VALUES, and with an unknown key in each object."""
    for *parents, key in places_in(body):
        for value in VALUES:
            changed = copy.deepcopy(body)
            place = changed
            for parent in parents:
                place = place[parent]
            if value is REMOVED:
                place.pop(key)
            else:
                place[key] = copy.deepcopy(value)
            yield f"{[*parents, key]} = {value}", changed


@pytest.mark.parametrize("name", BODIES)
def test_a_body_changed_in_any_place_gets_klaviyos_verdict(klaviyo, name):
    path, body = BODIES[name]
    assert klaviyo_takes(klaviyo, path, body) and sandbox_takes(name, body)
    verdicts = [
        (text, klaviyo_takes(klaviyo, path, changed), sandbox_takes(name, changed))
        for text, changed in changed_bodies(body)
    ]
    assert [verdict for verdict in verdicts if verdict[1] != verdict[2]] == []
    assert {klaviyos for _, klaviyos, _ in verdicts} == {True, False}


@pytest.mark.parametrize("name", ["event", "bulk events", "profile", "bulk profiles"])
@pytest.mark.parametrize(
    ("identifiers", "taken"),
    [
        *[({key: value}, True) for key, value in PROFILE.items() if key in ("email", "phone_number", "external_id")],
        ({"_kx": "k"}, True),
        ({}, False),
        ({"first_name": "Ana"}, False),
    ],
)
def test_a_profile_needs_one_of_the_identifiers_klaviyo_knows(klaviyo, name, identifiers, taken):
    one = event_body(profile=identifiers)
    body = {"event": one, "bulk events": bulk_body(one), "profile": profile_body(**identifiers)}
    body["bulk profiles"] = import_body(identifiers)
    path = BODIES[name][0]
    assert (klaviyo_takes(klaviyo, path, body[name]), sandbox_takes(name, body[name])) == (taken, taken)


@pytest.mark.parametrize(("count", "taken"), [(0, False), (1000, True), (1001, False)])
def test_the_number_of_events_in_a_bulk_request_is_klaviyos(klaviyo, count, taken):
    path, body = BODIES["bulk events"][0], bulk_body(*[event_body()] * count)
    assert (klaviyo_takes(klaviyo, path, body), sandbox_takes("bulk events", body)) == (taken, taken)


def test_an_identifier_of_null_passes_the_description_alone(klaviyo):
    """Klaviyo finds no profile by it, so the sandbox refuses it."""
    body = event_body(profile={"email": None})
    assert (klaviyo_takes(klaviyo, "events", body), sandbox_takes("event", body)) == (True, False)


@pytest.mark.parametrize("name", ATTENTIVE_BODIES)
def test_what_attentives_description_refuses_is_refused(attentive, name):
    path, body = ATTENTIVE_BODIES[name]
    assert attentive_takes(attentive, path, body) and sandbox_takes(name, body)
    refused = [
        (text, sandbox_takes(name, changed))
        for text, changed in changed_bodies(body)
        if not attentive_takes(attentive, path, changed)
    ]
    assert len(refused) > 20 and [text for text, taken in refused if taken] == []
