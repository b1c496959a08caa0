"""What a customer's browser loads: a merchant's script and landing pages."""

import logging
from collections.abc import Mapping
from uuid import UUID

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.http import require_safe

from common.web.outages import OUTAGES, RETRY_AFTER
from oneclick.analytics import clicks
from oneclick.messages.interface_messages import INTERFACE_MESSAGES
from oneclick.models import ActionToken, LandingPage
from oneclick.pages import domains
from oneclick.pages.landing import Banner, RenderedPage, ask_question, plain_form, plain_page, render_landing_page
from oneclick.pages.script import cached_script
from oneclick.redemption import parameters
from oneclick.redemption.link_actions import find_link_action
from subscriptions.errors import Refused
from subscriptions.models import Merchant

log = logging.getLogger(__name__)

FRESH_SECONDS = 60


@require_safe
def script(request: HttpRequest, public_id: UUID) -> HttpResponse:
    domains.require_domain_owner(request, public_id)
    try:
        found = cached_script(public_id, domains.script_base_url(request))
    except OUTAGES:
        log.exception("%s %s failed", request.method, request.path_info)
        headers = {"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store"}
        return HttpResponse(status=503, content_type="text/javascript; charset=utf-8", headers=headers)
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
    """The page with this slug, or the default one; a link in the query becomes a form on it.

    Links to a deleted or renamed page stay in mailboxes; they get the default page with status 404.
    """
    domains.require_domain_owner(request, public_id)
    try:
        return _landing_page(request, public_id, slug)
    except OUTAGES:
        log.exception("%s %s failed", request.method, request.path_info)
        # Nothing was done. The link stays in the address, so that loading the page again is enough.
        response = outcome_page(request, None, Banner("error", INTERFACE_MESSAGES["network"]), 503)
        response["Retry-After"] = str(RETRY_AFTER)
        return response


def _landing_page(request: HttpRequest, public_id: UUID, slug: str) -> HttpResponse:
    if request.GET:
        merchant, page = _find_merchant_and_page(public_id, slug)
        status = _page_status(page, slug)
        given = parameters.normalize_fields(request.GET.dict())
        clicks.record_visit(request, {**given, "page": slug}, clicks.record_fetch, public_id)
        action = given.get("action") or given.get("og_quick_action", "")
        return _page_response(_render_form_page(merchant, page, action, given), status=status)
    key = f"landing-page:{public_id}:{slug}:{domains.domain_owner(request)}"
    found = cache.get(key)
    if found is None:
        merchant, page = _find_merchant_and_page(public_id, slug)
        found = render_landing_page(merchant, page)
        if (status := _page_status(page, slug)) != 200:
            return _page_response(found, status=status)
        cache.set(key, found, FRESH_SECONDS)
    return _page_response(found, f"public, max-age={FRESH_SECONDS}")


@require_safe
def own_landing(request: HttpRequest, slug: str = "") -> HttpResponse:
    """The landing page on the merchant's own domain."""
    public_id = domains.domain_owner(request)
    if public_id is None:
        raise Http404("This is no merchant's own domain.")
    return landing_page(request, public_id, slug)


def outcome_page(request: HttpRequest, merchant: Merchant | None, banner: Banner, status: int = 200) -> HttpResponse:
    """The answer to a plain form: the form's page with the outcome at the top."""
    page = _requested_page(request, merchant)
    return _page_response(render_landing_page(merchant, page, banner=banner), status=status)


def confirmation_page(request: HttpRequest, merchant: Merchant | None, action: str) -> HttpResponse:
    """The form again, with a checkbox that people tick."""
    page = _requested_page(request, merchant)
    given = parameters.normalize_fields(request.POST.dict())
    return _page_response(_render_form_page(merchant, page, action, given, needs_tick=True))


def question_response(
    request: HttpRequest, token: ActionToken, fields: Mapping[str, str], status: str = "success"
) -> HttpResponse:
    """The question for the script of the page that shows the link's button, or why the link cannot act."""
    merchant = token.merchant
    link_action = find_link_action(fields.get("action") or fields.get("og_quick_action", ""), fields)
    # The shop's own pages speak the merchant's language.
    page = _requested_page(request, merchant) if "page" in request.GET else plain_page(merchant)
    try:
        return JsonResponse({"status": status, "message": ask_question(merchant, page, link_action, fields)})
    except Refused as refusal:
        return JsonResponse({"status": "error", "error": refusal.code, "message": refusal.sentence}, status=400)


def _render_form_page(
    merchant: Merchant | None, page: LandingPage, action: str, given: Mapping[str, str], *, needs_tick: bool = False
) -> RenderedPage:
    """The page with the link's form, or with the reason why the link cannot act."""
    try:
        form = plain_form(merchant, page, action, given, needs_tick=needs_tick)
    except Refused as refusal:
        return render_landing_page(merchant, page, hint=refusal.sentence)
    return render_landing_page(merchant, page, form=form)


def _find_merchant_and_page(public_id: UUID, slug: str) -> tuple[Merchant, LandingPage]:
    merchant = get_object_or_404(Merchant.objects.select_related("one_click"), public_id=public_id)
    return merchant, _find_page(merchant, slug)


def _page_status(page: LandingPage, slug: str) -> int:
    return 200 if slug in ("", page.slug) else 404


def _requested_page(request: HttpRequest, merchant: Merchant | None) -> LandingPage:
    return _find_page(merchant, parameters.normalize_fields(request.GET.dict()).get("page", ""))


def _find_page(merchant: Merchant | None, slug: str) -> LandingPage:
    """The page with this slug, else the default one, else a plain one."""
    pages = LandingPage.objects.filter(merchant=merchant) if merchant else LandingPage.objects.none()
    own = pages.filter(slug=slug).first() if slug else None
    return own or pages.filter(is_default=True).first() or plain_page(merchant)


def _page_response(page: RenderedPage, cache_control: str = "no-store", status: int = 200) -> HttpResponse:
    response = HttpResponse(page.body, status=status)
    response["Content-Security-Policy"] = page.policy
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    response["Cache-Control"] = cache_control
    return response
