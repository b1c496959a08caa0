"""What a customer's browser loads before a click acts: the merchant's script, and a landing page."""

import sys
from collections.abc import Iterator

from benchmarks import load, seed
from benchmarks.figure import Figure
from benchmarks.portal import server

CONNECTIONS = 16
SECONDS = 5
TURNS = 3


def figures() -> Iterator[Figure]:
    public_id = seed.cancelled_subscribers(1).public_id.hex
    paths = {"script": f"/{public_id}/main.js", "landing_page": f"/l/{public_id}/"}
    with server() as port:
        for name, path in paths.items():
            _rate(port, path, 1)  # warm
            served, empty = [], []
            # In turns, so that a machine that grows slower or faster meanwhile does so for both.
            for _ in range(TURNS):
                served.append(_rate(port, path, SECONDS))
                empty.append(_rate(port, "/empty/", SECONDS))
            yield Figure(name, sum(served) / TURNS, sum(empty) / TURNS, "answers/s", "reference: an empty view")


def _rate(port: int, path: str, seconds: float) -> float:
    found = load.run(port, _asked(path), connections=CONNECTIONS, seconds=seconds)
    if set(found.statuses) != {200}:
        sys.exit(f"expected answers 200 from {path}, got {dict(found.statuses)}")
    return found.rate


def _asked(path: str) -> Iterator[bytes]:
    while True:
        yield f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n\r\n".encode()
