"""A merchant whose Gladly is set up, and a Gladly that answers the timeline."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from integrations.models import Connection, GladlyAccount
from subscriptions.models import Merchant
from tests import factories as f
from tests.admin.gladly.calls import Login
from tests.integrations.attentive.server import running_attentive
from tests.integrations.gladly.timeline.server import GladlyServer


@pytest.fixture
def merchant(db: None) -> Merchant:
    made: Merchant = f.MerchantFactory(is_test=False)
    return made


@pytest.fixture
def client(merchant: Merchant, login: Login) -> Client:
    return login(merchant)


@pytest.fixture
def connection(merchant: Merchant) -> Connection:
    made: Connection = f.ConnectionFactory(
        merchant=merchant, integration="gladly", name="Gladly", enabled=False, secret=""
    )
    GladlyAccount.objects.create(connection=made, signing_key="sk_1", actions_enabled=["cancel"])
    return made


@pytest.fixture
def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[GladlyServer]:
    settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES = True
    with running_attentive(GladlyServer) as running:
        monkeypatch.setattr(
            "integrations.admin.gladly.form.organization_url", lambda organization: f"{running.url}/api/v1"
        )
        yield running
