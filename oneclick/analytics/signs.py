"""Weighs the signs that a machine came. In doubt, the page asks before it acts; what acts all the same is marked.

The script weighs what the page shows of the browser and sends the sum alone. The server adds what it sees.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import cast
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.module_loading import import_string

from oneclick.models import ActionToken
from oneclick.models.settings import one_click_of

DOUBT = 3
"""From this sum on, a visit is more likely a machine's than a person's."""
BY_HAND = -3
"""The weight of a press that took as long as a finger takes."""
LISTED = SOON = CROWD = 3
MOST = 99

SOON_SECONDS = 20
"""Scanners come while a message is on its way; nobody has received, read and pressed within this time."""
CROWD_SECONDS = 10
TRACED_FOR = timedelta(days=1)
"""For older tokens nobody asks when their event left, which spares nearly all clicks the query."""


def read_sum(text: str) -> int:
    """The sum that the script sent; 0 for anything else."""
    return min(int(text), MOST) if re.fullmatch("[0-9]{1,9}", text) else 0


def is_in_crowd(nonce: UUID, address: str, request: HttpRequest) -> bool:
    """Whether a client with another address and another browser came through the link in the last seconds.

    Both must differ: a phone changes its network, and a person's requests may leave by several addresses.
    """
    # Named by digests that differ from link to link, so that the cache holds nothing about anybody.
    own = [_digest(nonce, part) for part in (address, request.headers.get("User-Agent", ""))]
    key = f"one-click-client:{nonce.hex}"
    if cache.add(key, own, CROWD_SECONDS):
        return False
    first = cache.get(key, own)
    return all(mine != other for mine, other in zip(own, first, strict=True))


def _digest(nonce: UUID, text: str) -> str:
    return salted_hmac("one-click-client", f"{nonce.hex} {text}", algorithm="sha256").hexdigest()[:32]


def weigh_token(token: ActionToken, address: str) -> int:
    """The weight of where the client comes from and of how soon it comes."""
    networks = tuple(one_click_of(token.merchant).machine_networks)
    return (LISTED if is_listed(address, networks) else 0) + (SOON if _left_just_now(token) else 0)


def is_listed(address: str, networks: tuple[str, ...]) -> bool:
    if not address:
        return False
    client = ip_address(address)
    return any(client in network for network in _parse_networks(networks))


@lru_cache(maxsize=256)
def _parse_networks(networks: tuple[str, ...]) -> list[IPv4Network | IPv6Network]:
    return [ip_network(text) for text in networks]


def _left_just_now(token: ActionToken) -> bool:
    now = timezone.now()
    if token.event_id is None or token.customer.is_test or token.issued_at < now - TRACED_FOR:
        return False
    find = cast(Callable[[ActionToken], datetime | None], import_string(settings.TOKEN_DEPARTURES))
    left = find(token)
    return left is not None and timedelta(0) <= now - left < timedelta(seconds=SOON_SECONDS)
