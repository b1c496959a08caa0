"""What staff have set to go wrong goes wrong, with as many requests as they said, at their merchant alone."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils.http import parse_http_date

from common.web.answer_faults import ENVIRON_KEY, AnswerFault, Manner
from integrations.models import SandboxEvent, SandboxFault
from integrations.sandbox import faults
from tests.integrations.sandbox.account import NOON, Account, event_body, profile_body

pytestmark = pytest.mark.django_db
Outcome = SandboxFault.Outcome


def set_fault(account: Account, outcome: str, **fields: Any) -> SandboxFault:
    return SandboxFault.objects.create(merchant=account.merchant, outcome=outcome, **fields)


@pytest.mark.parametrize("status", [400, 401, 409, 410, 429, 500, 502, 503])
def test_a_status_is_answered_in_klaviyos_format_and_nothing_is_stored(account, status):
    set_fault(account, str(status))
    answer = account.post("/events", event_body())
    assert (answer.status_code, answer.json()["errors"][0]["status"]) == (status, status)
    assert not SandboxEvent.objects.exists()


def test_retry_after_is_in_seconds_a_date_or_missing(account):
    with time_machine.travel(NOON, tick=False):
        found = []
        for outcome in (Outcome.THROTTLED, Outcome.THROTTLED_DATE, Outcome.THROTTLED_BARE):
            fault = set_fault(account, outcome, milliseconds=7500)
            answer = account.post("/events", event_body())
            found.append((answer.status_code, answer.headers.get("Retry-After")))
            fault.delete()
    (_, seconds), (_, date), (_, missing) = found
    assert [status for status, _ in found] == [429] * 3
    assert (seconds, parse_http_date(date) - NOON.timestamp(), missing) == ("8", 8, None)


@pytest.mark.parametrize(
    ("outcome", "spoilt"),
    [
        (Outcome.TIMEOUT, AnswerFault(Manner.CUT, 60)),
        (Outcome.RESET, AnswerFault(Manner.CUT, 0)),
        (Outcome.SLOW, AnswerFault(Manner.LATE, 0.25)),
        (Outcome.DRIPPING, AnswerFault(Manner.DRIPPING, 0.25)),
    ],
)
@pytest.mark.parametrize("takes_effect", [True, False])
def test_the_web_server_is_told_how_to_spoil_the_answer(account, outcome, spoilt, takes_effect):
    set_fault(account, outcome, milliseconds=250, takes_effect=takes_effect)
    answer = account.post("/events", event_body())
    assert answer.wsgi_request.META[ENVIRON_KEY] == spoilt
    reaches_client = spoilt.manner is not Manner.CUT
    assert SandboxEvent.objects.count() == (takes_effect or reaches_client)
    assert answer.status_code == (202 if takes_effect or reaches_client else 503)


def test_a_request_may_be_stored_although_its_answer_is_an_error(account):
    set_fault(account, Outcome.SERVER_ERROR, takes_effect=True, times=1)
    seen = [(account.post("/events", event_body()).status_code, SandboxEvent.objects.count()) for _ in range(2)]
    assert seen == [(500, 1), (202, 1)]


def test_a_slow_refusal_is_slow_too(account):
    set_fault(account, Outcome.SLOW)
    answer = account.post("/events", {})
    assert (answer.status_code, answer.wsgi_request.META[ENVIRON_KEY].seconds) == (400, 1)


def test_a_fault_ends_after_its_number_of_requests(account):
    fault = set_fault(account, Outcome.SERVER_ERROR, times=2)
    statuses = [account.post("/events", event_body()).status_code for _ in range(3)]
    fault.refresh_from_db()
    assert (statuses, fault.times) == ([500, 500, 202], 0)


def test_a_fault_ends_at_its_time(account):
    set_fault(account, Outcome.SERVER_ERROR, until=NOON)
    for moment, status in ((-1, 500), (0, 202)):
        with time_machine.travel(NOON + timedelta(seconds=moment), tick=False):
            assert account.post("/events", event_body()).status_code == status


def test_a_fault_of_one_request_leaves_others_alone(account):
    set_fault(account, Outcome.SERVER_ERROR, endpoint="klaviyo.event")
    assert account.post("/events", event_body()).status_code == 500
    assert account.post("/profile-import", profile_body(email="ana@shop.test")).status_code == 201


def test_a_fault_spoils_neither_reads_nor_other_merchants_nor_wrong_keys(account):
    set_fault(account, Outcome.SERVER_ERROR)
    assert account.get("/events").status_code == 200
    assert Account().post("/events", event_body()).status_code == 202
    account.headers["authorization"] += "0"
    assert account.post("/events", event_body()).json()["errors"][0]["code"] == "authentication_failed"


def test_a_share_of_the_requests_meets_a_fault_and_the_rest_the_next_one(account, monkeypatch):
    drawn = iter([29, 30, 49, 30, 50])
    monkeypatch.setattr(faults.random, "randrange", lambda most: next(drawn))
    set_fault(account, Outcome.SERVER_ERROR, share=30)
    set_fault(account, Outcome.UNAVAILABLE, share=50)
    assert [account.post("/events", event_body()).status_code for _ in range(3)] == [500, 503, 202]
