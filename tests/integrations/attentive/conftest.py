from collections.abc import Iterator
from typing import Any

import pytest

from integrations.models import Connection, Delivery
from subscriptions.events import catalogue
from tests.factories import ConnectionFactory, ItemFactory
from tests.integrations.attentive.server import AttentiveServer, running_attentive
from tests.integrations.events import create_delivery, create_event


@pytest.fixture
def server(settings: Any) -> Iterator[AttentiveServer]:
    settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES = True
    with running_attentive() as running:
        settings.ATTENTIVE_BASE_URL = running.url
        yield running


@pytest.fixture
def connection(server: AttentiveServer) -> Connection:
    made: Connection = ConnectionFactory(
        merchant=ItemFactory().merchant, integration="attentive", name="Attentive", secret="app_key"
    )
    return made


@pytest.fixture
def delivery(connection: Connection) -> Delivery:
    """Of an event that sets the status as well."""
    item = ItemFactory(order__customer__merchant=connection.merchant)
    return create_delivery(create_event(catalogue.SUBSCRIPTION_CREATE, item), connection)
