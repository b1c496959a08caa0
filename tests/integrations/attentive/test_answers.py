"""What Attentive's answers mean, and what a test of the connection shows."""

import json
from typing import Any

import httpx
import pytest

from integrations.attentive import answers
from integrations.attentive.integration import Attentive
from integrations.base import Outcome
from integrations.http import Reply
from integrations.models import Connection
from tests.integrations.attentive import server as attentive
from tests.integrations.attentive.server import AttentiveServer

UNKNOWN_KEY = "Attentive does not know this key. Copy the API key of your custom app again."


def reply(status: int, body: bytes = b"", **headers: str) -> Reply:
    return Reply(status, httpx.Headers(headers), body)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.DONE),
        (202, Outcome.DONE),
        (429, Outcome.THROTTLED),
        *((status, Outcome.RETRY) for status in (408, 500, 502, 503, 504)),
        *((status, Outcome.DEAD) for status in (400, 404, 405, 413, 415, 422)),
        *((status, Outcome.PAUSE) for status in (302, 401, 403)),
    ],
)
def test_each_status_has_its_meaning(status: int, outcome: Outcome) -> None:
    assert answers.read_reply(reply(status)).outcome is outcome


@pytest.mark.parametrize(("before", "seconds"), [(0, 1), (1, 2), (5, 32), (11, 1800), (5000, 1800)])
def test_without_a_number_of_seconds_a_throttled_event_waits_twice_as_long_each_time(
    before: int, seconds: float
) -> None:
    assert answers.read_reply(reply(429), before).retry_after == seconds


def test_the_seconds_attentive_names_go_first() -> None:
    assert answers.read_reply(reply(429, **{"Retry-After": "7"}), 5).retry_after == 7


@pytest.mark.parametrize(("text", "left"), [("149", 149), ("0", 0), ("many", None), ("", None)])
def test_attentive_says_how_many_requests_it_still_allows(text: str, left: int | None) -> None:
    assert answers.read_reply(reply(200, **{"x-ratelimit-remaining": text})).quota_left == left


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "HTTP 400, without a reason from Attentive."),
        (b'{"message":\n"no"}', '{"message": "no"}'),
        (b"\xff\x00no", "\ufffd no"),
        (b"x" * 5000, "x" * 2048),
    ],
)
def test_a_refusal_is_told_in_attentives_own_words(body: bytes, detail: str) -> None:
    assert answers.read_reply(reply(400, body)).detail == detail


@pytest.mark.django_db
def test_the_connection_test_shows_company_domain_and_app(connection: Connection, server: AttentiveServer) -> None:
    answer = Attentive().test(connection)
    assert (answer.outcome, answer.remote_id) == (Outcome.DONE, attentive.ME["companyId"])
    assert answer.detail == "Bean & Co (beans.attn.tv), app “Reprise”"
    assert server.keys == ["Bearer app_key"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "body", "outcome", "detail"),
    [
        (401, {}, Outcome.PAUSE, UNKNOWN_KEY),
        (200, {"hello": "world"}, Outcome.PAUSE, "Something answers at this address, but it is not Attentive."),
        (200, [], Outcome.PAUSE, "Something answers at this address, but it is not Attentive."),
        (503, "", Outcome.RETRY, '""'),
    ],
)
def test_what_is_wrong_with_a_connection_is_said(
    connection: Connection, server: AttentiveServer, status: int, body: Any, outcome: Outcome, detail: str
) -> None:
    server.script["/me"] = [attentive.Reply(status, json.dumps(body))]
    answer = Attentive().test(connection)
    assert (answer.outcome, answer.status, answer.detail) == (outcome, status, detail)


@pytest.mark.django_db
@pytest.mark.parametrize("secret", ["\u2026", "a\nb: c", "", " "])
def test_a_key_no_header_can_hold_is_not_sent(connection: Connection, server: AttentiveServer, secret: str) -> None:
    connection.secret = secret
    assert (Attentive().test(connection).outcome, server.keys) == (Outcome.PAUSE, [])


@pytest.mark.django_db
def test_an_answer_that_echoes_the_key_is_kept_without_it(connection: Connection, server: AttentiveServer) -> None:
    server.script["/me"] = [attentive.Reply(400, "Authorization: Bearer app_key is wrong")]
    assert Attentive().test(connection).detail == "Authorization: Bearer •••••••• is wrong"
