"""Every request to Attentive over real HTTP, to Prism serving the official description."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from integrations.attentive.integration import Attentive
from integrations.base import Outcome
from integrations.models import Connection
from subscriptions.events.catalogue import KINDS
from tests.factories import ConnectionFactory, ItemFactory
from tests.integrations.events import create_delivery, create_event
from tests.integrations.prism import running_prism

pytestmark = [pytest.mark.contract, pytest.mark.slow, pytest.mark.django_db]
KEY = {"Authorization": "Bearer app_key"}
USER = {"email": "ana@shop.test"}


@pytest.fixture(scope="module")
def prism(contracts: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("prism") / "log.txt"
    with running_prism(contracts / "attentive-openapi-subset.json", log) as url:
        yield url


@pytest.fixture
def connection(prism: str, settings: Any) -> Connection:
    settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES = True
    settings.ATTENTIVE_BASE_URL = prism
    made: Connection = ConnectionFactory(merchant=ItemFactory().merchant, integration="attentive", secret="app_key")
    return made


def test_prism_accepts_the_events_and_statuses_of_every_kind(connection: Connection) -> None:
    item = ItemFactory(order__customer__merchant=connection.merchant, order__customer__phone_number="501-329-9800")
    deliveries = [create_delivery(create_event(kind, item), connection) for kind in KINDS]
    parcels = Attentive().prepare(connection, deliveries, bulk=False).parcels
    answers = {parcel.deliveries[0].event.kind: parcel.send() for parcel in parcels}
    assert {kind: (answer.outcome, answer.detail) for kind, answer in answers.items()} == dict.fromkeys(
        KINDS, (Outcome.DONE, "")
    )


def test_prism_accepts_the_connection_test(connection: Connection) -> None:
    assert Attentive().test(connection).outcome is Outcome.DONE


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (KEY, {"type": "a", "user": USER}, 200),
        (KEY, {"type": "a", "user": {}}, 400),
        (KEY, {"user": USER}, 400),
        (KEY, {"type": "a", "user": USER, "occurredAt": "2026-11-20T12:00:00"}, 400),
        ({}, {"type": "a", "user": USER}, 401),
    ],
)
def test_the_canary_prism_refuses_what_the_description_refuses(
    prism: str, headers: dict[str, str], body: dict[str, Any], status: int
) -> None:
    assert httpx.post(f"{prism}/events/custom", headers=headers, json=body).status_code == status
