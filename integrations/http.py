"""Outbound HTTP: every request leaves through here and connects only to an address that was checked."""

import os
import socket
import time
from contextlib import closing
from dataclasses import dataclass
from functools import cache, lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpx
from django.conf import settings

MAX_POOLS = 100
HEADERS = {"User-Agent": "Reprise", "Accept": "*/*", "Accept-Encoding": "identity", "Connection": "keep-alive"}
NAT64 = IPv6Network("64:ff9b::/96")


class AddressRefused(Exception):
    """The URL breaks an address rule, which the sentence names. A retry does not help."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds to connect, between two pieces of the response, and in all. A body over `body_bytes` is cut off.

    httpx limits each phase only, so a response that trickles in would never end.
    """

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
    deadline = time.monotonic() + limits.deadline
    timeout = httpx.Timeout(limits.silence, connect=limits.connect)
    options = {"own_sandbox": own_sandbox, "timeout": timeout.as_dict()}
    request = httpx.Request(method, _parse_url(url), headers=HEADERS | headers, content=content, extensions=options)
    # Not through httpx.Client: it keeps cookies, and costs more time than the round trip on a local network.
    with closing(get_transport().handle_request(request)) as response:
        return Reply(response.status_code, response.headers, _read_body(response, deadline, limits.body_bytes))


def resolve_allowed_url(url: httpx.URL, *, own_sandbox: bool = False) -> list[str]:
    """The IP addresses at which `url` may be called. Raises AddressRefused, httpx.ConnectError (unknown host)."""
    if url.userinfo:
        raise AddressRefused("The address must not contain a user name or password.")
    private_allowed = settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES or (own_sandbox and is_own_sandbox(url))
    if url.scheme not in (("https", "http") if private_allowed else ("https",)):
        raise AddressRefused("The address must begin with https://.")
    addresses = resolve_host(url)
    if not private_allowed and not all(is_public_address(address) for address in addresses):
        raise AddressRefused(f"{url.host} is at a private address; only public ones may be called.")
    return addresses


def is_own_sandbox(url: httpx.URL) -> bool:
    """Whether `url` lies under `PUBLIC_URL`'s `/sandbox/`, the only private address open to test merchants."""
    # Parsed by httpx, because httpx connects: another parser could see another host in the URL.
    portal = httpx.URL(settings.PUBLIC_URL)
    same_place = (url.scheme, url.netloc) == (portal.scheme, portal.netloc)
    return same_place and url.path.startswith(portal.path.rstrip("/") + "/sandbox/")


def resolve_host(url: httpx.URL) -> list[str]:
    name = url.raw_host.decode("ascii")
    port = url.port or {"http": 80, "https": 443}[url.scheme]
    try:
        answers = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpx.ConnectError(f"{url.host} has no address") from error
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


def is_public_address(text: str) -> bool:
    """Whether the IP address is on the public internet. An IPv6 address counts as the IPv4 one it embeds."""
    address = _unwrap_ipv4(ip_address(text))
    return address.is_global and not address.is_multicast


def _unwrap_ipv4(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


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
        return self.pools.setdefault(name, httpx.HTTPTransport(verify=self.ssl_context, trust_env=False, retries=0))

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


# Most requests go to a few URLs.
@lru_cache(MAX_POOLS)
def _parse_url(url: str) -> httpx.URL:
    return httpx.URL(url)


@lru_cache(MAX_POOLS)
def _replace_host(url: httpx.URL, address: str) -> httpx.URL:
    return url.copy_with(host=address)


def _read_body(response: httpx.Response, deadline: float, limit: int) -> bytes:
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) >= limit:
            break
        if time.monotonic() > deadline:
            raise httpx.ReadTimeout("the response did not end in time")
    return bytes(body[:limit])
