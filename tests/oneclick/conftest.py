from collections.abc import Iterator

import pytest
from django.core.cache import cache

from tests.oneclick.shop import Shop
from tests.oneclick.shop import shop as make_shop


@pytest.fixture
def shop(db: None, noon: object) -> Iterator[Shop]:
    cache.clear()
    yield make_shop()
    cache.clear()
