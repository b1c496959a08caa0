"""Which pages may read our answers: the merchant's registered shop origins, and our own."""

import re
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.encoding import punycode

from oneclick.models import OneClickSettings
from subscriptions.models import Merchant

CACHE_SECONDS = 60
PORTS = {"http": 80, "https": 443}
HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


def parse_origin(address: str) -> str:
    """The origin of an address as browsers spell it: the host in lower case and ASCII, without a default port.

    Empty if the scheme is not http or https, or if there is no host name.
    """
    try:
        parts = urlsplit(address)
        host, port = punycode(parts.hostname or ""), parts.port
    except ValueError:
        return ""
    if parts.scheme not in PORTS or not HOST.fullmatch(host):
        return ""
    return f"{parts.scheme}://{host}" + ("" if port in (None, PORTS[parts.scheme]) else f":{port}")


def find_script_merchant(public_id: UUID) -> tuple[Merchant | None, list[str]]:
    """The merchant whose script names this id, and the merchant's shop origins."""
    key = f"one-click-merchant:{public_id}"
    found = cache.get_or_set(key, lambda: _load_script_merchant(public_id), CACHE_SECONDS)
    return found or (None, [])


def _load_script_merchant(public_id: UUID) -> tuple[Merchant | None, list[str]]:
    # Cached data may leave this process, so the merchant's secret is left out.
    rows = OneClickSettings.objects.select_related("merchant").defer("merchant__storefront_key")
    rules = rows.filter(merchant__public_id=public_id).first()
    return (rules.merchant, rules.shop_origins) if rules else (None, [])


def is_portal_origin(request: HttpRequest, origin: str) -> bool:
    """Whether the origin is the portal's, or none: a form sent under `no-referrer` has the origin `null`."""
    here = f"{request.scheme}://{request.get_host()}"
    return origin in ("", "null", here, parse_origin(settings.PUBLIC_URL))
