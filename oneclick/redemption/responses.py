"""The responses of the click endpoints: JSON for scripts and programs, a page for plain forms."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import patch_vary_headers

from common.web import rate_limit
from common.web.client_address import client_address
from common.web.outages import OUTAGES
from oneclick.messages.customer_messages import error_message
from oneclick.pages.landing import Banner
from oneclick.pages.views import outcome_page
from oneclick.redemption.requests import UNREADABLE, find_caller, find_page_merchant, wants_page
from oneclick.redemption.success import Success
from oneclick.tokens.token_text import decode_nonce
from subscriptions.models import Merchant

REQUESTS_PER_TOKEN = 30  # a minute
CORS_METHODS = "POST, OPTIONS"


def success_response(request: HttpRequest, success: Success) -> HttpResponse:
    if wants_page(request):
        return _answer_page(request, Banner("success", success.message, success.undo[0] if success.undo else ""))
    offer = success.undo
    undo = offer and {"token": offer[0], "until": offer[1].isoformat(timespec="seconds")}
    return JsonResponse(
        {
            "status": "success",
            "action": success.action,
            "message": success.message,
            "undo": undo,
            "replayed": success.replayed,
        }
    )


def error_response(request: HttpRequest, status: int, code: str, message: str) -> HttpResponse:
    if wants_page(request):
        return _answer_page(request, Banner("error", message), status)
    return JsonResponse({"status": "error", "error": code, "message": message}, status=status)


def _answer_page(request: HttpRequest, banner: Banner, status: int = 200) -> HttpResponse:
    """The merchant's page with the outcome. What has happened is told even if the page cannot be found."""
    try:
        return outcome_page(request, find_page_merchant(request), banner, status)
    except (*OUTAGES, *UNREADABLE):
        return outcome_page(request, None, banner, status)


def unavailable_response(
    request: HttpRequest, status: int, code: str, table: str, merchant: Merchant | None, retry_after: int
) -> HttpResponse:
    """A refusal that says nothing about the token; the same request may succeed after `retry_after` seconds."""
    message = error_message(table, "other", merchant, merchant.locale if merchant else "")
    response = error_response(request, status, code, message)
    response["Retry-After"] = str(retry_after)
    return response


def rate_limit_response(
    request: HttpRequest, text: str, table: str, merchant: Merchant | None = None
) -> HttpResponse | None:
    """The refusal for a client or token with too many requests; None within the limits."""
    quotas = [rate_limit.count_request("one-click", client_address(request), settings.ONE_CLICK_RATE)]
    # A forged token gets no counter, because anybody can make up any number of them.
    # A genuine one is counted by its nonce, so that no usable token is stored, not even in the cache.
    if nonce := decode_nonce(text) or decode_nonce(text, "undo"):
        quotas.append(rate_limit.count_request("token", nonce.hex, REQUESTS_PER_TOKEN))
    exceeded = [quota for quota in quotas if quota.exceeded]
    if not exceeded:
        return None
    return unavailable_response(request, 429, "too_many_requests", table, merchant, exceeded[-1].reset)


def preflight_response(request: HttpRequest, allowed: str) -> HttpResponse:
    """OPTIONS is answered for CORS; any other method changes nothing."""
    if request.method != "OPTIONS":
        status = 200 if request.method == "HEAD" and "HEAD" in allowed else 405
        return with_headers(HttpResponse(status=status, headers={"Allow": allowed}))
    caller = find_caller(request)
    origin = caller.origin if caller else ""
    response = HttpResponse(status=204, headers={"Allow": allowed})
    if origin:
        response["Access-Control-Allow-Methods"] = CORS_METHODS
        response["Access-Control-Allow-Headers"] = "Content-Type"
        response["Access-Control-Max-Age"] = "600"
    return with_headers(response, origin)


def with_headers(response: HttpResponse, origin: str = "") -> HttpResponse:
    """The response, with headers that forbid caching and let a page of `origin` read it."""
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    patch_vary_headers(response, ["Origin"])
    if origin:
        response["Access-Control-Allow-Origin"] = origin
    return response
