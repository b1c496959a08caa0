"""What a customer's browser loads: the script of a merchant and its landing pages."""

from typing import TypedDict

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.http import require_safe

from oneclick.models import LandingPage
from oneclick.page_policy import accent_css, content_policy, support_address, web_address
from oneclick.script import cached_script
from oneclick.script.texts import DEFAULTS, interface_texts
from subscriptions.models import Merchant

FORM_ACTIONS = ["delay", "skip", "reactivate", "upsell", "product_upsell", "subscription_upsell"]
FORM_FIELDS = [
    "token",
    "days",
    "og_product_id",
    "og_offer_id",
    "og_every",
    "og_every_period",
    "og_quantity",
    "winback_id",
    "og_link",
    "og_sig",
]


class Banner(TypedDict):
    status: str  # "success" or "error"
    message: str


@require_safe
def script(request: HttpRequest, public_id: str) -> HttpResponse:
    found = cached_script(public_id)
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
def landing(request: HttpRequest, public_id: str, slug: str = "") -> HttpResponse:
    merchant = get_object_or_404(Merchant, public_id=public_id)
    if not slug:
        return landing_response(request, merchant)
    page = get_object_or_404(LandingPage, merchant=merchant, slug=slug)
    return render_page(request, merchant, page)


def landing_response(
    request: HttpRequest, merchant: Merchant | None, banner: Banner | None = None, status: int = 200
) -> HttpResponse:
    """The merchant's default landing page, with the outcome of a form's POST as `banner`.

    Without a merchant (a forged token names none) it is a page without a shop.
    """
    page = merchant and LandingPage.objects.filter(merchant=merchant, is_default=True).first()
    return render_page(request, merchant, page or plain_page(merchant), banner, status)


def plain_page(merchant: Merchant | None) -> LandingPage:
    """What a merchant who has made no landing page shows."""
    heading = (interface_texts(merchant) if merchant else DEFAULTS)["page_heading"]
    return LandingPage(title=merchant.name if merchant else heading, heading=heading)


def render_page(
    request: HttpRequest,
    merchant: Merchant | None,
    page: LandingPage,
    banner: Banner | None = None,
    status: int = 200,
) -> HttpResponse:
    texts = interface_texts(merchant) if merchant else DEFAULTS
    accent = accent_css(page.accent_color)
    css_url = web_address(page.css_url)
    locale = merchant.locale if merchant else settings.LANGUAGE_CODE
    # Rendered without the request, so that no context processor opens a session.
    body = render_to_string(
        "oneclick/landing.html",
        {
            "merchant": merchant,
            "page": page,
            "locale": locale,
            "direction": "rtl" if locale.split("-")[0] in settings.LANGUAGES_BIDI else "ltr",
            "texts": texts,
            "accent": accent,
            "logo_url": web_address(page.logo_url),
            "css_url": css_url,
            "continue_url": web_address(page.continue_url) or web_address(merchant.shop_url if merchant else ""),
            "support_url": support_address(page.support_contact),
            "banner": banner,
            "form": None if banner else form_of(request, texts),
        },
    )
    response = HttpResponse(body, status=status)
    response["Content-Security-Policy"] = content_policy(accent, css_url)
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    response["Cache-Control"] = "no-store" if banner or request.GET else "public, max-age=60"
    return response


def form_of(request: HttpRequest, texts: dict[str, str]) -> dict[str, object] | None:
    """For browsers without JavaScript: the link's parameters when they came in the query."""
    action = request.GET.get("action", "")
    if action not in FORM_ACTIONS or not request.GET.get("token"):
        return None
    fields = {name: request.GET[name] for name in FORM_FIELDS if name in request.GET}
    kind = "upsell" if action.endswith("upsell") else action
    if kind == "upsell" and (action == "subscription_upsell" or {"og_every", "og_every_period"} & set(fields)):
        kind = "subscribe"
    return {"action": action, "fields": fields, "label": texts[f"button_{kind}"]}
