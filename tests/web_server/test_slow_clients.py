"""A slow or silent client costs the web server a connection, never a thread."""

import json
import signal
import time
from pathlib import Path

import pytest

from tests.web_server.server import (
    DEADLINE,
    UNFINISHED,
    WebServer,
    get,
    post,
    read_to_end,
    running_web_server,
    status_and_body,
)

pytestmark = pytest.mark.slow
REAL_BODY = b'{"token": "none"}'
CHUNKED = "Transfer-Encoding: chunked"
IDLE = get("/healthz").replace(b"close", b"keep-alive")


def assert_serves(server: WebServer) -> None:
    """Well before any deadline, a check of health and a click are answered."""
    begun = time.monotonic()
    assert status_and_body(server.exchange(get("/healthz"))) == (200, b"ok\n")
    click = post("/one_click/delay/", REAL_BODY, f"Content-Length: {len(REAL_BODY)}")
    assert json.loads(status_and_body(server.exchange(click))[1])["error"] == "invalid_token"
    assert time.monotonic() - begun < DEADLINE / 2


def test_two_hundred_unfinished_bodies_hinder_nobody_and_end_at_the_deadline(server: WebServer) -> None:
    begun = time.monotonic()
    silent = [server.connect(UNFINISHED) for _ in range(200)]
    assert_serves(server)
    responses = {read_to_end(connection).partition(b"\r\n\r\n")[::2] for connection in silent}
    assert {(head[9:12], body) for head, body in responses} == {
        (b"408", b"The body did not arrive within 2 seconds. Send it again.\n")
    }
    assert DEADLINE <= time.monotonic() - begun < 2 * DEADLINE


@pytest.mark.parametrize(
    ("begin", "piece"),
    [(UNFINISHED, b"x"), (post("/one_click/delay/", b"", CHUNKED), b"1\r\nx\r\n")],
    ids=["with its length", "in chunks"],
)
def test_a_body_that_drips_ends_at_the_same_deadline(server: WebServer, begin: bytes, piece: bytes) -> None:
    begun = time.monotonic()
    connection = server.connect(begin)
    while time.monotonic() - begun < DEADLINE * 0.75:
        connection.sendall(piece)
        time.sleep(0.1)
    assert status_and_body(read_to_end(connection))[0] == 408
    assert time.monotonic() - begun < DEADLINE * 1.5


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: 127.0.", IDLE], ids=["silent", "headers", "idle"])
def test_a_connection_without_a_request_is_closed_at_the_deadline(server: WebServer, sent: bytes) -> None:
    begun = time.monotonic()
    connections = [server.connect(sent) for _ in range(20)]
    assert_serves(server)
    for connection in connections:
        read_to_end(connection)
    assert DEADLINE <= time.monotonic() - begun < 2 * DEADLINE


def test_clients_that_read_nothing_hinder_nobody(server: WebServer) -> None:
    deaf = [server.connect(get("/static/large.js")) for _ in range(20)]
    assert_serves(server)
    assert [len(status_and_body(read_to_end(connection))[1]) for connection in deaf] == [5_000_000] * 20


def test_clients_that_leave_while_they_wait_hinder_nobody(server: WebServer) -> None:
    for _ in range(20):
        server.connect(UNFINISHED).close()
    server.connect(get("/sleep/")).close()
    waiting = [server.connect(get("/healthz")) for _ in range(20)]
    for connection in waiting:
        connection.close()
    time.sleep(1)
    assert_serves(server)


def test_a_stop_lets_the_current_request_finish(tmp_path: Path) -> None:
    with running_web_server(tmp_path) as server:
        current = server.connect(get("/sleep/"))
        silent = server.connect(UNFINISHED)
        time.sleep(0.3)
        begun = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert status_and_body(read_to_end(current)) == (200, b'{"slept": true}')
        assert status_and_body(read_to_end(silent))[0] == 408
        assert server.process.wait(timeout=10) == 0
        assert time.monotonic() - begun < 2 * DEADLINE
