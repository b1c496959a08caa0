"""Responses per second of what a browser loads before a click: the merchant's script, and a landing page."""

import sys
from collections.abc import Iterator

from benchmarks import load, seed
from benchmarks.figure import Figure
from benchmarks.portal import run_web_server

CONNECTIONS = 16
SECONDS = 5
TURNS = 3


def measure_figures() -> Iterator[Figure]:
    public_id = seed.create_cancelled_subscribers(1).public_id.hex
    paths = {"script": f"/{public_id}/main.js", "landing_page": f"/l/{public_id}/"}
    with run_web_server() as port:
        for name, path in paths.items():
            _response_rate(port, path, 1)  # warm
            served, empty = [], []
            # In turns, so that a change in the machine's speed affects both.
            for _ in range(TURNS):
                served.append(_response_rate(port, path, SECONDS))
                empty.append(_response_rate(port, "/empty/", SECONDS))
            yield Figure(name, sum(served) / TURNS, sum(empty) / TURNS, "answers/s", "reference: an empty view")


def _response_rate(port: int, path: str, seconds: float) -> float:
    found = load.run_load(port, _page_requests(path), connections=CONNECTIONS, seconds=seconds)
    if set(found.statuses) != {200}:
        sys.exit(f"expected responses 200 from {path}, got {dict(found.statuses)}")
    return found.rate


def _page_requests(path: str) -> Iterator[bytes]:
    while True:
        yield f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n\r\n".encode()
