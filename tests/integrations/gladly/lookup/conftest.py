"""A customer, Ana, whom the Gladly of her shop looks up."""

from collections.abc import Callable

import pytest

from integrations.models import Connection
from subscriptions.models import Customer, Merchant
from tests.factories import CustomerFactory, MerchantFactory
from tests.integrations.gladly.player import Gladly

Connect, Play = Callable[..., Connection], Callable[[Connection], Gladly]


@pytest.fixture
def merchant() -> Merchant:
    made: Merchant = MerchantFactory(time_zone="UTC")
    return made


@pytest.fixture
def ana(merchant: Merchant) -> Customer:
    made: Customer = CustomerFactory(
        merchant=merchant, merchant_user_id="C-1001", email="Ana@Shop.test", phone_number="(501) 329-9800"
    )
    return made


@pytest.fixture
def connection(merchant: Merchant, connect: Connect) -> Connection:
    return connect(merchant)


@pytest.fixture
def gladly(connection: Connection, play: Play) -> Gladly:
    return play(connection)
