"""The slowest hundredth of ordinary requests beside 200 slow and silent clients, and without them."""

import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Event, Thread

from benchmarks import seed
from benchmarks.figure import Figure
from benchmarks.load import LoadResult, run_load
from benchmarks.portal import run_web_server

CLIENTS, CONNECTIONS, SECONDS, TURNS = 200, 4, 4.0, 3
PACE = 200  # ordinary requests per second, well below what the machine can do
UNFINISHED = b"POST /one_click/delay/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n"
MOST = 2  # times the time without them


def measure_figures() -> Iterator[Figure]:
    path = f"/l/{seed.create_cancelled_subscribers(1).public_id.hex}/"
    alone: list[LoadResult] = []
    beside: list[LoadResult] = []
    with run_web_server() as port:
        for turn in range(TURNS + 1):
            # In turns, so that a change in the machine's speed affects both.
            found = _ordinary(port, path)
            with _slow_clients(port):
                found_beside = _ordinary(port, path)
            if turn:  # the first one warms
                alone.append(found)
                beside.append(found_beside)
    value, reference = (sorted(each.p99 for each in results)[TURNS // 2] for results in (beside, alone))
    note = f"{PACE} pages per second beside {CLIENTS} slow and silent clients; at most {MOST} times"
    yield Figure("beside_slow_clients", value, reference, "ms", f"{note}; reference: without them")


def _ordinary(port: int, path: str) -> LoadResult:
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    found = run_load(port, iter(lambda: request, None), connections=CONNECTIONS, seconds=SECONDS, pace=PACE)
    if set(found.statuses) != {200}:
        sys.exit(f"expected responses 200 from {path}, got {dict(found.statuses)}")
    return found


@contextmanager
def _slow_clients(port: int) -> Iterator[None]:
    """Half of them send a byte of a body now and then, half of them nothing at all."""
    done = Event()
    with ExitStack() as opened:
        clients = [opened.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(CLIENTS)]
        slow = clients[: CLIENTS // 2]
        for client in slow:
            client.sendall(UNFINISHED)
        dripping = Thread(target=_drip, args=(slow, done))
        dripping.start()
        try:
            yield
        finally:
            done.set()
            dripping.join()


def _drip(clients: list[socket.socket], done: Event) -> None:
    while not done.wait(1):
        for client in clients:
            client.sendall(b"x")
