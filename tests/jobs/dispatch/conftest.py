from collections.abc import Iterator
from typing import Any

import pytest

from subscriptions.models import GatewaySettings, Merchant
from tests import factories as f
from tests.placement.platform import Platform, running_platform


@pytest.fixture
def merchant(settings: Any) -> Merchant:
    settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES = True
    made: Merchant = f.MerchantFactory(is_test=False, storefront_key="0123456789abcdef0123456789abcdef")
    return made


@pytest.fixture
def shop(merchant: Merchant) -> Iterator[Platform]:
    """The merchant's platform over real HTTP; every order is placed there."""
    with running_platform() as playing:
        GatewaySettings.objects.create(merchant=merchant, url=playing.url)
        yield playing
