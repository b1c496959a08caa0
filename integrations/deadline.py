"""The time that a request may take in all.

httpx limits each step of a request only: one whose answer trickles in, or the headers of the answer, would never end.
"""

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore

# Of the request of this thread, on the monotonic clock.
_deadline: ContextVar[float] = ContextVar("deadline")


@contextmanager
def limit_time(seconds: float) -> Iterator[None]:
    """The requests inside the block end after `seconds`, if they go through `DeadlineBackend`."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


class DeadlineBackend(httpcore.SyncBackend):
    """Makes connections on which each step ends by the deadline at the latest."""

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *args: Any, **options: Any
    ) -> httpcore.NetworkStream:
        return DeadlineStream(super().connect_tcp(host, port, _time_left(timeout), *args, **options))


class DeadlineStream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self.stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.stream.read(max_bytes, _time_left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stream.write(buffer, _time_left(timeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return DeadlineStream(self.stream.start_tls(ssl_context, server_hostname, _time_left(timeout)))

    def close(self) -> None:
        self.stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)


def _time_left(timeout: float | None) -> float:
    left = _deadline.get() - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the response did not end in time")
    return left if timeout is None else min(timeout, left)
