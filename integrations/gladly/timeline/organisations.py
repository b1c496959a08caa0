"""Where a merchant's Gladly is: each organisation has a host of its own, live or sandbox."""

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


class Organisation(NamedTuple):
    """`place` is a key of HOSTS, or OWN."""

    name: str
    place: str


def parse_organisation(text: str) -> str | None:
    """`acme`, from that name or from the address by which people open Gladly; None where it is neither."""
    name = text.strip().lower().removeprefix("https://").partition("/")[0]
    for host in HOSTS.values():
        name = name.removesuffix(f".{host}")
    return name if NAME.fullmatch(name) else None


def organisation_url(organisation: Organisation) -> str:
    """The `base_url` of a connection to this organisation."""
    if organisation.place == OWN:
        return sandbox_url(GLADLY)
    return f"https://{organisation.name}.{HOSTS[organisation.place]}{API}"


def read_organisation(base_url: str) -> Organisation | None:
    """The organisation that a `base_url` leads to; None for an empty one."""
    if base_url.endswith(GLADLY_PATH):
        return Organisation("", OWN)
    host = urlsplit(base_url).hostname or ""
    name, _, rest = host.partition(".")
    return next((Organisation(name, place) for place, domain in HOSTS.items() if rest == domain), None)


def account_of(base_url: str, merchant: Merchant) -> str:
    """What Gladly counts requests by, for `Connection.account`: all connections of one organisation share it."""
    own = read_organisation(base_url) == Organisation("", OWN)
    return merchant.public_id.hex if own else (urlsplit(base_url).hostname or "")
