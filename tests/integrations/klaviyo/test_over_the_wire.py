"""Events to Klaviyo over real HTTP, to Prism serving the official description."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from integrations.base import Outcome
from integrations.klaviyo import client
from integrations.klaviyo.integration import Klaviyo
from integrations.models import Connection, Delivery
from subscriptions.events import catalogue
from subscriptions.events.catalogue import KINDS
from tests.factories import ConnectionFactory, ItemFactory
from tests.integrations.events import create_delivery, create_event
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
