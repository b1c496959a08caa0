"""A slow or silent client costs the web server a connection, never a thread."""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.web_server.server import WebServer, read_to_end, running_web_server

pytestmark = pytest.mark.slow
DEADLINE = 2  # seconds
LARGEST_BODY = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
UNFINISHED = b"POST /one_click/delay/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n{'token':"
REAL_BODY = b'{"token": "none"}'


def get(path: str, *headers: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def post(path: str, body: bytes, *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


IDLE = get("/healthz").replace(b"close", b"keep-alive")


def status_and_body(response: bytes) -> tuple[int, bytes]:
    head, _, body = response.partition(b"\r\n\r\n")
    return int(head[9:12]), body


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    home = tmp_path_factory.mktemp("web")
    (home / "static").mkdir()
    (home / "static" / "large.js").write_bytes(b"0123456789" * 500_000)
    with running_web_server(home, DEADLINE) as running:
        yield running


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


def test_a_body_that_drips_ends_at_the_same_deadline(server: WebServer) -> None:
    begun = time.monotonic()
    connection = server.connect(UNFINISHED)
    while time.monotonic() - begun < DEADLINE * 0.75:
        connection.sendall(b"x")
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


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (f"Content-Length: {LARGEST_BODY + 1}", 413),
        ("Transfer-Encoding: chunked", 411),
        ("Content-Length: -1", 400),
        (f"Content-Length: {'9' * 30}", 400),
    ],
)
def test_a_body_without_a_reasonable_length_is_refused_unread(server: WebServer, header: str, status: int) -> None:
    begun = time.monotonic()
    assert status_and_body(server.exchange(post("/echo/x/", b"", header)))[0] == status
    assert time.monotonic() - begun < DEADLINE / 2


@pytest.mark.parametrize("length", [LARGEST_BODY, 0])
def test_a_body_of_the_largest_size_and_an_empty_one_arrive_whole(server: WebServer, length: int) -> None:
    response = server.exchange(post("/echo/x/", b"x" * length, f"Content-Length: {length}"))
    assert json.loads(status_and_body(response)[1])["body"] == "x" * length


def test_a_body_that_was_cut_off_does_not_reach_django(server: WebServer) -> None:
    with server.connect(post("/echo/x/", b"half", "Content-Length: 8")) as connection:
        connection.shutdown(1)
        assert status_and_body(read_to_end(connection)) == (400, b"The body is shorter than its Content-Length.\n")


def test_django_sees_the_request_as_it_was_sent(server: WebServer) -> None:
    headers = ["X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 192.0.2.2", "X_Forwarded_For: 192.0.2.3"]
    cookies = ["Cookie: a=1", "Cookie: b=2"]
    shown = json.loads(status_and_body(server.exchange(get("/echo/caf%C3%A9%20/?q=%26+1", *headers, *cookies)))[1])
    assert (shown["word"], shown["query"], shown["body"], shown["peer"]) == ("café ", {"q": "& 1"}, "", "127.0.0.1")
    # A header with underscores could pass for the proxy's own.
    assert shown["headers"]["X-Forwarded-For"] == "192.0.2.1,192.0.2.2"
    assert shown["headers"]["Cookie"] == "a=1;b=2"


def test_a_part_of_a_file_and_its_headers_alone_can_be_asked_for(server: WebServer) -> None:
    assert status_and_body(server.exchange(get("/static/large.js", "Range: bytes=5-9"))) == (206, b"56789")
    head = server.exchange(get("/static/large.js").replace(b"GET", b"HEAD"))
    assert b"content-length: 5000000\r\n" in head
    assert status_and_body(head) == (200, b"")


def test_a_stop_lets_the_current_request_finish(tmp_path: Path) -> None:
    with running_web_server(tmp_path, DEADLINE) as server:
        current = server.connect(get("/sleep/"))
        silent = server.connect(UNFINISHED)
        time.sleep(0.3)
        begun = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert status_and_body(read_to_end(current)) == (200, b'{"slept": true}')
        assert status_and_body(read_to_end(silent))[0] == 408
        assert server.process.wait(timeout=10) == 0
        assert time.monotonic() - begun < 2 * DEADLINE
