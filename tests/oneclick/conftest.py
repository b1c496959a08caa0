from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client

from tests.factories import MembershipFactory
from tests.oneclick.shop import Shop
from tests.oneclick.shop import create_shop as make_shop


@pytest.fixture
def shop(db: None, noon: object) -> Iterator[Shop]:
    cache.clear()
    yield make_shop()
    cache.clear()


@pytest.fixture
def staff(shop: Shop) -> Client:
    client = Client()
    user = MembershipFactory(merchant=shop.merchant).user
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client
