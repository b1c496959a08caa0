"""Outbound HTTP: every request leaves through here and connects only to an address that was checked."""

import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache, lru_cache

import httpcore
import httpx

from common.web.outbound_address import resolve_allowed_url
from integrations.deadline import DeadlineBackend, limit_time

MAX_POOLS = 100
HEADERS = {"User-Agent": "Reprise", "Accept": "*/*", "Accept-Encoding": "identity", "Connection": "keep-alive"}


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds to connect, between two pieces of the response, and in all. A body over `body_bytes` is cut off."""

    connect: float = 5
    silence: float = 10
    deadline: float = 15
    body_bytes: int = 64 * 1024


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Reply:
    """`body` ends at the limit."""

    status: int
    headers: httpx.Headers
    body: bytes


def send_request(
    method: str,
    url: str,
    *,
    headers: dict[str, str],
    content: bytes | None = None,
    own_sandbox: bool = False,
    limits: Limits = LIMITS,
) -> Reply:
    """Send one request and read the response, whatever its status; redirects are not followed.

    `own_sandbox` also allows this portal's own sandbox at a private address; pass it for test merchants only.
    Raises AddressRefused, and httpx.TransportError when no complete response came in time.
    """
    timeout = httpx.Timeout(limits.silence, connect=limits.connect)
    options = {"own_sandbox": own_sandbox, "timeout": timeout.as_dict()}
    request = httpx.Request(method, _parse_url(url), headers=HEADERS | headers, content=content, extensions=options)
    # Not through httpx.Client: it keeps cookies, and costs more time than the round trip on a local network.
    with limit_time(limits.deadline), closing(get_transport().handle_request(request)) as response:
        return Reply(response.status_code, response.headers, _read_body(response, limits.body_bytes))


def describe_failure(error: httpx.TransportError) -> str:
    """For staff: why no complete response came."""
    causes = [error, *_causes_of(error)]
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return "The certificate of the other side is not valid for this address."
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return "No secure connection could be made."
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return "The host name has no address; check its spelling."
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return "Nothing answers at this address."
    if isinstance(error, httpx.TimeoutException):
        return "The answer did not come in time."
    return "The connection ended before the answer was complete."


class CheckedTransport(httpx.BaseTransport):
    """Connects to the addresses that were checked; `Host`, SNI and certificate stay those of the host name."""

    def __init__(self) -> None:
        self.ssl_context = httpx.create_ssl_context(trust_env=False)
        self.pools: dict[str, httpx.HTTPTransport] = {}

    def pool(self, name: str) -> httpx.HTTPTransport:
        # A pool finds its connections by address. Shared between host names, it would reuse a connection for
        # which another name's certificate was checked.
        if pool := self.pools.get(name):
            return pool
        if len(self.pools) >= MAX_POOLS:
            # Dropped, not closed: another thread may still be waiting for a response from it.
            self.pools.pop(next(iter(self.pools)), None)
        transport = httpx.HTTPTransport(verify=self.ssl_context, trust_env=False)
        # httpx has no option for the backend.
        transport._pool = httpcore.ConnectionPool(self.ssl_context, network_backend=DeadlineBackend())
        return self.pools.setdefault(name, transport)

    def close(self) -> None:
        for pool in self.pools.values():
            pool.close()
        self.pools.clear()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url, name = request.url, request.url.raw_host.decode("ascii")
        *others, last = resolve_allowed_url(url, own_sandbox=request.extensions["own_sandbox"])
        request.extensions["sni_hostname"] = name
        for address in others:
            request.url = _replace_host(url, address)
            try:
                return self.pool(name).handle_request(request)
            except httpx.ConnectError:  # nothing has been sent; the next address of the host may respond
                continue
        request.url = _replace_host(url, last)
        return self.pool(name).handle_request(request)


@cache
def get_transport() -> CheckedTransport:
    """The transport of this process."""
    return CheckedTransport()


# Two processes that share a socket would read each other's responses.
os.register_at_fork(after_in_child=get_transport.cache_clear)


def _causes_of(error: BaseException) -> Iterator[BaseException]:
    while cause := error.__cause__ or error.__context__:
        yield cause
        error = cause


# Most requests go to a few URLs.
@lru_cache(MAX_POOLS)
def _parse_url(url: str) -> httpx.URL:
    return httpx.URL(url)


@lru_cache(MAX_POOLS)
def _replace_host(url: httpx.URL, address: str) -> httpx.URL:
    return url.copy_with(host=address)


def _read_body(response: httpx.Response, limit: int) -> bytes:
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) >= limit:
            break
    return bytes(body[:limit])
