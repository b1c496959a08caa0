import pytest
import time_machine

from integrations.models import Connection
from tests.factories import ConnectionFactory, subscription_with_order


@pytest.fixture(autouse=True)
def local_receivers(settings):
    settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES = True


@pytest.fixture
def clock():
    with time_machine.travel("2026-11-20T17:00:00Z", tick=False) as traveller:
        yield traveller


@pytest.fixture
def subscription(clock):
    return subscription_with_order()


@pytest.fixture
def connection(subscription) -> Connection:
    return ConnectionFactory(merchant=subscription.merchant)
