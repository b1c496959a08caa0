import pytest

from integrations.models import Connection
from integrations.webhooks import targets
from subscriptions.models import Merchant, Subscription
from tests.factories import subscription_with_order


@pytest.fixture(autouse=True)
def local_targets(settings) -> None:
    settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES = True


@pytest.fixture
def subscription(noon) -> Subscription:
    return subscription_with_order()


@pytest.fixture
def merchant(subscription) -> Merchant:
    return subscription.merchant


@pytest.fixture
def target(merchant) -> Connection:
    """It gets what happens to subscriptions, at an address where nothing listens."""
    return targets.create_target(merchant, "http://127.0.0.1:9/hook", pattern="subscription.*")
