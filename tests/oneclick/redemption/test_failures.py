"""Whatever the database and the client do, a click endpoint answers in its own shape."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client

from oneclick.models import ActionToken
from oneclick.tokens.token_text import encode_token
from subscriptions.actions.subscription import cancel
from subscriptions.models import Subscription
from tests.factories import STAFF, subscription_with_order

NOT_DONE = "Your subscription was not reactivated."
UNAVAILABLE = {"status": "error", "error": "unavailable", "message": NOT_DONE}
UNREADABLE = {"status": "error", "error": "unreadable_request", "message": NOT_DONE}
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def token(transactional_db: None) -> ActionToken:
    cache.clear()
    cancel(subscription_with_order(), actor=STAFF)
    return ActionToken.objects.get()


@pytest.fixture
def other_session(transactional_db: None) -> Iterator[psycopg.Connection[Any]]:
    """A session of its own; this one does not wait long for the locks of that one."""
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '50ms'")
    params = connection.get_connection_params()
    names = {"dbname", "user", "password", "host", "port"} & params.keys()
    session = psycopg.connect(**{name: params[name] for name in names})
    yield session
    session.close()
    connection.close()


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


def lock_table(session: psycopg.Connection[Any], table: str) -> None:
    session.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")


def lose_connection(session: psycopg.Connection[Any]) -> None:
    """As a restart of the server or a failover does, between two queries."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    session.execute("SELECT pg_terminate_backend(%s, 2000)", [pid])


def send(client: Client, kind: str, token: ActionToken, prefix: str = "") -> Any:
    text, path = encode_token(token), f"{prefix}/one_click/reactivate/"
    if kind == "JSON":
        return client.post(path, {"token": text}, content_type="application/json")
    if kind == "GET":
        return client.get(path, {"token": text}, headers={"Accept": "application/json"})
    return client.post(path, {"token": text}, headers={"Accept": "text/html"})


def is_live(token: ActionToken) -> bool:
    return Subscription.objects.get(pk=token.subscription_id).live


@pytest.mark.parametrize("kind", ["JSON", "GET", "form"])
@pytest.mark.parametrize("prefix", ["", "/api"])
@pytest.mark.parametrize("table", ["subscriptions_activity", "subscriptions_subscription"])
def test_a_lock_that_is_not_free_in_time_is_a_503(client, token, other_session, kind, prefix, table) -> None:
    lock_table(other_session, table)
    answer = send(client, kind, token, prefix)
    assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (503, "5", "no-store")
    if kind == "form":
        assert NOT_DONE in answer.text and "alert-container--error" in answer.text
    else:
        assert answer.json() == UNAVAILABLE
    other_session.rollback()
    assert not is_live(token)
    assert (send(client, kind, token, prefix).status_code, is_live(token)) == (200, True)


@pytest.mark.parametrize("kind", ["JSON", "GET", "form"])
def test_a_lost_connection_is_a_503(client, token, other_session, kind) -> None:
    lose_connection(other_session)
    answer = send(client, kind, token)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert NOT_DONE in answer.text
    connection.close()
    assert (send(client, kind, token).status_code, is_live(token)) == (200, True)


@pytest.mark.parametrize("kind", ["JSON", "GET", "form"])
def test_a_server_that_cannot_be_reached_is_a_503(client, token, monkeypatch, kind) -> None:
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
    monkeypatch.setitem(connection.settings_dict, "PORT", "9")
    answer = send(client, kind, token)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    monkeypatch.undo()
    assert (send(client, kind, token).status_code, is_live(token)) == (200, True)


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_a_standby_that_takes_no_writes_is_a_503(client, token, prefix) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    answer = send(client, "JSON", token, prefix)
    connection.close()
    assert (answer.status_code, answer.json(), is_live(token)) == (503, UNAVAILABLE, False)


@pytest.mark.parametrize("path", ["undo", "undo/", "opened/"])
def test_undo_and_the_report_of_an_opening_answer_alike(client, token, other_session, path) -> None:
    address = f"/one_click/{path}?merchant={token.merchant.public_id.hex}"
    lose_connection(other_session)
    answer = client.post(address, {"token": encode_token(token, "undo")})
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer.json() == UNAVAILABLE | {"message": "Nothing was undone. Please contact customer service."}


def test_a_shops_page_may_read_the_503_while_its_origin_is_in_the_cache(client, token, other_session) -> None:
    path = f"/one_click/reactivate/?merchant={token.merchant.public_id.hex}"
    shop = {"Origin": "https://shop.test"}
    client.post(path, {"token": "forged"}, headers=shop)
    lose_connection(other_session)
    answer = client.post(path, {"token": encode_token(token)}, headers=shop)
    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (503, "https://shop.test")
    assert answer.json() == UNAVAILABLE


def test_a_committed_act_is_told_even_if_the_merchants_page_cannot_be_read(client, token, monkeypatch) -> None:
    def fail(*_: Any) -> None:
        raise OperationalError("canceling statement due to lock timeout")

    monkeypatch.setattr("oneclick.redemption.responses.find_page_merchant", fail)
    answer = send(client, "form", token)
    assert (answer.status_code, is_live(token)) == (200, True)
    assert "Your subscription to House blend is active again." in answer.text


def test_a_hosted_page_is_a_503_that_can_be_loaded_again(client, token, other_session) -> None:
    page = f"/l/{token.merchant.public_id.hex}/"
    lock_table(other_session, "oneclick_landingpage")
    answer = client.get(page)
    assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (503, "5", "no-store")
    assert "The shop could not be reached. Check your connection and try again." in answer.text
    other_session.rollback()
    assert client.get(page).status_code == 200


def test_the_script_is_a_503_that_nobody_keeps(client, token, other_session) -> None:
    script = f"/{token.merchant.public_id.hex}/main.js"
    lock_table(other_session, "subscriptions_merchant")
    answer = client.get(script)
    assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (503, "5", "no-store")
    other_session.rollback()
    assert client.get(script).status_code == 200


def test_an_own_domain_is_a_503_while_its_merchant_cannot_be_found(client, token, other_session) -> None:
    lock_table(other_session, "oneclick_oneclicksettings")
    answer = client.get("/", headers={"Host": "links.shop.test"})
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"token=x"),
        ("multipart/form-data; boundary=", b"token=x"),
        ("multipart/form-data; boundary=\xc3\xa9", b"token=x"),
        (f"{FORM}; charset=latin-1", b"token=x"),
        (f"{FORM}; charset=utf-16", b"token=x"),
        (FORM, b"&".join(b"a%d=1" % n for n in range(1100))),
        (FORM, b"token=" + b"x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE),
    ],
)
@pytest.mark.parametrize("prefix", ["", "/api"])
@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_a_form_that_cannot_be_read_is_refused_whatever_its_query_says(
    client, token, content_type, body, prefix, accept
) -> None:
    path = f"{prefix}/one_click/reactivate/?token={encode_token(token)}"
    answer = client.generic("POST", path, body, content_type=content_type, headers={"Accept": accept})
    assert (answer.status_code, is_live(token)) == (400, False)
    if accept == "text/html":
        assert NOT_DONE in answer.text
    else:
        assert answer.json() == UNREADABLE


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"\x1f\x8b\x08\x00gzip"),
        ("application/json; charset=latin-1", b'{"token": "\xe9"}'),
        ("application/json", b'{"a":' * 100_000),
        (f"{FORM}; charset=nonsense", b"token=\xff\xfe"),
        ("text/plain; charset=latin-1", b"token=x"),
        ("", b"token=x"),
    ],
)
def test_a_body_without_fields_is_an_invalid_token(client, transactional_db, content_type, body) -> None:
    answer = client.generic("POST", "/api/one_click/reactivate/", body, content_type=content_type)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_token")
