"""What a customer's browser loads: the script of a merchant and its landing pages."""

from uuid import UUID

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.http import require_safe

from oneclick.analytics import clicks
from oneclick.models import LandingPage
from oneclick.pages import domains, landing
from oneclick.pages.landing import Banner, Form, Rendered
from oneclick.pages.script import cached_script
from oneclick.redemption import parameters
from subscriptions.models import Merchant

FRESH_SECONDS = 60


@require_safe
def script(request: HttpRequest, public_id: UUID) -> HttpResponse:
    domains.guard(request, public_id)
    found = cached_script(public_id, domains.here(request))
    if found is None:
        raise Http404("No merchant has this id.")
    gzipped = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(found.gzipped if gzipped else found.plain, content_type="text/javascript; charset=utf-8")
    if gzipped:
        response["Content-Encoding"] = "gzip"
    response["ETag"] = found.etag
    response["Cache-Control"] = "public, max-age=300, must-revalidate"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    patch_vary_headers(response, ["Accept-Encoding"])
    return get_conditional_response(request, etag=found.etag, response=response) or response


@require_safe
def landing_page(request: HttpRequest, public_id: UUID, slug: str = "") -> HttpResponse:
    """The page of this slug, or the default one; a link in the query becomes its form.

    Links to a page that was deleted or renamed are in mailboxes for good: the default page takes them, as not found.
    """
    domains.guard(request, public_id)
    if request.GET:
        merchant, page = _find(public_id, slug)
        status = _status(page, slug)
        given = parameters.normalize_fields(request.GET.dict())
        clicks.record_visit(request, {**given, "page": slug}, clicks.note_fetch, public_id)
        return _response(landing.render(merchant, page, form=_form_of(merchant, page, given)), status=status)
    key = f"one-click-page:{public_id}:{slug}:{domains.owner(request)}"
    found = cache.get(key)
    if found is None:
        merchant, page = _find(public_id, slug)
        found = landing.render(merchant, page)
        if (status := _status(page, slug)) != 200:
            return _response(found, status=status)
        cache.set(key, found, FRESH_SECONDS)
    return _response(found, f"public, max-age={FRESH_SECONDS}")


@require_safe
def own_landing(request: HttpRequest, slug: str = "") -> HttpResponse:
    """The same under the merchant's own domain."""
    public_id = domains.owner(request)
    if public_id is None:
        raise Http404("This is no merchant's own domain.")
    return landing_page(request, public_id, slug)


def answer(request: HttpRequest, merchant: Merchant | None, banner: Banner, status: int = 200) -> HttpResponse:
    """What a plain form's POST is answered with: the page it was on, with the outcome at its top."""
    return _response(landing.render(merchant, _page_of(request, merchant), banner=banner), status=status)


def ask_again(request: HttpRequest, merchant: Merchant | None, action: str) -> HttpResponse:
    """The form once more, with a tick that only a person sets."""
    page = _page_of(request, merchant)
    given = parameters.normalize_fields(request.POST.dict())
    form = landing.form_for(merchant, page, action, given, doubtful=True)
    return _response(landing.render(merchant, page, form=form))


def is_doubtful(request: HttpRequest) -> bool:
    """Whether a page's form was sent by something that does not say, as browsers do, that somebody pressed.

    Mail scanners that submit forms send what they found in it; a browser too old to say it asks for a tick.
    """
    pressed = request.headers.get("Sec-Fetch-User") == "?1" or request.POST.get("sure") == "yes"
    return "on_page" in request.POST and not pressed


def _find(public_id: UUID, slug: str) -> tuple[Merchant, LandingPage]:
    merchant = get_object_or_404(Merchant.objects.select_related("one_click"), public_id=public_id)
    return merchant, _page(merchant, slug)


def _status(page: LandingPage, slug: str) -> int:
    return 200 if slug in ("", page.slug) else 404


def _page_of(request: HttpRequest, merchant: Merchant | None) -> LandingPage:
    return _page(merchant, parameters.normalize_fields(request.GET.dict()).get("page", ""))


def _page(merchant: Merchant | None, slug: str) -> LandingPage:
    """The one of this slug, or else the default one."""
    pages = LandingPage.objects.filter(merchant=merchant) if merchant else LandingPage.objects.none()
    own = pages.filter(slug=slug).first() if slug else None
    return own or pages.filter(is_default=True).first() or landing.plain_page(merchant)


def _form_of(merchant: Merchant, page: LandingPage, given: dict[str, str]) -> Form | None:
    action = given.get("action") or given.get("og_quick_action", "")
    return landing.form_for(merchant, page, action, given)


def _response(page: Rendered, kept: str = "no-store", status: int = 200) -> HttpResponse:
    response = HttpResponse(page.body, status=status)
    response["Content-Security-Policy"] = page.policy
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    response["Cache-Control"] = kept
    return response
