"""The client's address, for rate limits and login throttling. No other module reads it.

Without a proxy it is the peer of the connection. With one (`BEHIND_HTTPS`), the peer is the proxy, and the client is
the last entry of `X-Forwarded-For`: the proxy itself appended it, whereas the entries before it came from the client,
who can forge them. So exactly one proxy is trusted, and it must set the header; an entry that is no IP address is
ignored.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The client's IP address; empty where the server knows none."""
    if settings.BEHIND_HTTPS:
        last_entry = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        if address := _parse_address(last_entry):
            return address
    peer: str = request.META.get("REMOTE_ADDR", "")
    return peer


def _parse_address(text: str) -> str | None:
    # Some proxies append the client's port: 192.0.2.1:5678, [2001:db8::1]:5678.
    try:
        host = text if text.count(":") > 1 and "[" not in text else urlsplit(f"//{text}").hostname
        return str(ip_address(host or ""))
    except ValueError:
        return None
