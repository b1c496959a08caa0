"""The client's address, for rate limits, login throttling and links. No other module reads it from the request.

Without a proxy it is the peer of the connection. With proxies, each appends the address that it saw to
`X-Forwarded-For`, so with `PROXIES` of them the client is that many entries from the end. The entries before it came
from the client, who can forge them. Where there are fewer entries, or the entry is no IP address, it is the peer.

Of an IPv6 address only the first 64 bits count: a client has all addresses that begin with them.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

CLIENT_BITS = 64


def client_address(request: HttpRequest) -> str:
    """The client's IP address, the first one of its network for IPv6; empty where the server knows none."""
    if settings.PROXIES:
        entries = request.headers.get("x-forwarded-for", "").split(",")
        if len(entries) >= settings.PROXIES and (address := _parse_address(entries[-settings.PROXIES].strip())):
            return address
    return _parse_address(request.META.get("REMOTE_ADDR", "")) or ""


def _parse_address(text: str) -> str | None:
    # Some proxies append the client's port: 192.0.2.1:5678, [2001:db8::1]:5678.
    try:
        host = urlsplit(f"//{text}").hostname if "[" in text or text.count(":") == 1 else text
        return str(_first_of_network(ip_address(host or "")))
    except ValueError:
        return None


def _first_of_network(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped:
        return address.ipv4_mapped
    host_bits = 128 - CLIENT_BITS
    return IPv6Address(int(address) >> host_bits << host_bits)
