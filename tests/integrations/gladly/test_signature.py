"""Who is let in: the published vector, and everything that differs from a signed request."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from django.test import Client

from integrations.gladly.signature import SignedParts, find_signature_fault, make_signature, signed_headers
from integrations.models import Connection, GladlyAccount, GladlyRequest
from tests.factories import CustomerFactory, MerchantFactory
from tests.integrations.gladly.player import KEY, Gladly, sign

BODY = (
    b'{"lookupLevel":"DETAILED","query":{"emails":["martha.williams@gmail.com"],"externalCustomerId":"abc",'
    b'"favoriteDate":"2018-08-19T07:00:00.000Z","favoriteFood":"Apple Pie","id":"o2sg-TMTSD2rTwMuxzewbA",'
    b'"name":"Martha Williams","phones":["+15013299800"]},"uniqueMatchRequired":true}'
)
SIGNATURE = "4c633fca4914f51df04c9ec40f4545d66d653e771c6634e33eed52a242bc278c"
SIGNED = "accept;content-type;gladly-correlation-id;gladly-time;x-b3-traceid"
AUTHORIZATION = f"SigningAlgorithm=hmac-sha256, SignedHeaders={SIGNED}, Signature={SIGNATURE}"
VECTOR = SignedParts(
    method="POST",
    path="/api/v2/customer/lookup",
    headers={
        "content-type": "application/json",
        "accept": "application/json",
        "gladly-correlation-id": "vXmSEPjVSWCaCMzvjufxZg",
        "x-b3-traceid": "bd799210f8d549609a08ccef8ee7f166",
        "gladly-time": "20190213T214016Z",
        "gladly-authorization": AUTHORIZATION,
    },
    body=BODY,
)
AT = datetime(2019, 2, 13, 21, 40, 16, tzinfo=UTC)


def code(parts: SignedParts, key: str = KEY, now: datetime = AT) -> tuple[str, str] | None:
    fault = find_signature_fault(parts, key, now)
    return fault and (fault.attr, fault.code)


def with_header(**changes: str | None) -> SignedParts:
    headers = {**VECTOR.headers, **{name.replace("_", "-"): value for name, value in changes.items()}}
    return replace(VECTOR, headers={name: value for name, value in headers.items() if value is not None})


def test_the_published_vector_passes():
    assert make_signature(VECTOR, SIGNED.split(";"), KEY) == SIGNATURE
    assert code(VECTOR) is None


def test_blanks_in_and_around_a_value_do_not_count():
    assert code(with_header(accept="  application/json ")) is None
    spaced = with_header(accept="application/json,   text/plain")
    once = with_header(accept="application/json, text/plain")
    assert make_signature(spaced, ["accept"], KEY) == make_signature(once, ["accept"], KEY)


@pytest.mark.parametrize(
    "changed",
    [
        replace(VECTOR, method="PUT"),
        replace(VECTOR, path="/api/v2/customer/lookup/"),
        replace(VECTOR, query="page=2"),
        replace(VECTOR, body=BODY.replace(b"abc", b"abd")),
        replace(VECTOR, body=BODY + b"\n"),
        with_header(accept="text/html"),
        with_header(x_b3_traceid="bd799210f8d549609a08ccef8ee7f167"),
        with_header(gladly_time="20190213T214017Z"),
        with_header(gladly_authorization=AUTHORIZATION.replace("accept;content-type", "content-type;accept")),
        with_header(gladly_authorization=AUTHORIZATION.replace(";x-b3-traceid", "")),
        with_header(gladly_authorization=AUTHORIZATION[:-1] + "d"),
        with_header(gladly_authorization=AUTHORIZATION[:-1] + "é"),
    ],
)
def test_whatever_is_changed_makes_the_signature_invalid(changed):
    assert code(changed) == ("Gladly-Authorization", "invalid")


def test_another_key_makes_the_signature_invalid():
    assert code(VECTOR, key="test-apikey-2") == ("Gladly-Authorization", "invalid")


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        (with_header(gladly_authorization=None), ("Gladly-Authorization", "missing")),
        (with_header(gladly_authorization=""), ("Gladly-Authorization", "missing")),
        (with_header(gladly_authorization="Signature=" + SIGNATURE), ("Gladly-Authorization", "missing")),
        (
            with_header(gladly_authorization=AUTHORIZATION.replace("hmac-sha256", "none")),
            ("Gladly-Authorization", "missing"),
        ),
        (with_header(gladly_time=None), ("Gladly-Time", "missing")),
        (with_header(gladly_time="2019-02-13T21:40:16Z"), ("Gladly-Time", "missing")),
        (with_header(gladly_time="20190231T214016Z"), ("Gladly-Time", "missing")),
        (with_header(gladly_time="٢٠١٩٠٢١٣T٢١٤٠١٦Z"), ("Gladly-Time", "missing")),
        (with_header(x_b3_traceid=None), ("x-b3-traceid", "missing")),
    ],
)
def test_a_missing_header_is_named(changed, fault):
    assert code(changed) == fault


@pytest.mark.parametrize("direction", [1, -1], ids=["old", "future"])
def test_a_request_counts_for_exactly_300_seconds(direction, settings):
    assert code(VECTOR, now=AT + direction * timedelta(seconds=300)) is None
    late = AT + direction * timedelta(seconds=300, microseconds=1)
    assert code(VECTOR, now=late) == ("Gladly-Time", "expired")
    settings.GLADLY_MAX_AGE_S = 301
    assert code(VECTOR, now=late) is None


def test_what_we_sign_ourselves_passes():
    bare = SignedParts("POST", "/gladly/lookup/1", {"content-type": "application/json"}, b"{}")
    signed = {name.lower(): value for name, value in signed_headers(bare, KEY, AT).items()}
    assert code(replace(bare, headers={**bare.headers, **signed})) is None


# Over HTTP

Connect = Callable[..., Connection]
Play = Callable[[Connection], Gladly]


def ask(connection: Connection, headers: dict[str, str], body: bytes = b"{}", **more: Any) -> Any:
    path = f"/gladly/lookup/{connection.public_id.hex}"
    return Client(raise_request_exception=False).generic(
        "POST", path, body, headers.get("content-type", ""), headers=headers, **more
    )


def errors(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 401
    assert set(answer.json()) == {"errors"}
    found: list[dict[str, str]] = answer.json()["errors"]
    assert all(set(error) == {"attr", "code", "detail"} for error in found)
    return found


@pytest.fixture
def connection(db: None, connect: Connect) -> Connection:
    return connect(MerchantFactory())


def test_a_signed_request_is_let_in_and_any_other_gets_401(connection):
    path = f"/gladly/lookup/{connection.public_id.hex}"
    good = sign("POST", path, b"{}")
    assert ask(connection, good).json() == {"results": []}
    (missing,) = errors(ask(connection, {}))
    assert (missing["attr"], missing["code"]) == ("Gladly-Authorization", "missing")
    (invalid,) = errors(ask(connection, good, b"{ }"))
    assert (invalid["attr"], invalid["code"]) == ("Gladly-Authorization", "invalid")
    (expired,) = errors(ask(connection, sign("POST", path, b"{}", at=datetime.now(UTC) - timedelta(seconds=310))))
    assert (expired["attr"], expired["code"]) == ("Gladly-Time", "expired")


def test_the_key_of_another_merchant_opens_nothing(connection, connect, play):
    other = connect(MerchantFactory(), signing_key="another-key")
    CustomerFactory(merchant=other.merchant, merchant_user_id="C-7")
    gladly = play(other)
    assert len(errors(gladly.request("POST", gladly.path, {"lookupLevel": "BASIC"}))) == 1
    gladly.key = "another-key"
    assert len(gladly.detailed("C-7")) == 1
    assert play(connection).detailed("C-7") == []


@pytest.mark.parametrize("gone", ["removed", "of another kind", "without an account", "unknown", "no id"])
def test_what_is_no_connection_to_gladly_is_not_told_apart_from_wrong_credentials(connection, play, gone):
    gladly = play(connection)
    if gone == "removed":
        Connection.objects.update(removed_at=datetime.now(UTC))
    elif gone == "of another kind":
        Connection.objects.update(integration="klaviyo")
    elif gone == "without an account":
        GladlyAccount.objects.all().delete()
    else:
        gladly.path = "/gladly/lookup/" + ("0" * 32 if gone == "unknown" else "x")
    (error,) = errors(gladly.request("POST", gladly.path, {}))
    assert error == {
        "attr": "",
        "code": "invalid",
        "detail": "There is no such connection, or the credentials are wrong.",
    }
    assert not GladlyRequest.objects.exists()


@pytest.mark.parametrize("state", [{"enabled": False}, {"paused_reason": "The timeline's token is wrong."}])
def test_the_adaptor_answers_while_the_timeline_is_off(connection, play, state):
    Connection.objects.update(**state)
    assert play(connection).basic() == []


def basic(text: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(text.encode()).decode()}


@pytest.mark.parametrize(
    ("columns", "headers", "is_in"),
    [
        ({"basic_user": "gladly", "basic_password": "s3cret:é"}, basic("gladly:s3cret:é"), True),
        ({"basic_user": "gladly", "basic_password": "s3cret"}, basic("gladly:s3cre"), False),
        ({"basic_user": "gladly", "basic_password": "s3cret"}, basic("other:s3cret"), False),
        ({"basic_user": "gladly", "basic_password": "s3cret"}, {"Authorization": "Basic ???"}, False),
        ({"basic_user": "gladly", "basic_password": "s3cret"}, {"Authorization": "Bearer s3cret"}, False),
        ({"basic_user": "gladly", "basic_password": "s3cret"}, {}, False),
        ({"basic_user": "", "basic_password": "s3cret"}, basic(":s3cret"), False),
        ({"basic_user": "gladly", "basic_password": ""}, basic("gladly:"), False),
        ({"header_name": "X-Portal-Key", "header_value": "s3cret"}, {"x-portal-key": "s3cret"}, True),
        ({"header_name": "X-Portal-Key", "header_value": "s3cret"}, {"x-portal-key": "s3cres"}, False),
        ({"header_name": "X-Portal-Key", "header_value": "s3cret"}, {}, False),
        ({"header_name": "X-Portal-Key", "header_value": ""}, {"x-portal-key": ""}, False),
        ({}, {}, False),
        # A signing key leaves no other way in.
        ({"signing_key": KEY, "basic_user": "gladly", "basic_password": "s3cret"}, basic("gladly:s3cret"), False),
    ],
)
def test_without_a_signing_key_a_password_or_a_header_is_required(db, connect, columns, headers, is_in):
    connection = connect(MerchantFactory(), **{"signing_key": "", **columns})
    answer = ask(connection, headers)
    assert answer.status_code == (200 if is_in else 401)
    if not is_in:
        (error,) = errors(answer)
        assert "s3cret" not in str(error)


@pytest.mark.parametrize(
    ("allowed", "address", "is_in"),
    [
        ([], "203.0.113.9", True),
        (["203.0.113.9"], "203.0.113.9", True),
        (["198.51.100.0/24", "203.0.113.0/29"], "203.0.113.9", False),
        (["203.0.113.0/28"], "203.0.113.9", True),
        (["2001:db8::5"], "2001:db8::5", True),
        (["2001:db8:0:1::5"], "2001:db8::5", False),
        (["2001:db8::/32"], "203.0.113.9", False),
        (["203.0.113.9"], "", False),
    ],
)
def test_only_gladlys_addresses_are_answered_where_they_are_given(connection, settings, allowed, address, is_in):
    settings.GLADLY_ALLOWED_IPS = [ip_network(entry) for entry in allowed]
    headers = sign("POST", f"/gladly/lookup/{connection.public_id.hex}", b"{}")
    answer = ask(connection, headers, REMOTE_ADDR=address)
    assert answer.status_code == (200 if is_in else 401)
