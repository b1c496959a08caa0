from collections.abc import Iterator

import httpx
import pytest
import time_machine

from integrations import http
from integrations.models import Connection
from subscriptions.models import Merchant
from tests.factories import ConnectionFactory, MerchantFactory
from tests.integrations.klaviyo.runs.account import Account


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    made = Account()
    monkeypatch.setattr(http, "get_transport", lambda: httpx.MockTransport(made.handle))
    return made


@pytest.fixture
def merchant(db: None) -> Merchant:
    made: Merchant = MerchantFactory(is_test=False)
    return made


@pytest.fixture
def connection(merchant: Merchant) -> Connection:
    made: Connection = ConnectionFactory(merchant=merchant)
    return made


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2026-11-20T17:00:00Z", tick=False) as traveller:
        yield traveller
