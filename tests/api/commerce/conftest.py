from collections.abc import Iterator

import pytest
import time_machine

from subscriptions.models import Merchant
from tests.api.commerce.world import MADE, NOW, World, make_world
from tests.api.signatures import KEY


@pytest.fixture
def world(merchant: Merchant) -> Iterator[World]:
    with time_machine.travel(MADE, tick=False) as traveller:
        merchant.set_storefront_key(KEY)
        made = make_world(merchant)
        traveller.move_to(NOW, tick=False)
        yield made
