"""Client and sandbox against the official description of Klaviyo's API."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import time_machine
from django.test import Client
from openapi_core import OpenAPI
from werkzeug.datastructures import Headers

from integrations import http
from integrations.base import Answer, Outcome
from integrations.klaviyo import client
from integrations.klaviyo.integration import Klaviyo
from integrations.models import Connection, SandboxEvent, SandboxProfile
from subscriptions.events.catalogue import KINDS
from tests.factories import ItemFactory, MerchantFactory
from tests.integrations.events import create_delivery, create_event, create_sandbox_connection
from tests.integrations.klaviyo.runs.every_run import check_every_run
from tests.integrations.klaviyo.sending import send_delivery
from tests.integrations.sandbox.account import event_body, import_body
from tests.integrations.sandbox.bad_bodies import BAD_BODIES, profile_attributes
from tests.integrations.spec import SpecRequest, schema_takes

pytestmark = [pytest.mark.contract, pytest.mark.django_db]
KLAVIYO = "https://a.klaviyo.com"


class SpecResponse:
    """A Django response as openapi-core reads one."""

    def __init__(self, response: Any) -> None:
        self.data, self.status_code = response.content or None, response.status_code
        self.content_type = response.headers.get("Content-Type", "")
        self.headers = Headers(list(response.headers.items()))


@pytest.fixture(scope="module")
def spec(contracts) -> OpenAPI:
    return OpenAPI.from_file_path(str(contracts / "klaviyo-openapi-strict.json"))


def request_of(body: Any, connection: Connection, path: str = "/api/events") -> httpx.Request:
    headers = {
        "Authorization": "Klaviyo-API-Key " + connection.secret,
        "revision": client.REVISION,
        "Content-Type": client.MEDIA_TYPE,
    }
    return httpx.Request("POST", KLAVIYO + path, headers=headers, content=json.dumps(body))


def ask_sandbox(request: httpx.Request) -> Any:
    names = ("authorization", "revision")
    return Client().generic(
        request.method,
        f"/sandbox/klaviyo{request.url.raw_path.decode()}",
        request.content,
        content_type=request.headers.get("content-type", ""),
        headers={name: request.headers[name] for name in names if name in request.headers},
    )


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2026-11-20T17:00:00Z", tick=False) as traveller:
        yield traveller


@pytest.fixture
def checked_sandbox(monkeypatch, spec) -> Callable[[], None]:
    """Lead outbound requests to the sandbox, and check both sides by the official description."""

    def handle(request: httpx.Request) -> httpx.Response:
        assert request.headers["Authorization"].startswith("Klaviyo-API-Key ")
        assert request.headers["Content-Type"] == "application/vnd.api+json"
        # A stored connection leads to the sandbox, which knows its key only so.
        path = request.url.raw_path.decode().removeprefix("/sandbox/klaviyo")
        request = httpx.Request(request.method, KLAVIYO + path, headers=request.headers, content=request.read())
        spec.validate_request(SpecRequest(request))
        response = ask_sandbox(request)
        return httpx.Response(response.status_code, stream=httpx.ByteStream(response.content))

    monkeypatch.setattr(http, "get_transport", lambda: httpx.MockTransport(handle))


@pytest.mark.usefixtures("checked_sandbox")
def test_klaviyo_and_the_sandbox_take_the_event_of_every_kind():
    item = ItemFactory(order__total="25.50", order__sub_total="25.50")
    connection = create_sandbox_connection(item.merchant)
    connection.base_url = KLAVIYO
    for kind in KINDS:
        assert send_delivery(create_delivery(create_event(kind, item), connection)) == Answer(Outcome.DONE, 202), kind
    assert set(SandboxEvent.objects.values_list("metric", flat=True)) == set(KINDS)


@pytest.mark.usefixtures("checked_sandbox")
def test_klaviyo_and_the_sandbox_take_recipients_of_every_sort():
    item = ItemFactory()
    connection = create_sandbox_connection(item.merchant)
    connection.base_url = KLAVIYO
    for recipient in (
        {"email": "josé@shop.test", "phone_number": None, "last_name": "Núñez 🌱"},
        {"email": "", "phone_number": "501-329-9800"},
        {"email": "ana@shop.test", "phone_number": "12", "first_name": "", "last_name": None},
        {"email": f"{'a' * 80}@long-enough-to-be-refused.test", "phone_number": "+15013299800"},
    ):
        answer = send_delivery(create_delivery(create_event("ordergroove.order.cancel", item, **recipient), connection))
        assert answer.outcome in (Outcome.DONE, Outcome.SKIPPED), (recipient, answer)


@pytest.mark.usefixtures("checked_sandbox")
def test_the_connection_test_is_a_call_klaviyo_knows():
    connection = create_sandbox_connection(MerchantFactory())
    connection.base_url = KLAVIYO
    assert Klaviyo().test(connection).outcome is Outcome.DONE


@pytest.mark.usefixtures("checked_sandbox")
def test_klaviyo_and_the_sandbox_take_the_requests_of_every_run(clock):
    check_every_run(clock)


@pytest.mark.usefixtures("checked_sandbox")
def test_klaviyo_and_the_sandbox_take_the_sample_of_every_kind():
    connection = create_sandbox_connection(MerchantFactory())
    connection.base_url = KLAVIYO
    answer = Klaviyo().send_samples(connection, "ana@shop.test", list(KINDS))
    assert (answer.outcome, answer.status, answer.detail) == (Outcome.DONE, 202, "")
    assert set(SandboxEvent.objects.values_list("metric", flat=True)) == set(KINDS)


@pytest.mark.parametrize("spoil", [pair[1] for pair in BAD_BODIES], ids=[pair[0] for pair in BAD_BODIES])
def test_schema_and_sandbox_refuse_the_same_bodies(spec, spoil):
    connection, body = create_sandbox_connection(MerchantFactory()), event_body()
    assert verdicts(spec, body, connection) == (True, True)
    spoil(body)
    # An identifier of null passes the description, though Klaviyo finds no profile by it.
    null_only = profile_attributes(body) == {"email": None} if "attributes" in body.get("data", {}) else False
    assert verdicts(spec, body, connection) == (null_only, False)


def verdicts(spec: OpenAPI, body: Any, connection: Connection) -> tuple[bool, bool]:
    request = request_of(body, connection)
    return schema_takes(spec, request), ask_sandbox(request).status_code == 202


FULL = event_body(
    value=12.5,
    value_currency="USD",
    backfill=False,
    profile={
        "email": "ana@shop.test",
        "phone_number": "+15013299800",
        "first_name": "Ana",
        "last_name": "Ruiz",
        "properties": {"Ordergroove Subscriber Status": "active"},
    },
)


def test_the_reads_answer_in_klaviyos_form(spec):
    connection = create_sandbox_connection(MerchantFactory())
    ask_sandbox(request_of(FULL, connection))
    kept, profile = SandboxEvent.objects.get(), SandboxProfile.objects.get()
    body = import_body({"email": "ana@shop.test"}, {"email": "bo@shop.test"})
    body["data"]["attributes"]["profiles"]["data"][1]["id"] = "0" * 32
    request = request_of(body, connection, "/api/profile-bulk-import-jobs")
    started = ask_sandbox(request)
    spec.validate_response(SpecRequest(request), SpecResponse(started))
    job = f"/api/profile-bulk-import-jobs/{started.json()['data']['id']}"
    for path in (
        job,
        f"{job}/import-errors",
        "/api/events",
        "/api/events?include=metric,profile&page[size]=1",
        f"/api/events/{kept.public_id.hex}",
        "/api/metrics",
        "/api/profiles",
        f"/api/profiles/{profile.public_id.hex}",
        "/api/accounts",
    ):
        request = httpx.Request(
            "GET", KLAVIYO + path, headers=dict(request_of({}, connection).headers) | {"content-length": "0"}
        )
        response = Client().get(
            f"/sandbox/klaviyo{path}",
            headers={name: request.headers[name] for name in ("authorization", "revision")},
        )
        drop_null_links(response)
        spec.validate_response(SpecRequest(request), SpecResponse(response))


def drop_null_links(response: Any) -> None:
    """Klaviyo gives missing `next` and `prev` as null; its description allows strings only."""
    body = response.json()
    body["links"] = {name: link for name, link in body["links"].items() if link}
    response.content = json.dumps(body)


def test_a_profile_upsert_is_answered_in_klaviyos_form(spec):
    connection = create_sandbox_connection(MerchantFactory())
    body = {"data": {"type": "profile", "attributes": {"email": "ana@shop.test"}}}
    for status in (201, 200):
        request = request_of(body, connection, "/api/profile-import")
        spec.validate_request(SpecRequest(request))
        response = ask_sandbox(request)
        assert response.status_code == status
        spec.validate_response(SpecRequest(request), SpecResponse(response))


@pytest.mark.parametrize("missing", ["revision", "content-type"])
def test_schema_and_sandbox_refuse_a_request_without_a_header(spec, missing):
    request = request_of(event_body(), create_sandbox_connection(MerchantFactory()))
    del request.headers[missing]
    assert not schema_takes(spec, request)
    assert ask_sandbox(request).status_code in (400, 415)
