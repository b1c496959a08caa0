import pytest

from subscriptions.events import catalogue
from tests.factories import ConnectionFactory
from tests.integrations.events import create_delivery, create_event


@pytest.fixture
def delivery(db):
    event = create_event(catalogue.SUBSCRIPTION_CANCEL)
    return create_delivery(event, ConnectionFactory(merchant=event.merchant, secret="pk_secret"))
