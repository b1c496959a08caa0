from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from subscriptions.api import keys
from subscriptions.models import Merchant
from tests.factories import MerchantFactory

Connect = Callable[..., Client]


@pytest.fixture
def merchant(db: None) -> Merchant:
    return MerchantFactory()


@pytest.fixture
def connect(merchant: Merchant) -> Connect:
    """Makes a client with a fresh API key: of `merchant`, with all rights of the REST API, unless told."""

    def make(*scopes: str, of: Merchant = merchant, **options: Any) -> Client:
        _, text = keys.make(of, "Test", scopes or ("read", "write", "bulk"), **options)
        return Client(headers={"x-api-key": text}, raise_request_exception=False)

    return make


@pytest.fixture
def api(connect: Connect) -> Client:
    return connect()


@pytest.fixture
def stranger(connect: Connect) -> Client:
    """A client of another merchant."""
    return connect(of=MerchantFactory())
