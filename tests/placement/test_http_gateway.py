"""Orders sent to a real server, which answers well, badly or not at all."""

import json
import socket
import time
from dataclasses import replace
from xml.etree import ElementTree

import pytest
import time_machine

from integrations import order_posts as door
from subscriptions.models import Effect, GatewaySettings, OrderStatus
from subscriptions.placement import results
from subscriptions.placement.gateway import Gateway
from subscriptions.placement.registry import gateway_of
from subscriptions.placement.signature import sign_text
from tests.placement.orders import KEY, create_live_merchant, create_request
from tests.placement.platform import PLACED, Handler, running_platform

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def private_allowed(settings) -> None:
    settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES = True


def answer_of(url: str, **gateway: object) -> results.PlacementResult:
    request = create_request(create_live_merchant(url, **gateway), tries=2)
    found: Gateway = gateway_of(request.order)
    return found.place(request)


@time_machine.travel("2026-11-20 14:30:00Z", tick=False)
def test_an_order_is_sent_with_its_headers_and_placed():
    with running_platform() as there:
        request = create_request(create_live_merchant(there.url), tries=2)
        answer = gateway_of(request.order).place(request)
    assert (answer.effect, answer.order_id, answer.http_status) == (Effect.PLACED, "1224", 200)
    assert answer.answer == PLACED.decode() and answer.request.startswith('<?xml version="1.0"')
    (post,) = there.posts
    assert ElementTree.fromstring(post.body).findtext("head/orderPublicId") == request.key
    assert post.headers["Content-Type"] == "application/xml"
    assert post.headers["Idempotency-Key"] == request.order.public_id.hex
    assert post.headers["X-Reprise-Attempt"] == "2"
    user = request.customer.merchant_user_id
    assert json.loads(post.headers["Authorization"]) == {
        "public_id": request.merchant.public_id.hex,
        "sig_field": user,
        "ts": 1795185000,
        "sig": sign_text(KEY, f"{user}|1795185000"),
    }


def test_an_order_is_sent_as_json_too():
    body = b'{"code":"SUCCESS","orderId":"1224"}'
    with running_platform(lambda handler: handler.answer(body)) as there:
        answer = answer_of(there.url, kind=GatewaySettings.Kind.JSON)
    (post,) = there.posts
    assert answer.order_id == "1224" and post.headers["Content-Type"] == "application/json"
    assert post.headers["Idempotency-Key"] == json.loads(post.body)["order"]["public_id"]


@pytest.mark.parametrize("kind", ["xml", "json"])
def test_the_log_of_a_post_holds_no_card_data(kind):
    with running_platform() as there:
        answer = answer_of(there.url, kind=kind)
    (post,) = there.posts
    sent = b"<orderCcNumber><!" if kind == "xml" else b'"cc_number_ending":"4242"'
    assert sent in post.body
    assert ("<orderCcNumber/>" if kind == "xml" else '"cc_number_ending":null') in answer.request


@pytest.mark.parametrize("kind", ["xml", "json"])
def test_card_data_is_left_out_where_the_merchant_says_so(kind):
    with running_platform() as there:
        answer_of(there.url, kind=kind, without_card=True)
    (post,) = there.posts
    assert (b"<orderCcNumber/>" if kind == "xml" else b'"cc_number_ending":null') in post.body


def test_no_query_is_made_while_an_order_is_sent(django_assert_num_queries):
    with running_platform() as there:
        request = create_request(create_live_merchant(there.url))
        with django_assert_num_queries(0):
            assert gateway_of(request.order).place(request).effect is Effect.PLACED


def hang_up(handler: Handler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


def break_off(handler: Handler) -> None:
    handler.answer(PLACED, **{"Content-Length": "4000"})
    handler.connection.shutdown(socket.SHUT_RDWR)


def trickle(handler: Handler) -> None:
    handler.answer(b"", **{"Content-Length": "4000"})
    for _ in range(30):
        handler.wfile.write(b" ")
        time.sleep(0.1)


UNKNOWN = {
    "silent": lambda handler: time.sleep(2),
    "trickling": trickle,
    "hangs up": hang_up,
    "breaks off": break_off,
    "500": lambda handler: handler.answer(PLACED, 500),
    "empty": lambda handler: handler.answer(b""),
    "no content": lambda handler: handler.answer(b"", 204),
    "too many requests": lambda handler: handler.answer(b"Slow down", 429),
}


@pytest.mark.parametrize("act", UNKNOWN.values(), ids=UNKNOWN)
def test_an_incomplete_answer_leaves_the_result_unknown(monkeypatch, act):
    monkeypatch.setattr(door, "LIMITS", replace(door.LIMITS, silence=0.5, deadline=1))
    with running_platform(act) as there:
        answer = answer_of(there.url)
    assert answer.effect.status == OrderStatus.CONNECTION_ERROR_DURING_PLACEMENT
    assert len(there.posts) == 1 and answer.message


def test_an_unreachable_platform_leaves_the_result_unknown():
    with running_platform() as there:
        pass
    assert answer_of(there.url).effect is Effect.NO_ANSWER


NOT_UNDERSTOOD = {
    "garbage": lambda handler: handler.answer(b"\x00\xff<html>"),
    "huge": lambda handler: handler.answer(PLACED + b" " * (2 * results.LONGEST_REPLY)),
    "compressed": lambda handler: handler.answer(b"\x1f\x8b\x08", **{"Content-Encoding": "gzip"}),
    "not found": lambda handler: handler.answer(b"<html>Not found</html>", 404),
    "redirect": lambda handler: handler.answer(PLACED, 302, Location="/elsewhere"),
}


@pytest.mark.parametrize("act", NOT_UNDERSTOOD.values(), ids=NOT_UNDERSTOOD)
def test_an_order_with_an_unreadable_answer_is_sent_once_and_left_to_staff(act):
    with running_platform(act) as there:
        answer = answer_of(there.url)
    assert answer.effect.status == OrderStatus.RESPONSE_PROCESSING_ERROR
    assert len(there.posts) == 1 and len(answer.answer) <= 4096


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://10.0.0.1/orders", "https"),
        ("https://10.0.0.1/orders", "private address"),
        ("https://ana:word@shop.test/", "user name"),
        ("https://shop.test:port/", "valid URL"),
    ],
)
def test_a_forbidden_address_fails_before_sending(settings, url, sentence):
    settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES = False
    answer = answer_of(url)
    assert answer.effect.status == OrderStatus.EXCEPTION_DURING_PLACEMENT_PREPARATION
    assert sentence in answer.message and answer.http_status is None


@pytest.mark.parametrize(("key", "sentence"), [("", "no storefront key"), ("key", "16, 24 or 32")])
def test_without_a_valid_key_nothing_is_sent(key, sentence):
    with running_platform() as there:
        merchant = create_live_merchant(there.url)
        merchant.storefront_key = key
        merchant.save()
        request = create_request(merchant)
        answer = gateway_of(request.order).place(request)
    assert answer.effect is Effect.NOT_SENT and sentence in answer.message
    assert there.posts == []


def test_each_attempt_has_the_same_key_and_its_own_number():
    with running_platform() as there:
        request = create_request(create_live_merchant(there.url), tries=1)
        for tries in (1, 2):
            request.order.tries = tries
            gateway_of(request.order).place(request)
    assert {post.headers["Idempotency-Key"] for post in there.posts} == {request.key}
    assert [post.headers["X-Reprise-Attempt"] for post in there.posts] == ["1", "2"]
