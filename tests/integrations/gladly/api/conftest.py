import pytest
from django.test import Client

from subscriptions.models import Merchant
from tests.api.conftest import Connect, connect, merchant
from tests.integrations.gladly.app.world import make_world

__all__ = ["connect", "merchant"]


@pytest.fixture
def agent(merchant: Merchant, connect: Connect) -> Client:
    """What Gladly calls with, at a merchant that has the rows of the datasets."""
    make_world(merchant)
    return connect("gladly:read", "gladly:act")
