import pytest

from subscriptions.events import catalogue
from tests.factories import ConnectionFactory
from tests.integrations.events import delivery_of, event_of


@pytest.fixture
def delivery(db):
    event = event_of(catalogue.SUBSCRIPTION_CANCEL)
    return delivery_of(event, ConnectionFactory(merchant=event.merchant, secret="pk_secret"))
