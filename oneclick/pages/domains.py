"""A merchant's own host name: it serves that one's landing pages, script and 1-click endpoints, and nothing else."""

from collections.abc import Callable
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import split_domain_port, validate_host

from oneclick.models import OneClickSettings
from subscriptions.models import Merchant

CACHE_KEY = "one-click-hosts"
CACHE_SECONDS = 60
PATTERNS = (".", "*")


class OwnDomain:
    """Before any middleware that asks for the host: such a host needs no place in ALLOWED_HOSTS."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        raw = request.META.get("HTTP_HOST", "")
        host = split_domain_port(raw)[0]
        if host and not is_portal_host(host) and (public_id := merchant_hosts().get(host)):
            request.urlconf = "oneclick.pages.domain_urls"  # type: ignore[attr-defined]  # Django's own hook, not in the stubs
            request.META[OWNER] = public_id
            request.get_host = lambda: raw  # type: ignore[method-assign]  # the original asks ALLOWED_HOSTS alone
        return self.get_response(request)


# A client's headers cannot set it: theirs begin with HTTP_.
OWNER = "reprise.own_domain"


def domain_owner(request: HttpRequest) -> UUID | None:
    """The public id of the merchant whose own domain this is; None on the portal's."""
    return request.META.get(OWNER)


def require_domain_owner(request: HttpRequest, public_id: UUID) -> None:
    """Raise Http404 where `public_id` is another merchant than the domain's."""
    if domain_owner(request) not in (None, public_id):
        raise Http404("Another merchant has this domain.")


def merchant_hosts() -> dict[str, UUID]:
    """The merchants' public ids by their own hosts; at most a minute old."""
    return cache.get_or_set(CACHE_KEY, _load_merchant_hosts, CACHE_SECONDS) or {}


def forget_merchant_hosts() -> None:
    cache.delete(CACHE_KEY)


def is_portal_host(host: str) -> bool:
    """Whether the portal itself answers at this host; no merchant can take it."""
    own = [name for name in settings.ALLOWED_HOSTS if not name.startswith(PATTERNS)]
    return host == urlsplit(settings.PUBLIC_URL).hostname or validate_host(host, own)


def own_domain_url(merchant: Merchant) -> str:
    """Where the merchant's own domain begins, reached by scheme and port of the portal; empty without one."""
    one_click = getattr(merchant, "one_click", None)
    if one_click is None or not one_click.landing_host:
        return ""
    public = urlsplit(settings.PUBLIC_URL)
    port = f":{public.port}" if public.port else ""
    return f"{public.scheme}://{one_click.landing_host}{port}"


def script_base_url(request: HttpRequest) -> str:
    """The address the script is to send clicks to: the portal's, or the own domain it was asked for at."""
    return f"{request.scheme}://{request.get_host()}" if domain_owner(request) else settings.PUBLIC_URL


def _load_merchant_hosts() -> dict[str, UUID]:
    rows = OneClickSettings.objects.exclude(landing_host=None)
    found = rows.values_list("landing_host", "merchant__public_id")
    return {host: public_id for host, public_id in found if host}
