"""Every request to Klaviyo over real HTTP, to Prism serving the official description."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import time_machine
from django.test import Client

from integrations import http
from integrations.base import Outcome
from integrations.klaviyo import client
from integrations.klaviyo.integration import Klaviyo
from integrations.models import Connection, Delivery
from subscriptions.events import catalogue
from subscriptions.events.catalogue import KINDS
from tests.factories import ConnectionFactory, ItemFactory
from tests.integrations.events import create_delivery, create_event
from tests.integrations.klaviyo.runs.every_run import check_every_run
from tests.integrations.klaviyo.sending import event_attributes
from tests.integrations.prism import running_prism

pytestmark = [pytest.mark.contract, pytest.mark.slow, pytest.mark.django_db]
HEADERS = {
    "Authorization": "Klaviyo-API-Key pk_test",
    "revision": client.REVISION,
    "Content-Type": client.MEDIA_TYPE,
}


@pytest.fixture(scope="module")
def prism(contracts: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("prism") / "log.txt"
    with running_prism(contracts / "klaviyo-openapi-strict.json", log) as url:
        yield url


@pytest.fixture
def connection(prism: str, settings: Any) -> Connection:
    settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES = True
    settings.KLAVIYO_BASE_URL = prism
    made: Connection = ConnectionFactory(merchant=ItemFactory().merchant)
    return made


def deliveries_of_every_kind(connection: Connection) -> list[Delivery]:
    item = ItemFactory(order__customer__merchant=connection.merchant, order__customer__phone_number="501-329-9800")
    return [create_delivery(create_event(kind, item), connection) for kind in KINDS]


def test_prism_accepts_the_event_of_every_kind(connection: Connection) -> None:
    parcels = Klaviyo().prepare(connection, deliveries_of_every_kind(connection), bulk=False).parcels
    answers = {parcel.deliveries[0].event.kind: parcel.send() for parcel in parcels}
    assert {kind: (answer.outcome, answer.detail) for kind, answer in answers.items()} == dict.fromkeys(
        KINDS, (Outcome.DONE, "")
    )


def test_prism_accepts_them_in_bulk(connection: Connection) -> None:
    [parcel] = Klaviyo().prepare(connection, deliveries_of_every_kind(connection), bulk=True).parcels
    answer = parcel.send()
    assert (len(parcel.deliveries), answer.outcome, answer.detail) == (len(KINDS), Outcome.DONE, "")


def test_prism_accepts_the_connection_test(connection: Connection) -> None:
    assert Klaviyo().test(connection).status == 200


def test_prism_accepts_the_requests_of_every_run(prism: str, noon: time_machine.Traveller, monkeypatch) -> None:
    """Prism remembers nothing, so the sandbox answers each request that Prism has accepted."""
    made: set[tuple[str, str]] = set()
    wire = httpx.HTTPTransport()

    def ask_both(request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode().removeprefix("/sandbox/klaviyo")
        content, headers = request.read(), {name: request.headers[name] for name in HEADERS if name in request.headers}
        judged = wire.handle_request(httpx.Request(request.method, prism + path, headers=headers, content=content))
        assert judged.status_code < 300, (path, judged.read())
        judged.read()
        made.add((request.method, re.sub("[0-9a-f-]{32,36}", "ID", path.partition("?")[0])))
        answer = Client().generic(
            request.method,
            f"/sandbox/klaviyo{path}",
            content,
            content_type=client.MEDIA_TYPE,
            headers={name: request.headers[name] for name in ("authorization", "revision")},
        )
        return httpx.Response(answer.status_code, stream=httpx.ByteStream(answer.content))

    monkeypatch.setattr(http, "get_transport", lambda: httpx.MockTransport(ask_both))
    check_every_run(noon)
    wire.close()
    assert made == {
        ("POST", "/api/profile-import"),
        ("POST", "/api/profile-bulk-import-jobs"),
        ("GET", "/api/profile-bulk-import-jobs/ID"),
        ("GET", "/api/profile-bulk-import-jobs/ID/import-errors"),
        ("POST", "/api/event-bulk-create-jobs"),
        ("POST", "/api/data-privacy-deletion-jobs"),
    }


def leave_as_it_is(attributes: dict[str, Any]) -> None:
    pass


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (leave_as_it_is, 202),
        (lambda attributes: attributes["metric"]["data"]["attributes"].pop("name"), 400),
        (lambda attributes: attributes.update(colour="red"), 400),
    ],
    ids=["as it is", "no metric name", "unknown key"],
)
def test_the_canary_prism_refuses_what_the_description_refuses(
    prism: str, change: Callable[[dict[str, Any]], None], status: int
) -> None:
    attributes = event_attributes(create_event(catalogue.ORDER_CANCEL))
    change(attributes)
    content = json.dumps({"data": {"type": "event", "attributes": attributes}})
    assert httpx.post(f"{prism}/api/events", headers=HEADERS, content=content).status_code == status
