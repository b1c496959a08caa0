"""The sandbox as Attentive: what it stores, and what it refuses."""

from typing import Any

import pytest
import time_machine
from django.test import Client

from integrations.models import Connection, SandboxEvent, SandboxFault, SandboxProfile, SandboxQuota
from integrations.sandbox import private_keys
from tests.factories import MerchantFactory
from tests.integrations.events import create_sandbox_connection
from tests.integrations.sandbox.account import NOON, Account, event_body

pytestmark = pytest.mark.django_db
EVENT = {
    "type": "ordergroove.order.reminder",
    "externalEventId": "e1",
    "occurredAt": "2026-11-20T12:00:00Z",
    "user": {"phone": "+13115552368", "email": "ana@shop.test"},
    "properties": {"items_count": 2, "items_subset": [{"name": "House blend"}]},
}
ATTRIBUTES = {"properties": {"Status": "active"}, "user": {"email": "ana@shop.test"}}


@pytest.fixture
def connection() -> Connection:
    return create_sandbox_connection(
        MerchantFactory(name="Bean House"),
        integration=Connection.Integration.ATTENTIVE,
        base_url=private_keys.sandbox_url(Connection.Integration.ATTENTIVE),
    )


def send(connection: Connection, path: str, body: Any = None, scheme: str = "Bearer") -> Any:
    headers = {"Authorization": f"{scheme} {connection.secret}"}
    url, client = f"/sandbox/attentive/v1/{path}", Client(enforce_csrf_checks=True)
    if body is None:
        return client.get(url, headers=headers)
    return client.post(url, body, content_type="application/json", headers=headers)


def test_an_event_is_stored_beside_klaviyos_and_doubles_are_shown(connection):
    answers = [send(connection, "events/custom", EVENT) for _ in range(2)]
    assert [(answer.status_code, answer.content) for answer in answers] == [(200, b"")] * 2
    assert [*SandboxEvent.objects.values_list("integration", "metric", "unique_id", "time", "properties")] == [
        ("attentive", EVENT["type"], "e1", NOON, EVENT["properties"])
    ] * 2
    profile = SandboxProfile.objects.get()
    assert (profile.integration, profile.email, profile.phone_number) == ("attentive", "ana@shop.test", "+13115552368")


def test_attributes_are_kept_with_the_profile(connection):
    send(connection, "events/custom", EVENT)
    answer = send(connection, "attributes/custom", ATTRIBUTES)
    assert (answer.status_code, answer.content) == (200, b"")
    assert SandboxProfile.objects.get().properties == {"Status": "active"}


def test_the_first_value_of_an_attribute_fixes_its_type(connection):
    send(connection, "attributes/custom", ATTRIBUTES)
    for value, status in (("inactive", 200), (5, 400)):
        body = {"properties": {"Status": value}, "user": {"email": "bo@shop.test"}}
        assert send(connection, "attributes/custom", body).status_code == status


def test_the_same_person_at_klaviyo_is_another_profile(connection):
    account = Account()
    account.connection = create_sandbox_connection(connection.merchant, name="Klaviyo too")
    account.headers["authorization"] = f"Klaviyo-API-Key {account.connection.secret}"
    send(connection, "events/custom", EVENT)
    assert account.post("/events", event_body()).status_code == 202
    assert [*SandboxProfile.objects.order_by("pk").values_list("integration", flat=True)] == ["attentive", "klaviyo"]
    assert len(account.get("/events").json()["data"]) == len(account.get("/profiles").json()["data"]) == 1


def test_the_account_is_the_merchants(connection):
    assert send(connection, "me").json()["companyName"] == "Bean House"


def test_only_a_key_with_its_scheme_is_accepted(connection):
    assert send(connection, "me", scheme="Klaviyo-API-Key").status_code == 401
    connection.secret += "0"
    assert send(connection, "me").status_code == 401
    assert Account().http.get("/sandbox/attentive/v1/me").status_code == 401


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("events/custom", {"user": {}}),
        ("events/custom", {"user": {"email": "ana@shop.test", "name": "Ana"}}),
        ("events/custom", {"user": {"phone": "501-329-9800"}}),
        ("events/custom", {"user": None}),
        ("events/custom", {"type": None}),
        ("events/custom", {"type": "order (new)"}),
        ("events/custom", {"type": "a,b"}),
        ("events/custom", {"occurredAt": "2026-11-20T12:00:00"}),
        ("events/custom", {"properties": {"a.b": 1}}),
        ("events/custom", {"properties": {f"k{number}": 1 for number in range(201)}}),
        ("attributes/custom", {"properties": {"Status": ["active"]}}),
        ("attributes/custom", {"properties": {"Status": True}}),
        ("attributes/custom", {"properties": {"n" * 201: 1}}),
        ("attributes/custom", {"user": {}}),
    ],
)
def test_a_bad_body_is_refused_and_leaves_nothing(connection, path, change):
    body = (EVENT if path == "events/custom" else ATTRIBUTES) | change
    assert send(connection, path, body).status_code == 400
    assert not SandboxProfile.objects.exists()


def test_the_limit_of_a_second_is_over_all_requests(connection):
    with time_machine.travel(NOON, tick=False):
        first = send(connection, "me")
        SandboxQuota.objects.update(in_second=149)
        free, throttled = (send(connection, "attributes/custom", ATTRIBUTES) for _ in range(2))
    assert (first["x-ratelimit-limit"], first["x-ratelimit-remaining"]) == ("150", "149")
    assert (free.status_code, throttled.status_code, throttled["Retry-After"]) == (200, 429, "1")


def test_a_fault_is_answered_here_too(connection):
    SandboxFault.objects.create(merchant=connection.merchant, outcome="503", endpoint="attentive.event")
    assert send(connection, "events/custom", EVENT).status_code == 503
    assert send(connection, "attributes/custom", ATTRIBUTES).status_code == 200
