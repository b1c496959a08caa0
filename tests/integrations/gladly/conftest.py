from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.test import Client

from integrations.models import AgentAction, Connection, GladlyAccount
from subscriptions.models import Merchant
from tests.factories import ConnectionFactory
from tests.integrations.gladly.player import KEY, Gladly

Connect = Callable[..., Connection]


@pytest.fixture
def connect() -> Connect:
    """Makes a merchant's connection to Gladly, signed and with both actions unless `columns` say otherwise."""

    def make(merchant: Merchant, **columns: Any) -> Connection:
        connection = ConnectionFactory(merchant=merchant, integration="gladly", name="Gladly", secret="")
        GladlyAccount.objects.create(
            connection=connection, **{"signing_key": KEY, "actions_enabled": AgentAction.values, **columns}
        )
        return connection

    return make


def send_to_portal(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Any:
    """Without a server; a fault that no view catches is answered as the server would, with 500."""
    client = Client(raise_request_exception=False)
    return client.generic(method, path, body, headers["content-type"], headers=dict(headers))


@pytest.fixture
def play() -> Callable[[Connection], Gladly]:
    """The Gladly of a connection."""
    return lambda connection: Gladly(f"/gladly/lookup/{connection.public_id.hex}", send_to_portal)
