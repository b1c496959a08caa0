"""The published rate limits, per account and endpoint."""

from datetime import timedelta

import pytest
import time_machine

from integrations.models import SandboxFault
from integrations.sandbox import endpoints
from tests.integrations.sandbox.account import NOON, Account, event_body

pytestmark = pytest.mark.django_db


def test_the_limits_are_those_that_klaviyo_and_attentive_publish():
    assert {each.name: (each.burst, each.steady) for each in endpoints.ENDPOINTS} == {
        "klaviyo.event": (350, 3500),
        "klaviyo.bulk_events": (10, 150),
        "klaviyo.profile": (75, 750),
        "klaviyo.bulk_profiles": (10, 150),
        "klaviyo.import_status": (10, 150),
        "klaviyo.import_errors": (10, 150),
        "klaviyo.accounts": (1, 15),
        "klaviyo.erasure": (3, 60),
        "attentive.event": (150, None),
        "attentive.attributes": (150, None),
        "attentive.me": (150, None),
        "gladly.profiles": (10, None),
        "gladly.item": (10, None),
    }


def test_the_second_request_of_a_second_is_throttled_and_the_next_second_is_free(account):
    with time_machine.travel(NOON, tick=False) as clock:
        free, throttled = account.get("/accounts"), account.get("/accounts")
        clock.shift(1)
        again = account.get("/accounts")
    assert [answer.status_code for answer in (free, throttled, again)] == [200, 429, 200]
    [error] = throttled.json()["errors"]
    assert (error["code"], throttled["Retry-After"]) == ("throttled", "1")
    assert "RateLimit-Remaining" not in throttled
    shown = [{name: answer[name] for name in answer.headers if "RateLimit" in name} for answer in (free, again)]
    assert shown == [
        {"RateLimit-Limit": "15", "RateLimit-Remaining": "14", "RateLimit-Reset": "60"},
        {"RateLimit-Limit": "15", "RateLimit-Remaining": "12", "RateLimit-Reset": "59"},
    ]


def test_a_minute_that_is_used_up_waits_for_the_next(account):
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(15):
            assert account.get("/accounts").status_code == 200
            clock.shift(2)
        throttled = account.get("/accounts")
        clock.shift(int(throttled["Retry-After"]))
        assert (throttled.status_code, throttled["Retry-After"]) == (429, "30")
        assert account.get("/accounts").status_code == 200


def test_accounts_and_endpoints_count_apart_and_reads_do_not_count(account):
    other = Account()
    with time_machine.travel(NOON, tick=False):
        answers = [account.get("/accounts"), other.get("/accounts"), account.post("/events", event_body())]
        answers += [account.get("/events") for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200, 202}


def test_the_limits_can_be_switched_off(account):
    fault = SandboxFault.objects.create(merchant=account.merchant, outcome=SandboxFault.Outcome.UNLIMITED)
    with time_machine.travel(NOON, tick=False):
        answers = [account.get("/accounts") for _ in range(3)]
        assert {answer.status_code for answer in answers} == {200}
        assert "RateLimit-Limit" not in answers[0]
        fault.until = NOON - timedelta(seconds=1)
        fault.save()
        assert [account.get("/accounts").status_code for _ in range(2)] == [200, 429]
