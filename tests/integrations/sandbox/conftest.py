from datetime import timedelta

import pytest
import time_machine

from tests.integrations.sandbox.account import NOON, Account, event_body


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.fixture
def three(account) -> Account:
    """Events u0, u1, u2, an hour apart, of two metrics and two profiles."""
    for number, (metric, name) in enumerate([("first", "ana"), ("second", "ana"), ("first", "bo")]):
        at = (NOON + timedelta(hours=number)).isoformat()
        body = event_body(metric, f"{name}@shop.test", time=at, unique_id=f"u{number}")
        with time_machine.travel(NOON + timedelta(hours=number)):
            account.post("/events", body)
    return account
