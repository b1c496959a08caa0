"""An answer that a view wants spoilt costs the web server a connection, never a thread."""

import time
from contextlib import suppress

import pytest

from tests.web_server.server import WebServer, get, read_to_end, status_and_body
from tests.web_server.test_slow_clients import assert_serves

pytestmark = pytest.mark.slow


def test_a_late_answer_comes_whole_after_its_seconds(server: WebServer) -> None:
    begun = time.monotonic()
    assert status_and_body(server.exchange(get("/spoilt/LATE/1/"))) == (200, b'{"spoilt": true}')
    assert 1 <= time.monotonic() - begun < 2


def test_a_dripping_answer_begins_at_once_and_ends_after_its_seconds(server: WebServer) -> None:
    begun = time.monotonic()
    with server.connect(get("/spoilt/DRIPPING/1/")) as connection:
        first = connection.recv(65536)
        assert first.startswith(b"HTTP/1.1 200") and time.monotonic() - begun < 0.5
        rest = read_to_end(connection)
    assert 0.9 <= time.monotonic() - begun < 2
    sent = (first + rest).partition(b"\r\n\r\n")[2]
    assert b"".join(sent.split(b"\r\n")[1::2]) == b'{"spoilt": true}'


@pytest.mark.parametrize("seconds", [0, 1])
def test_a_cut_connection_ends_without_an_answer(server: WebServer, seconds: int) -> None:
    begun = time.monotonic()
    with server.connect(get(f"/spoilt/CUT/{seconds}/")) as cut, suppress(ConnectionResetError):
        assert read_to_end(cut) == b""
    assert seconds <= time.monotonic() - begun < seconds + 0.9
    assert_serves(server)


def test_held_answers_hinder_nobody_and_beyond_a_number_they_are_not_held(server: WebServer) -> None:
    held = [server.connect(get("/spoilt/LATE/3/")) for _ in range(200)]
    time.sleep(0.3)
    assert_serves(server)
    begun = time.monotonic()
    assert status_and_body(server.exchange(get("/spoilt/LATE/3/")))[0] == 200
    assert time.monotonic() - begun < 1
    for connection in held:
        connection.close()
