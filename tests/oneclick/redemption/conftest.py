import pytest
import time_machine

from oneclick.models import ActionToken
from subscriptions.actions.subscription import cancel
from tests.factories import STAFF, subscription_with_order
from tests.oneclick.redemption.clicking import NOW


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def token(db, clock) -> ActionToken:
    cancel(subscription_with_order(), actor=STAFF, reason="4|too much")
    return ActionToken.objects.get()
