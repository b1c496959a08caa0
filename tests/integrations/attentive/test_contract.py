"""Every request to Attentive against the official description of its API."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError

from integrations import http
from integrations.attentive.integration import Attentive
from integrations.base import Outcome
from integrations.models import Connection
from subscriptions.events import catalogue
from subscriptions.events.catalogue import KINDS
from tests.factories import ConnectionFactory, ItemFactory
from tests.integrations.attentive.server import ME
from tests.integrations.events import create_delivery, create_event
from tests.integrations.spec import SpecRequest

pytestmark = [
    pytest.mark.contract,
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:Unsupported scheme type"),  # OAuth, which custom apps do not use
]
BASE_URL = "https://api.attentivemobile.com/v1"


@pytest.fixture(scope="module")
def spec(contracts: Any) -> OpenAPI:
    return OpenAPI.from_file_path(str(contracts / "attentive-openapi-subset.json"))


def check(spec: OpenAPI, request: httpx.Request) -> None:
    """Raises OpenAPIError; the description itself knows no credentials and no other media type."""
    assert request.headers["Authorization"] == "Bearer app_key"
    if request.method == "POST":
        assert request.headers["Content-Type"] == "application/json"
    spec.validate_request(SpecRequest(request))


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch, spec: OpenAPI) -> list[httpx.Request]:
    """The requests that leave, each checked by the description and then accepted."""
    made: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        check(spec, request)
        made.append(request)
        return httpx.Response(200, stream=httpx.ByteStream(json.dumps(ME).encode()))

    monkeypatch.setattr(http, "get_transport", lambda: httpx.MockTransport(handle))
    return made


def attentive_connection(**fields: Any) -> Connection:
    made: Connection = ConnectionFactory(integration="attentive", secret="app_key", **fields)
    return made


def test_the_requests_of_every_kind_are_what_attentive_describes(requests: list[httpx.Request]) -> None:
    item = ItemFactory(order__customer__phone_number="(501) 329-9800")
    connection = attentive_connection(merchant=item.merchant)
    deliveries = [create_delivery(create_event(kind, item), connection) for kind in KINDS]
    prepared = Attentive().prepare(connection, deliveries, bulk=False)
    assert [parcel.send().outcome for parcel in prepared.parcels] == [Outcome.DONE] * len(KINDS)
    urls = [str(request.url).removeprefix(BASE_URL) for request in requests]
    statuses = sum(kind.profile_status is not None for kind in KINDS.values())
    assert (urls.count("/events/custom"), urls.count("/attributes/custom")) == (len(KINDS), statuses)
    assert len(requests) == sum(len(parcel.roads) for parcel in prepared.parcels)


@pytest.mark.parametrize(
    "recipient",
    [
        {"email": "jose@shop.test", "phone_number": None, "last_name": "Núñez 🌱"},
        {"email": "", "phone_number": "501-329-9800"},
        {"email": "ana@shop.test", "phone_number": "12", "first_name": "", "last_name": None},
    ],
)
def test_recipients_of_every_sort_are_what_attentive_describes(
    requests: list[httpx.Request], recipient: dict[str, Any]
) -> None:
    event = create_event(catalogue.SUBSCRIPTION_CREATE, **recipient)
    connection = attentive_connection(merchant=event.merchant)
    [parcel] = Attentive().prepare(connection, [create_delivery(event, connection)], bulk=False).parcels
    assert (parcel.send().outcome, len(requests)) == (Outcome.DONE, 2)


@pytest.mark.usefixtures("requests")
def test_the_connection_test_is_a_call_attentive_knows() -> None:
    answer = Attentive().test(attentive_connection())
    assert (answer.outcome, answer.remote_id) == (Outcome.DONE, "MDc6Q29tcGFueTI")


def spoil(**changes: Any) -> Callable[[dict[str, Any]], None]:
    def change(body: dict[str, Any]) -> None:
        body.update(changes)

    return change


@pytest.mark.parametrize(
    "change",
    [
        spoil(user={}),
        lambda body: body.pop("user"),
        spoil(user={"email": "ana@shop.test", "name": "Ana"}),
        spoil(occurredAt="2026-11-20T12:00:00"),
        lambda body: body.pop("type"),
    ],
    ids=["empty user", "no user", "unknown user key", "time without offset", "no type"],
)
def test_the_canary_the_description_refuses_what_it_is_known_to_refuse(
    requests: list[httpx.Request], spec: OpenAPI, change: Callable[[dict[str, Any]], None]
) -> None:
    event = create_event(catalogue.ORDER_CANCEL)
    connection = attentive_connection(merchant=event.merchant)
    [parcel] = Attentive().prepare(connection, [create_delivery(event, connection)], bulk=False).parcels
    parcel.send()
    [request] = requests
    body = json.loads(request.content)
    change(body)
    headers = {"Authorization": request.headers["Authorization"]}
    spoilt = httpx.Request("POST", request.url, headers=headers, json=body)
    with pytest.raises(OpenAPIError):
        check(spec, spoilt)


def test_a_request_without_credentials_would_be_noticed(spec: OpenAPI) -> None:
    with pytest.raises(KeyError):
        check(spec, httpx.Request("GET", f"{BASE_URL}/me"))
