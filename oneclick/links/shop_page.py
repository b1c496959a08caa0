"""Whether a page of the shop loads the merchant's script."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from django.conf import settings
from django.core.cache import cache
from django.utils.module_loading import import_string

from oneclick.models import SavedLink

FRESH_SECONDS = 60


class Unreadable(Exception):
    """The page could not be read; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Page:
    status: int
    location: str  # where a redirect leads
    html: str


@dataclass(frozen=True, slots=True)
class Finding:
    ok: bool
    sentence: str


def check_shop_page(link: SavedLink) -> Finding:
    """Read the page the link leads to, at most once a minute. The call takes as long as the shop needs to respond."""
    digest = hashlib.sha256(link.page_url.encode()).hexdigest()
    key = f"shop-page:{link.merchant_id}:{digest}"
    found: Finding | None = cache.get(key)
    if found is None:
        found = _check_page(link.page_url, f"{link.merchant.public_id.hex}/main.js")
        cache.set(key, found, FRESH_SECONDS)
    return found


def _check_page(url: str, script: str) -> Finding:
    read = cast(Callable[[str], Page], import_string(settings.PAGE_READER))
    try:
        page = read(url)
    except Unreadable as error:
        return Finding(False, f"The page could not be read: {error}")
    if 300 <= page.status < 400:
        return Finding(False, f"The page redirects to {page.location or 'another page'}. Use that address in the link.")
    if page.status != 200:
        return Finding(False, f"The page responds with an error ({page.status}).")
    if script in page.html:
        return Finding(True, "The page loads your script.")
    return Finding(
        False,
        "Your script is not in the page's source. Without it, the link does nothing there. "
        "If a tag manager adds the script, use Test link to make sure.",
    )
