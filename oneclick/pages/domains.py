"""A merchant's own domain: it serves the merchant's landing pages, script and 1-click endpoints, and nothing else."""

from collections.abc import Callable
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import split_domain_port, validate_host

from common.web.outages import OUTAGES, RETRY_AFTER
from oneclick.models import OneClickSettings
from oneclick.models.settings import one_click_of
from subscriptions.models import Merchant

CACHE_KEY = "merchant-hosts"
CACHE_SECONDS = 60
PATTERNS = (".", "*")


class OwnDomain:
    """Runs before all middleware that reads the host, because these hosts are not in ALLOWED_HOSTS."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        raw = request.META.get("HTTP_HOST", "")
        host = split_domain_port(raw)[0]
        try:
            public_id = merchant_hosts().get(host) if host and not is_portal_host(host) else None
        except OUTAGES:  # no view has been chosen yet that could answer
            return HttpResponse(status=503, headers={"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store"})
        if public_id:
            request.urlconf = "oneclick.pages.domain_urls"  # type: ignore[attr-defined]  # Django's own hook, not in the stubs
            request.META[OWNER] = public_id
            request.get_host = lambda: raw  # type: ignore[method-assign]  # the original knows ALLOWED_HOSTS only
        return self.get_response(request)


# No client header can set this key, because theirs begin with HTTP_.
OWNER = "reprise.own_domain"


def domain_owner(request: HttpRequest) -> UUID | None:
    """The public id of the merchant whose own domain the request is for; None on the portal's host."""
    return request.META.get(OWNER)


def require_domain_owner(request: HttpRequest, public_id: UUID) -> None:
    """Raises Http404 on another merchant's own domain."""
    if domain_owner(request) not in (None, public_id):
        raise Http404("Another merchant has this domain.")


def merchant_hosts() -> dict[str, UUID]:
    """The public ids of merchants by their own host names; at most a minute old."""
    return cache.get_or_set(CACHE_KEY, _load_merchant_hosts, CACHE_SECONDS) or {}


def forget_merchant_hosts() -> None:
    cache.delete(CACHE_KEY)


def is_portal_host(host: str) -> bool:
    """Whether the portal itself uses this host name; no merchant can take it."""
    own = [name for name in settings.ALLOWED_HOSTS if not name.startswith(PATTERNS)]
    return host == urlsplit(settings.PUBLIC_URL).hostname or validate_host(host, own)


def own_domain_url(merchant: Merchant) -> str:
    """The address of the merchant's own domain, with the portal's scheme and port; empty without one."""
    host = one_click_of(merchant).landing_host
    if not host:
        return ""
    public = urlsplit(settings.PUBLIC_URL)
    port = f":{public.port}" if public.port else ""
    return f"{public.scheme}://{host}{port}"


def script_base_url(request: HttpRequest) -> str:
    """Where the script sends clicks: to the portal, or to the merchant's own domain if it was loaded from there."""
    return f"{request.scheme}://{request.get_host()}" if domain_owner(request) else settings.PUBLIC_URL


def _load_merchant_hosts() -> dict[str, UUID]:
    rows = OneClickSettings.objects.exclude(landing_host=None)
    found = rows.values_list("landing_host", "merchant__public_id")
    return {host: public_id for host, public_id in found if host}
