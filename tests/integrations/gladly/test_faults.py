"""Whatever comes and whatever breaks, Gladly is answered, never with 500 and never with another merchant's customer."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.db import OperationalError, transaction
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from integrations.gladly import agents
from integrations.gladly.lookup import gate, replies, request_log, views
from integrations.models import Connection, GladlyRequest
from subscriptions.actions import subscription as subscription_verbs
from subscriptions.models import Subscription
from tests.factories import CustomerFactory, MerchantFactory, subscription_with_order
from tests.integrations.gladly.player import NAMES, Gladly, sign

pytestmark = pytest.mark.django_db
CLOSED = {"errors": [{"detail": replies.FAULT}]}


@pytest.fixture
def subscription() -> Subscription:
    return subscription_with_order()


@pytest.fixture
def connection(subscription: Subscription, connect: Callable[..., Connection]) -> Connection:
    return connect(subscription.merchant)


@pytest.fixture
def gladly(connection: Connection, play: Callable[[Connection], Gladly]) -> Gladly:
    return play(connection)


def fail(*_: Any, **__: Any) -> Any:
    raise RuntimeError("a secret of ours")


def breaks(error: Exception) -> Callable[..., Any]:
    def run(*_: Any, **__: Any) -> Any:
        raise error

    return run


@pytest.mark.parametrize("error", [RuntimeError("a secret"), OperationalError("gone"), RecursionError(), KeyError("x")])
@pytest.mark.parametrize("place", ["_find_connection", "_read_parts", "_find_fault", "_handle"])
def test_a_fault_anywhere_finds_nobody_and_closes_forms(gladly, subscription, monkeypatch, caplog, error, place):
    monkeypatch.setattr(gate, place, breaks(error))
    assert gladly.basic(emails=[subscription.customer.email]) == []
    answer = gladly.request("POST", f"{gladly.path}/actions/cancel/{subscription.public_id.hex}", {})
    assert (answer.status_code, answer.json()) == (406, CLOSED)
    assert "vXmSEPjVSWCaCMzvjufxZg" in caplog.records[0].getMessage()


def test_a_fault_after_the_change_rolls_it_back_and_is_logged(gladly, subscription, monkeypatch, caplog):
    cancel = subscription_verbs.cancel
    monkeypatch.setattr(subscription_verbs, "cancel", lambda *args, **inputs: fail(cancel(*args, **inputs)))
    answer = gladly.request("POST", f"{gladly.path}/actions/cancel/{subscription.public_id.hex}", {})
    assert (answer.status_code, answer.json()) == (406, CLOSED)
    assert Subscription.objects.get().live
    row = GladlyRequest.objects.get()
    assert (row.kind, row.outcome, row.found) == ("cancel", "fault", replies.FAULT)
    assert "a secret of ours" in caplog.text and "a secret of ours" not in str(vars(row))


def test_a_slow_database_finds_nobody(gladly, subscription, monkeypatch):
    monkeypatch.setattr(agents, "DEADLINE", -1.0)
    assert gladly.basic(emails=[subscription.customer.email]) == []
    assert GladlyRequest.objects.get().outcome == "fault"


def test_a_log_that_cannot_be_written_spoils_no_answer(gladly, subscription, monkeypatch):
    monkeypatch.setattr(request_log.GladlyRequest.objects, "create", breaks(OperationalError("the disk is full")))
    assert len(gladly.basic(emails=[subscription.customer.email])) == 1


def test_a_body_that_is_too_large_is_not_read(gladly, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = gladly.request("POST", gladly.path, b" " * 1001)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (401, "unreadable")


# What the strategies know leads them further than chance.
TEXTS = st.one_of(
    st.sampled_from(
        ["", "4", "BASIC", "DETAILED", "ana@foreign.test", "F-1", "+15013299811", "\0", "\ud800", "%", "é"]
    ),
    st.text(max_size=20),
)
KEYS = st.one_of(
    st.sampled_from(
        ["lookupLevel", "uniqueMatchRequired", "query", "emails", "email", "phones", "phone", "externalCustomerId"]
        + ["cancelReasonCode", "cancelReasonDetails", "id", "name"]
    ),
    st.text(max_size=5),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
LOOKUPS = st.fixed_dictionaries(
    {"lookupLevel": st.sampled_from(["BASIC", "DETAILED"]), "query": st.dictionaries(KEYS, JSON, max_size=5)}
)
BODIES = st.one_of(
    st.binary(max_size=50),
    (JSON | LOOKUPS).map(lambda value: json.dumps(value).encode()),
)
SEGMENTS = st.one_of(
    st.sampled_from(["OWN", "FOREIGN", "ORDER", "FOREIGN-ORDER", "0" * 32, "cancel"]), st.text(max_size=9)
)
HEADER_TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=30)
HEADERS = st.dictionaries(
    st.sampled_from(["gladly-time", "gladly-authorization", "gladly-correlation-id", "authorization", "content-type"]),
    HEADER_TEXTS
    | HEADER_TEXTS.map(lambda text: f"SigningAlgorithm=hmac-sha256, SignedHeaders={text}, Signature={text}"),
)


@pytest.fixture
def foreign(connect: Callable[..., Connection]) -> Subscription:
    customer = CustomerFactory(
        merchant=MerchantFactory(),
        merchant_user_id="F-1",
        first_name="Foreigner",
        email="ana@foreign.test",
        phone_number="+15013299811",
    )
    made = subscription_with_order(customer=customer, merchant=customer.merchant)
    connect(customer.merchant)
    return made


@given(data=st.data())
@hypothesis_settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_nothing_that_can_be_sent_breaks_or_leaks(data, gladly, subscription, foreign):
    ids = {
        "OWN": subscription.public_id.hex,
        "FOREIGN": foreign.public_id.hex,
        "ORDER": subscription.items.get().order.public_id.hex if subscription.items.exists() else "",
        "FOREIGN-ORDER": foreign.items.get().order.public_id.hex,
    }
    ends = st.one_of(
        st.just([]),
        st.lists(SEGMENTS, min_size=1, max_size=1).map(lambda part: ["actions", "cancel", *part]),
        st.lists(SEGMENTS, min_size=2, max_size=2).map(lambda part: ["actions", "skip", *part]),
        st.lists(SEGMENTS, max_size=4),
    )
    segments = [quote(ids.get(part, part), safe="") for part in data.draw(ends)]
    method = data.draw(st.sampled_from(["POST", "POST", "GET", "HEAD", "PUT", "OPTIONS"]))
    path, body = "/".join([gladly.path, *segments]), data.draw(BODIES)
    with transaction.atomic():
        if data.draw(st.booleans(), label="signed"):
            answer = gladly.request(method, path, body)
        else:
            headers = data.draw(HEADERS)
            answer = Client(raise_request_exception=False).generic(
                method, path, body, headers.pop("content-type", ""), headers=headers
            )
        transaction.set_rollback(True)
    assert answer.status_code in {200, 400, 401, 404, 405, 406}
    content = answer.content.decode()  # type: ignore[attr-defined]
    assert not any(text in content for text in ("Foreigner", "ana@foreign.test", "3299811", "Traceback"))


@given(changes=st.dictionaries(st.sampled_from(NAMES), HEADER_TEXTS, min_size=1), body=st.binary(max_size=20))
@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_change_of_a_signed_request_is_let_in(changes, body, gladly):
    signed = sign("POST", gladly.path, b"{}")
    changed = {**signed, **changes}
    same = body == b"{}" and all(changes[name].split() == signed[name].split() for name in changes)
    answer = gladly.send("POST", gladly.path, changed, body)
    assert answer.status_code == (200 if same else 401)


def test_the_views_of_the_adaptor_are_all_behind_the_gate():
    assert all(issubclass(view, gate.AdaptorView) for view in (views.Lookup, views.Cancel, views.Skip))
