"""Which addresses the portal may call: public ones, and a test merchant's own sandbox. Forms and requests ask here."""

import re
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpx
from django.conf import settings

# The one range of IPv6 that is given out for the internet. Outside lie the forms that only carry an IPv4 address.
GLOBAL_UNICAST = IPv6Network("2000::/3")
DOCUMENTATION = IPv6Network("3fff::/20")
NAT64 = IPv6Network("64:ff9b::/96")
# Without dots, escapes and backslashes, by which a proxy and the portal may each read another path.
SANDBOX_PATH = re.compile(rb"/sandbox/[\w/-]*")


class AddressRefused(Exception):
    """The URL breaks an address rule, which the sentence names. A retry does not help."""


def check_outbound_url(text: str, *, own_sandbox: bool = False) -> None:
    """For forms: raises AddressRefused if requests to `text` would be refused. A name unknown just now may pass."""
    try:
        resolve_allowed_url(httpx.URL(text), own_sandbox=own_sandbox)
    except httpx.InvalidURL as error:
        raise AddressRefused(f"{text} is not a valid address.") from error
    except httpx.ConnectError:
        pass


def resolve_allowed_url(url: httpx.URL, *, own_sandbox: bool = False) -> list[str]:
    """The IP addresses at which `url` may be called. Raises AddressRefused, httpx.ConnectError (unknown host)."""
    if url.userinfo:
        raise AddressRefused("The address must not contain a user name or password.")
    private_allowed = settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES or (own_sandbox and is_own_sandbox(url))
    if url.scheme not in (("https", "http") if private_allowed else ("https",)):
        raise AddressRefused("The address must begin with https://.")
    addresses = _resolve_host(url)
    if not private_allowed and not all(is_public_address(address) for address in addresses):
        raise AddressRefused(f"{url.host} is at a private address; only public ones may be called.")
    return addresses


def is_own_sandbox(url: httpx.URL) -> bool:
    """Whether `url` lies under `PUBLIC_URL`'s `/sandbox/`, the only private address open to test merchants."""
    # Parsed by httpx, because httpx connects: another parser could see another host in the URL.
    portal = httpx.URL(settings.PUBLIC_URL)
    same_place = (url.scheme, url.netloc) == (portal.scheme, portal.netloc)
    path, root = url.raw_path.partition(b"?")[0], portal.raw_path.rstrip(b"/")
    return same_place and path.startswith(root) and bool(SANDBOX_PATH.fullmatch(path.removeprefix(root)))


def is_public_address(text: str) -> bool:
    """Whether the IP address is on the public internet. An IPv6 address that embeds an IPv4 one counts as that one."""
    address = _unwrap_ipv4(ip_address(text))
    if isinstance(address, IPv6Address) and (address not in GLOBAL_UNICAST or address in DOCUMENTATION):
        return False
    return address.is_global and not address.is_multicast


def _unwrap_ipv4(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _resolve_host(url: httpx.URL) -> list[str]:
    name = url.raw_host.decode("ascii")
    port = url.port or {"http": 80, "https": 443}[url.scheme]
    try:
        answers = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpx.ConnectError(f"{url.host} has no address") from error
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))
