"""Malicious answers: nothing crashes, nothing takes long, and only a clear SUCCESS places an order."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from subscriptions.models import Effect
from subscriptions.placement import json_codec, xml_reply
from subscriptions.placement.results import LONGEST_REPLY, PlacementResult, PlatformReply, result_of_reply

SUCCESS = b"<order><code>SUCCESS</code><orderId>1</orderId></order>"
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
XML_ATTACKS = {
    "doctype": b"<!DOCTYPE order>" + SUCCESS,
    "billion laughs": f'<!DOCTYPE order [<!ENTITY l0 "ha">{LAUGHS}]><order><code>&l9;</code></order>'.encode(),
    "quadratic": b'<!DOCTYPE order [<!ENTITY a "%b">]><order><code>%b</code></order>'
    % (b"x" * 50_000, b"&a;" * 50_000),
    "file": b'<!DOCTYPE order [<!ENTITY f SYSTEM "file:///etc/passwd">]><order><orderId>&f;</orderId></order>',
    "address": b'<!DOCTYPE order SYSTEM "http://127.0.0.1:9/x.dtd">' + SUCCESS,
    "parameter": b'<!DOCTYPE order [<!ENTITY % p SYSTEM "http://127.0.0.1:9/">%p;]>' + SUCCESS,
    "unknown entity": b"<order><code>&nbsp;</code></order>",
    "deep": b"<order>" + b"<a>" * 300_000,
    "deep and closed": b"<order>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</order>",
    "many attributes": b"<order " + b" ".join(b'a%d=""' % n for n in range(50_000)) + b">",
    "too long": SUCCESS + b" " * LONGEST_REPLY,
    "long text": b"<order><code>" + b"x" * (LONGEST_REPLY - 40) + b"</code></order>",
    "many pieces": b"<order><code>" + b"&lt;" * 200_000 + b"</code></order>",
}
JSON_ATTACKS = {
    "deep": b"[" * LONGEST_REPLY,
    "deep objects": b'{"a":' * 200_000,
    "long number": b'{"code":' + b"9" * (LONGEST_REPLY - 20) + b"}",
    "long float": b'{"code":1e' + b"9" * 1000 + b"}",
    "too long": b'{"code":"SUCCESS","orderId":"1"}' + b" " * LONGEST_REPLY,
    "not UTF-8": b'{"code":"\xff"}',
}

texts = st.sampled_from(["SUCCESS", "ERROR", "PROCESSING", "140", "999", "000", "1224", "", " "]) | st.text(max_size=20)
names = st.sampled_from(["code", "orderId", "errorCode", "errorMsg", "order", "x"])
leaf = st.tuples(names, texts).map(lambda pair: f"<{pair[0]}>{pair[1]}</{pair[0]}>")
documents = st.lists(leaf | texts, max_size=6).map(lambda parts: f"<order>{''.join(parts)}</order>".encode())
values = st.none() | st.booleans() | st.integers() | st.floats() | texts
objects = st.dictionaries(names, st.recursive(values, lambda inner: st.lists(inner) | st.dictionaries(names, inner)))
statuses = st.integers(min_value=100, max_value=599)


@contextmanager
def within_half_a_second() -> Iterator[None]:
    start = time.process_time()
    yield
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize("body", XML_ATTACKS.values(), ids=XML_ATTACKS)
def test_an_attack_by_xml_is_refused_quickly(body):
    with within_half_a_second():
        assert xml_reply.read_xml_reply(body).effect is Effect.UNREADABLE


@pytest.mark.parametrize("body", JSON_ATTACKS.values(), ids=JSON_ATTACKS)
def test_an_attack_by_json_is_refused_quickly(body):
    with within_half_a_second():
        assert json_codec.read_json_reply(body).effect is Effect.UNREADABLE


@given(statuses, st.binary() | documents)
@example(200, SUCCESS)
def test_arbitrary_bytes_for_xml_are_handled(status, body):
    answer = result_of_reply(PlatformReply(status, body), xml_reply.read_xml_reply)
    check(answer, status)
    if answer.effect is Effect.PLACED:
        assert b"SUCCESS" in body and b"<orderId>" in body


@given(documents, st.integers(min_value=0), st.binary(min_size=1, max_size=4))
def test_damaged_xml_is_handled(body, place, damage):
    place %= len(body)
    check(result_of_reply(PlatformReply(200, body[:place] + damage + body[place + 1 :]), xml_reply.read_xml_reply), 200)


@given(statuses, st.binary() | st.text().map(str.encode) | objects.map(lambda found: json.dumps(found).encode()))
def test_arbitrary_bytes_for_json_are_handled(status, body):
    answer = result_of_reply(PlatformReply(status, body), json_codec.read_json_reply)
    check(answer, status)
    if answer.effect is Effect.PLACED:
        found = json.loads(body)
        assert found["code"].strip() == "SUCCESS" and str(found["orderId"]).strip() == answer.order_id


def check(answer: PlacementResult, status: int) -> None:
    """Holds for every answer: unreadable ones give status 14, and only missing ones 13."""
    assert isinstance(answer.effect, Effect) and answer.effect is not Effect.NOT_SENT
    assert (answer.effect is Effect.PLACED) == bool(answer.order_id)
    assert answer.effect is not Effect.PLACED or 200 <= status < 300
    assert len(answer.code) <= 16 and len(answer.message) <= 1000 and len(answer.answer) <= 4096
    for text in (answer.code, answer.message, answer.order_id, answer.answer):
        assert "\0" not in text.encode().decode()
