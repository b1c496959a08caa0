from collections.abc import Iterator
from typing import Any

import pytest

from integrations.models import Connection, Delivery, GladlyAccount
from subscriptions.events import catalogue
from tests.factories import ConnectionFactory, ItemFactory
from tests.integrations.attentive.server import running_attentive
from tests.integrations.events import create_delivery, create_event
from tests.integrations.gladly.timeline.server import GladlyServer


@pytest.fixture
def server(settings: Any) -> Iterator[GladlyServer]:
    settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES = True
    with running_attentive(GladlyServer) as running:
        yield running


@pytest.fixture
def connection(server: GladlyServer) -> Connection:
    made: Connection = ConnectionFactory(
        merchant=ItemFactory().merchant,
        integration="gladly",
        name="Gladly",
        secret="token_1",
        base_url=f"{server.url}/api/v1",
        account="acme.gladly.com",
    )
    GladlyAccount.objects.create(connection=made, api_user="api@acme.test")
    return made


@pytest.fixture
def delivery(connection: Connection) -> Delivery:
    item = ItemFactory(order__customer__merchant=connection.merchant, order__customer__email="ana+1@shop.test")
    return create_delivery(create_event(catalogue.SUBSCRIPTION_CANCEL, item), connection)
