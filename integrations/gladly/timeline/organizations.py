"""Where a merchant's Gladly is: each organization has a host of its own, live or sandbox."""

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from integrations.sandbox.private_keys import GLADLY, GLADLY_PATH, sandbox_url
from subscriptions.models import Merchant

API = "/api/v1"
HOSTS = {"live": "gladly.com", "sandbox": "gladly.qa"}
TITLES = {"live": "Live (gladly.com)", "sandbox": "Gladly's sandbox (gladly.qa)"}
OWN = "own"
OWN_TITLE = "The sandbox of this portal"
NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?", re.ASCII)


class Organization(NamedTuple):
    """`place` is a key of HOSTS, or OWN."""

    name: str
    place: str


def parse_organization(text: str) -> str | None:
    """`acme`, from that name or from the address by which people open Gladly; None where it is neither."""
    typed, _, path = text.strip().lower().removeprefix("https://").partition("/")
    names = [typed.removesuffix(f".{host}") for host in HOSTS.values() if typed.endswith(f".{host}")]
    name = names[0] if names else "" if path else typed
    return name if NAME.fullmatch(name) else None


def organization_url(organization: Organization) -> str:
    """The `base_url` of a connection to this organization."""
    if organization.place == OWN:
        return sandbox_url(GLADLY)
    return f"https://{organization.name}.{HOSTS[organization.place]}{API}"


def read_organization(base_url: str) -> Organization | None:
    """The organization that a `base_url` leads to; None for an empty one."""
    if base_url.endswith(GLADLY_PATH):
        return Organization("", OWN)
    host = urlsplit(base_url).hostname or ""
    name, _, rest = host.partition(".")
    return next((Organization(name, place) for place, domain in HOSTS.items() if rest == domain), None)


def account_of(base_url: str, merchant: Merchant) -> str:
    """What Gladly counts requests by, for `Connection.account`: all connections of one organization share it."""
    own = read_organization(base_url) == Organization("", OWN)
    return merchant.public_id.hex if own else (urlsplit(base_url).hostname or "")
