"""The sandbox as Gladly: what it stores, and what it refuses."""

from base64 import b64encode
from typing import Any

import pytest
from django.test import Client

from integrations.models import Connection, GladlyAccount, SandboxEvent, SandboxFault, SandboxProfile
from integrations.sandbox.private_keys import GLADLY, sandbox_url
from tests.factories import MerchantFactory
from tests.integrations.events import create_sandbox_connection
from tests.integrations.sandbox.account import NOON

pytestmark = pytest.mark.django_db
CONTENT = {
    "type": "CUSTOMER_ACTIVITY",
    "activityType": "ISSUE",
    "title": "Order skipped",
    "body": "<p>Skipped.</p>",
    "sourceName": "Reprise",
    "occurredAt": "2026-11-20T12:00:00.000Z",
}
ITEM = {"id": "e1", "customer": {"emailAddress": "ana@shop.test"}, "content": CONTENT}


@pytest.fixture
def connection() -> Connection:
    made = create_sandbox_connection(MerchantFactory(), integration=GLADLY, base_url=sandbox_url(GLADLY))
    GladlyAccount.objects.create(connection=made, api_user="api@shop.test")
    return made


def send(connection: Connection, path: str, body: Any = None, user: str = "api@shop.test") -> Any:
    credentials = b64encode(f"{user}:".encode() + connection.secret.encode()).decode()
    client, url = Client(enforce_csrf_checks=True, headers={"Authorization": "Basic " + credentials}), "/sandbox/gladly"
    if body is None:
        return client.get(f"{url}/api/v1/{path}")
    return client.post(f"{url}/api/v1/{path}", body, content_type="application/json")


def test_an_entry_is_stored_and_its_id_is_taken(connection: Connection) -> None:
    answers = [send(connection, "conversation-items", ITEM) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 409]
    assert answers[1].json()["errors"] == [
        {"attr": "id", "code": "taken", "detail": "An item with this id exists already."}
    ]
    [kept] = SandboxEvent.objects.all()
    assert (kept.integration, kept.metric, kept.unique_id, kept.time) == ("gladly", "Order skipped", "e1", NOON)
    assert kept.properties == {"body": "<p>Skipped.</p>", "activityType": "ISSUE", "sourceName": "Reprise"}


def test_an_id_is_taken_for_all_customers_of_the_merchant_only(connection: Connection) -> None:
    other = create_sandbox_connection(MerchantFactory(), integration=GLADLY, base_url=sandbox_url(GLADLY))
    GladlyAccount.objects.create(connection=other, api_user="api@shop.test")
    of_bea = {**ITEM, "customer": {"emailAddress": "bea@shop.test"}}
    sent = [(connection, ITEM), (connection, of_bea), (other, of_bea)]
    assert [send(one, "conversation-items", body).status_code for one, body in sent] == [200, 409, 200]


def test_profiles_are_found_by_email_and_made_by_entries(connection: Connection) -> None:
    assert send(connection, "customer-profiles?email=ana%40shop.test").json() == []
    send(connection, "conversation-items", ITEM)
    made = send(connection, "customer-profiles", {"name": "Bea Berg", "emails": [{"original": "Bea@shop.test"}]})
    assert made.status_code == 201
    for email, name in (("ANA%40shop.test", ""), ("bea%40shop.test", "Bea Berg")):
        [found] = send(connection, f"customer-profiles?email={email}").json()
        assert found["name"] == name
    assert send(connection, "customer-profiles").json() == []
    assert SandboxProfile.objects.filter(integration="gladly").count() == 2


@pytest.mark.parametrize(
    ("change", "attr"),
    [
        ({"id": "x" * 51}, "id"),
        ({"id": "a/b"}, "id"),
        ({"customer": {}}, "customer"),
        ({"content": CONTENT | {"title": "x" * 101}}, "content.title"),
        ({"content": CONTENT | {"body": "x" * 25_001}}, "content.body"),
        ({"content": CONTENT | {"sourceName": "x" * 51}}, "content.sourceName"),
        ({"content": CONTENT | {"activityType": "ORDER"}}, "content.activityType"),
        ({"content": CONTENT | {"occurredAt": "2025-11-01T00:00:00Z"}}, "content.occurredAt"),
    ],
)
def test_what_gladly_refuses_is_refused(connection: Connection, change: dict[str, Any], attr: str) -> None:
    answer = send(connection, "conversation-items", ITEM | change)
    assert (answer.status_code, [error["attr"] for error in answer.json()["errors"]]) == (400, [attr])
    assert not SandboxEvent.objects.exists()


def test_user_and_token_are_needed(connection: Connection) -> None:
    assert send(connection, "customer-profiles?email=x", user="other@shop.test").status_code == 401
    assert send(connection, "customer-profiles?email=x", user="").status_code == 401
    for credentials in ("Basic !", "Basic Zm9v", "Bearer x", ""):
        answer = Client().get("/sandbox/gladly/api/v1/customer-profiles", headers={"Authorization": credentials})
        assert (answer.status_code, list(answer.json())) == (401, ["errors"])
    assert send(connection, "agents").status_code == 404


@pytest.mark.usefixtures("noon")
def test_ten_requests_a_second_are_taken_and_faults_happen(connection: Connection) -> None:
    answers = [send(connection, "customer-profiles?email=x") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert answers[0].headers["Ratelimit-Remaining-Second"] == "9"
    SandboxFault.objects.create(merchant=connection.merchant, outcome="unlimited")
    SandboxFault.objects.create(merchant=connection.merchant, outcome="503", endpoint="gladly.item", times=1)
    answers = [send(connection, "conversation-items", ITEM) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [503, 200]
