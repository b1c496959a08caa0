"""A response that is made while it is sent, such as a file to download, never keeps a thread from other requests."""

import time

import pytest

from config.rsgi import MOST_STREAMS
from tests.web_server.server import WebServer, get, read_to_end, status_and_body
from tests.web_server.test_slow_clients import assert_serves

pytestmark = pytest.mark.slow


def test_the_first_part_arrives_while_the_others_are_made_and_others_are_served(server: WebServer) -> None:
    begun = time.monotonic()
    streams = [server.connect(get("/stream/3/")) for _ in range(MOST_STREAMS)]
    first = [connection.recv(65536) for connection in streams]
    assert all(b"200 OK" in part for part in first) and time.monotonic() - begun < 1
    assert_serves(server)
    rest = [read_to_end(connection) for connection in streams]
    assert time.monotonic() - begun >= 1.5
    for both in (a + b for a, b in zip(first, rest, strict=True)):
        assert [line[:2] for line in both.split(b"\r\n") if b"Thread" in line] == [b"0 ", b"1 ", b"2 "]


def test_clients_that_read_nothing_hinder_nobody(server: WebServer) -> None:
    deaf = [server.connect(get("/large_stream/")) for _ in range(2 * MOST_STREAMS)]
    assert_serves(server)
    assert status_and_body(server.exchange(get("/stream/1/")))[0] == 200
    assert all(len(read_to_end(connection)) > 5_000_000 for connection in deaf)


def test_a_client_that_leaves_makes_room_for_the_next(server: WebServer) -> None:
    for _ in range(2 * MOST_STREAMS):
        leaving = server.connect(get("/large_stream/"))
        leaving.recv(65536)
        leaving.close()
    assert status_and_body(server.exchange(get("/stream/1/")))[0] == 200
    assert_serves(server)
