"""How the client handles Klaviyo's answers and missing answers."""

import json
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
import time_machine
from django.utils import timezone

from integrations import http
from integrations.base import Outcome
from integrations.esp.late import OBSOLETE
from subscriptions.events import catalogue
from subscriptions.models import OrderStatus
from tests.factories import ConnectionFactory
from tests.integrations.events import create_delivery, create_event
from tests.integrations.klaviyo.sending import send_delivery


@pytest.fixture
def answering(monkeypatch) -> Callable[..., list[httpx.Request]]:
    """Let outbound requests get this answer, or raise this error; returns the list of requests."""

    def install(answer: httpx.Response | Exception) -> list[httpx.Request]:
        requests: list[httpx.Request] = []

        def handle(request: httpx.Request) -> httpx.Response:
            requests.append(request)
            if isinstance(answer, Exception):
                raise answer
            stream = httpx.ByteStream(answer.content)  # answers are read as a stream
            return httpx.Response(answer.status_code, headers=answer.headers, stream=stream)

        monkeypatch.setattr(http, "get_transport", lambda: httpx.MockTransport(handle))
        return requests

    return install


@pytest.mark.django_db
def test_a_recipient_without_email_and_phone_is_skipped_and_nothing_is_sent(answering):
    requests = answering(httpx.Response(202))
    event = create_event(catalogue.ORDER_CANCEL, email="not an address", phone_number="12")
    answer = send_delivery(create_delivery(event, ConnectionFactory(merchant=event.merchant)))
    assert (answer.outcome, answer.detail, requests) == (
        Outcome.SKIPPED,
        "The customer has no valid e-mail address or phone number.",
        [],
    )


def test_the_request_has_exactly_the_headers_klaviyo_asks_for(answering, delivery):
    requests = answering(httpx.Response(202))
    send_delivery(delivery)
    [request] = requests
    assert (request.method, str(request.url)) == ("POST", "https://a.klaviyo.com/api/events")
    wanted = {
        "Authorization": "Klaviyo-API-Key pk_secret",
        "revision": "2026-07-15",
        "Content-Type": "application/vnd.api+json",
        "Accept": "application/vnd.api+json",
        "X-Klaviyo-Revision-Fall-Forward-Opt-Out": "1",
    }
    assert {name: request.headers[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (202, Outcome.DONE),
        (429, Outcome.THROTTLED),
        *((status, Outcome.RETRY) for status in (500, 502, 503, 504, 524)),
        *((status, Outcome.DEAD) for status in (400, 404, 405, 409, 413, 415, 422)),
        *((status, Outcome.PAUSE) for status in (200, 302, 401, 403, 410)),
    ],
)
def test_each_status_has_its_meaning(answering, delivery, status, outcome):
    answering(httpx.Response(status))
    answer = send_delivery(delivery)
    assert (answer.outcome, answer.status) == (outcome, status)


def test_a_throttled_answer_says_how_long_to_wait(answering, delivery):
    answering(httpx.Response(429, headers={"Retry-After": "7"}))
    assert send_delivery(delivery).retry_after == 7


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Fri, 20 Nov 2026 12:02:00 GMT", 120),
        ("Friday, 20-Nov-26 12:02:00 GMT", 120),
        ("Fri, 20 Nov 2026 12:00:00 GMT", 0),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 0),
        (" 7 ", 7),
        ("soon", None),
        ("-1", None),
        ("", None),
    ],
)
def test_a_wait_is_seconds_or_a_date(answering, delivery, text, seconds):
    answering(httpx.Response(429, headers={"Retry-After": text}))
    with time_machine.travel("2026-11-20T12:00:00Z", tick=False):
        assert send_delivery(delivery).retry_after == seconds


def test_a_refusal_keeps_klaviyos_detail_pointer_and_id(answering, delivery):
    error = {
        "id": "e1",
        "status": 400,
        "detail": "Invalid email.",
        "source": {"pointer": "/data/attributes/profile"},
    }
    answering(httpx.Response(400, json={"errors": [error]}))
    assert send_delivery(delivery).detail == "Invalid email. (/data/attributes/profile) [e1]"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("No\x00 such\ud800 list\n", "No  such  list  [e1]"),
        ("x" * 5000, "x" * 2048),
        ("x" * 2043, "x" * 2043 + " [e1]"),
    ],
)
def test_a_reason_of_any_length_and_characters_can_be_stored(answering, delivery, sent, kept):
    answering(httpx.Response(400, content=json.dumps({"errors": [{"id": "e1", "detail": sent}]}).encode()))
    attempt = delivery.attempts.create(detail=send_delivery(delivery).detail)
    attempt.refresh_from_db()
    assert attempt.detail == kept


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"errors": 5}', b'{"errors": ["x"]}', b"\xff", b"[" * 100_000]
)
def test_a_refusal_without_klaviyos_reason_is_described_by_its_status(answering, delivery, body):
    answering(httpx.Response(503, content=body))
    assert send_delivery(delivery).detail == "HTTP 503, without a reason from Klaviyo."


@pytest.mark.parametrize("error", [httpx.ReadTimeout(""), httpx.ConnectError(""), httpx.RemoteProtocolError("")])
def test_a_missing_answer_is_a_temporary_fault(answering, delivery, error):
    answering(error)
    answer = send_delivery(delivery)
    assert (answer.outcome, answer.status) == (Outcome.RETRY, None)


def test_an_address_that_may_not_be_called_pauses_the_connection(delivery):
    delivery.connection.base_url = "https://10.0.0.1"
    answer = send_delivery(delivery)
    assert (answer.outcome, "private address" in answer.detail) == (Outcome.PAUSE, True)


@pytest.mark.parametrize("secret", ["pk_\u2026", "pk_a\nb: c", "", " "])
def test_a_key_no_header_can_hold_pauses_the_connection(delivery, secret):
    delivery.connection.secret = secret
    delivery.connection.base_url = "https://93.184.216.34"
    assert send_delivery(delivery).outcome is Outcome.PAUSE


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "remark"),
    [
        ({"phone_number": "12"}, "The phone number is not valid and was left out."),
        ({"email": "nobody"}, "The e-mail address is not valid and was left out."),
        ({"email": "a@example.com"}, "Klaviyo drops events of example.com and test.com addresses."),
    ],
)
def test_an_accepted_event_with_problems_has_a_remark_for_staff(answering, changes, remark):
    answering(httpx.Response(202))
    event = create_event(catalogue.ORDER_CANCEL, **changes)
    assert send_delivery(create_delivery(event, ConnectionFactory(merchant=event.merchant))).detail == remark


@pytest.mark.django_db
def test_an_event_too_late_for_a_flow_has_a_remark_for_staff(answering):
    answering(httpx.Response(202))
    event = create_event(catalogue.ORDER_CANCEL, at=timezone.now() - timedelta(hours=4))
    answer = send_delivery(create_delivery(event, ConnectionFactory(merchant=event.merchant)))
    assert answer.detail == "Late: the event is more than 3.5 hours old and may not start a flow."


@pytest.mark.django_db
def test_an_answer_that_echoes_the_key_is_kept_without_it(answering):
    errors = [{"id": "1", "detail": "Bad header: Authorization: Klaviyo-API-Key pk_echoed_4711", "title": "Bad"}]
    sent = answering(httpx.Response(400, json={"errors": errors}))
    event = create_event(catalogue.SUBSCRIPTION_CANCEL)
    connection = ConnectionFactory(merchant=event.merchant, secret="pk_echoed_4711")
    answer = send_delivery(create_delivery(event, connection))
    assert answer.detail == "Bad header: Authorization: Klaviyo-API-Key •••••••• [1]"
    assert [request.headers["Authorization"] for request in sent] == ["Klaviyo-API-Key pk_echoed_4711"]


@pytest.mark.django_db
@pytest.mark.parametrize(("placed", "outcome"), [(True, Outcome.SKIPPED), (False, Outcome.DONE)])
def test_a_reminder_too_late_for_a_flow_is_sent_only_while_the_order_is_to_come(answering, placed, outcome):
    requests = answering(httpx.Response(202))
    event = create_event(catalogue.ORDER_REMINDER, at=timezone.now() - timedelta(hours=4))
    if placed:
        event.order.status = OrderStatus.SUCCESS
        event.order.save()
    answer = send_delivery(create_delivery(event, ConnectionFactory(merchant=event.merchant)))
    assert (answer.outcome, len(requests)) == (outcome, 0 if placed else 1)
    assert answer.detail == (OBSOLETE if placed else "")
