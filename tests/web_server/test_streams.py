"""A response that is made while it is sent, such as a file to download, never keeps a thread from other requests."""

import socket
import time
from contextlib import suppress

import psutil
import pytest

from config.rsgi import MOST_STREAMS
from tests.web_server.server import WebServer, get, read_to_end, status_and_body
from tests.web_server.settings import DOWNLOAD_PAUSE_SECONDS
from tests.web_server.test_slow_clients import assert_serves

pytestmark = pytest.mark.slow
LAST_CHUNK = b"0\r\n\r\n"


def memory(server: WebServer) -> int:
    """Bytes that the processes of the server use."""
    main = psutil.Process(server.process.pid)
    return sum(process.memory_info().rss for process in [main, *main.children(recursive=True)])


def read_what_came(connection: socket.socket) -> bytes:
    """All until the end of the connection, however it ends."""
    got = b""
    with suppress(ConnectionError):
        while part := connection.recv(65536):
            got += part
    return got


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
    for connection in deaf:
        connection.close()


def test_a_client_that_reads_slowly_gets_everything(server: WebServer) -> None:
    begun, got = time.monotonic(), b""
    with server.connect(get("/large_stream/")) as slow:
        while time.monotonic() - begun < 1.2 * DOWNLOAD_PAUSE_SECONDS:
            got += slow.recv(100_000)
            time.sleep(0.1)
        got += read_to_end(slow)
    assert got.endswith(LAST_CHUNK)
    assert len(got) > 5_000_000


def test_a_client_that_stops_reading_is_cut_off_and_costs_no_memory(server: WebServer) -> None:
    before = memory(server)
    with server.connect(get("/huge_stream/")) as deaf:
        first = deaf.recv(1)
        time.sleep(1.2 * DOWNLOAD_PAUSE_SECONDS)
        assert memory(server) - before < 30_000_000
        got = first + read_what_came(deaf)
    assert 100_000 < len(got) < 30_000_000
    assert not got.endswith(LAST_CHUNK)


def test_a_request_for_the_head_alone_keeps_its_connection(server: WebServer) -> None:
    head = get("/large_stream/").replace(b"GET", b"HEAD").replace(b"Connection: close", b"Connection: keep-alive")
    with server.connect(head) as connection:
        answer = connection.recv(65536)
        time.sleep(0.3)
        connection.sendall(get("/healthz"))
        assert status_and_body(answer) == (200, b"")
        assert status_and_body(read_to_end(connection)) == (200, b"ok\n")


def test_a_download_that_fails_does_not_look_whole(server: WebServer) -> None:
    with server.connect(get("/broken_stream/")) as connection:
        assert not read_what_came(connection).endswith(LAST_CHUNK)


def test_a_client_that_leaves_makes_room_for_the_next(server: WebServer) -> None:
    for _ in range(2 * MOST_STREAMS):
        leaving = server.connect(get("/large_stream/"))
        leaving.recv(65536)
        leaving.close()
    assert status_and_body(server.exchange(get("/stream/1/")))[0] == 200
    assert_serves(server)
