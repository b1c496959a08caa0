"""What the web server's application takes, and what reaches Django of it."""

import json
import time
from typing import Any

import pytest
from django.conf import settings

from tests.web_server.server import DEADLINE, WebServer, get, post, read_to_end, status_and_body

pytestmark = pytest.mark.slow
LARGEST_BODY = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
CHUNKED = "Transfer-Encoding: chunked"


def echoed(server: WebServer, request: bytes) -> dict[str, Any]:
    """What the view saw of `request`."""
    status, body = status_and_body(server.exchange(request))
    assert status == 200
    shown: dict[str, Any] = json.loads(body)
    return shown


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (f"Content-Length: {LARGEST_BODY + 1}", 413),
        (f"{CHUNKED}\r\nContent-Type: application/x-www-form-urlencoded; charset=utf-8", 411),
        (f"{CHUNKED}\r\nContent-Type: multipart/form-data; boundary=x", 411),
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
    shown = echoed(server, post("/echo/x/", b"x" * length, f"Content-Length: {length}"))
    assert shown["body"] == "x" * length


def in_chunks(body: bytes, size: int) -> bytes:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@pytest.mark.parametrize("length", [LARGEST_BODY, 8, 0])
def test_json_may_come_in_chunks(server: WebServer, length: int) -> None:
    body = in_chunks(b"x" * length, 60_000)
    shown = echoed(server, post("/echo/x/", body, CHUNKED, "Content-Type: application/json"))
    assert (len(shown["body"]), shown["headers"]["Content-Length"]) == (length, str(length))


def test_chunks_beyond_the_largest_size_are_refused(server: WebServer) -> None:
    request = post("/echo/x/", in_chunks(b"x" * (LARGEST_BODY + 1), 60_000), CHUNKED, "Content-Type: application/json")
    assert status_and_body(server.exchange(request))[0] == 413


def test_a_body_that_was_cut_off_does_not_reach_django(server: WebServer) -> None:
    with server.connect(post("/echo/x/", b"half", "Content-Length: 8")) as connection:
        connection.shutdown(1)
        assert status_and_body(read_to_end(connection)) == (400, b"The body is shorter than its Content-Length.\n")


def test_django_sees_the_request_as_it_was_sent(server: WebServer) -> None:
    headers = ["X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 192.0.2.2", "X_Forwarded_For: 192.0.2.3"]
    cookies = ["Cookie: a=1", "Cookie: b=2"]
    shown = echoed(server, get("/echo/caf%C3%A9%20/?q=%26+1", *headers, *cookies))
    assert (shown["word"], shown["query"], shown["body"], shown["peer"]) == ("café ", {"q": "& 1"}, "", "127.0.0.1")
    # A header with underscores could pass for the proxy's own.
    assert shown["headers"]["X-Forwarded-For"] == "192.0.2.1,192.0.2.2"
    assert shown["headers"]["Cookie"] == "a=1;b=2"


def test_a_part_of_a_file_and_its_headers_alone_can_be_asked_for(server: WebServer) -> None:
    assert status_and_body(server.exchange(get("/static/large.js", "Range: bytes=5-9"))) == (206, b"56789")
    head = server.exchange(get("/static/large.js").replace(b"GET", b"HEAD"))
    assert b"content-length: 5000000\r\n" in head
    assert status_and_body(head) == (200, b"")


def test_requests_sent_ahead_are_answered_in_their_order(server: WebServer) -> None:
    ahead = post("/echo/first/", b"1", "Content-Length: 1").replace(b"Connection: close\r\n", b"")
    response = server.exchange(ahead + get("/echo/second/"))
    assert response.index(b'"word": "first", "query": {}, "body": "1"') < response.index(b'"word": "second"')


def test_http_2_is_not_spoken(server: WebServer) -> None:
    with server.connect(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") as connection:
        assert read_to_end(connection)[:12] in (b"", b"HTTP/1.1 400")
