"""The endpoints of a click."""

from collections.abc import Callable
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from oneclick.analytics import clicks
from oneclick.analytics.likely_machines import is_unpressed_form
from oneclick.analytics.visits import read_visit
from oneclick.links.link_urls import landing_page_url
from oneclick.messages.customer_messages import error_message
from oneclick.models.settings import one_click_of
from oneclick.pages.domains import domain_owner
from oneclick.pages.landing import Banner
from oneclick.pages.views import confirmation_page, outcome_page, question_response
from oneclick.redemption.failures import answer_failures
from oneclick.redemption.link_actions import find_link_action
from oneclick.redemption.parameters import LINK_NAMES, normalize_fields
from oneclick.redemption.redeem import redeem_token
from oneclick.redemption.refusals import InDoubt
from oneclick.redemption.requests import (
    Fields,
    find_caller,
    find_page_merchant,
    find_token,
    has_api_key,
    read_fields,
    wants_json,
    wants_page,
)
from oneclick.redemption.responses import (
    CORS_METHODS,
    error_response,
    preflight_response,
    rate_limit_response,
    success_response,
    unavailable_response,
    with_headers,
)
from oneclick.redemption.success import Success
from oneclick.redemption.undo import undo_redemption
from oneclick.tokens.token_text import decode_nonce
from subscriptions.errors import Busy, Refused
from subscriptions.models import Merchant

# A fetched link leads to the default page.
DEFAULT_PAGE = {"page": ""}


# The token is the only credential: there is no cookie that a foreign page could exploit.
@csrf_exempt
@answer_failures
def link_action(request: HttpRequest, action: str) -> HttpResponse:
    """POST acts, and so does a GET that names JSON or has the merchant's API key; any other leads to a landing page."""
    if request.method == "POST":
        fields = read_fields(request)
        if is_unpressed_form(request):
            visited = {**fields, "action": action}
            clicks.record_visit(request, visited, clicks.record_unpressed_form, domain_owner(request))
            return with_headers(confirmation_page(request, find_page_merchant(request), action))
        text, table = fields.pop("token", ""), find_link_action(action, fields).name
        visit = read_visit(request, fields, decode_nonce(text))
        try:
            return _post(request, table, text, lambda merchant: redeem_token(text, action, fields, merchant, visit))
        except InDoubt as doubt:
            return _ask(request, table, {**fields, "action": action}, doubt)
    if request.method == "GET":
        return with_headers(_get(request, action))
    if request.method == "HEAD":
        fields = DEFAULT_PAGE | read_fields(request) | {"action": action}
        clicks.record_visit(request, fields, clicks.record_fetch, domain_owner(request))
    return preflight_response(request, f"GET, HEAD, {CORS_METHODS}")


@csrf_exempt
@answer_failures
def undo(request: HttpRequest) -> HttpResponse:
    """POST undoes a click."""
    if request.method != "POST":
        return preflight_response(request, CORS_METHODS)
    fields = read_fields(request)
    text, attempt = fields.get("token", ""), fields.get("attempt", "")
    return _post(request, "undo", text, lambda merchant: undo_redemption(text, merchant, attempt))


@csrf_exempt
@answer_failures
def opened(request: HttpRequest) -> HttpResponse:
    """POST reports that a page shows a link's button, or that a program drives the browser; the visit is recorded.

    The answer has the question beside the button. With `untouched`, it reports what became of a click that acted.
    """
    if request.method != "POST":
        return preflight_response(request, CORS_METHODS)
    caller = find_caller(request)
    fields, token = read_fields(request), None
    untouched = fields.get("untouched") == "yes"
    if caller and caller.merchant:
        record = clicks.mark_untouched if untouched else clicks.record_opening
        token = clicks.record_visit(request, fields, record, caller.merchant.public_id)
    response = question_response(request, token, fields) if token and not untouched else HttpResponse(status=204)
    return with_headers(response, caller.origin if caller else "")


def _post(request: HttpRequest, table: str, text: str, perform: Callable[[Merchant | None], Success]) -> HttpResponse:
    """Turn what `perform` gives or raises into the response for the token `text`; messages come from `table`."""
    caller = find_caller(request)
    if caller is None:
        return with_headers(error_response(request, 403, "other", error_message(table, "other")))
    response = rate_limit_response(request, text, table, caller.merchant)
    if response is None:
        try:
            response = success_response(request, perform(caller.merchant))
        except Refused as refusal:
            response = error_response(request, 400, refusal.code, refusal.sentence)
        except Busy:
            response = unavailable_response(request, 503, "busy", table, caller.merchant, retry_after=1)
    return with_headers(response, caller.origin)


def _ask(request: HttpRequest, table: str, fields: Fields, doubt: InDoubt) -> HttpResponse:
    """The question for the script, which shows it with the link's button."""
    clicks.record_opening(doubt.token, table, doubt.visit)
    caller = find_caller(request)
    response = question_response(request, doubt.token, fields, status="question")
    return with_headers(response, caller.origin if caller else "")


def _get(request: HttpRequest, action: str) -> HttpResponse:
    fields = normalize_fields(request.GET.dict())
    text, table = fields.pop("token", ""), find_link_action(action, fields).name
    token = find_token(request, text)
    merchant = token.merchant if token else None
    is_client = wants_json(request) or has_api_key(request, merchant)
    if is_client and (merchant is None or one_click_of(merchant).allow_get):
        return rate_limit_response(request, text, table) or _redeem_for_client(request, text, action, fields)
    if token is None:
        message = error_message(table, "invalid_token")
        if wants_page(request):
            return outcome_page(request, find_page_merchant(request), Banner("error", message), 400)
        return HttpResponse(message, status=400, content_type="text/plain")
    clicks.record_fetch(token, table, read_visit(request, DEFAULT_PAGE | fields))
    fragment = _fragment(action, text, fields)
    response = HttpResponseRedirect(f"{landing_page_url(token.merchant)}#{fragment}")
    response.status_code = 303
    return response


def _fragment(action: str, text: str, fields: Fields) -> str:
    """The link's parameters as the script reads them; fields of the request cannot replace our own."""
    own = {"og_quick_action": action, "og_quick_action_token": text, "og_visit": "fetched"}
    pairs = own | {LINK_NAMES.get(name, name): value for name, value in fields.items()} | own
    return "#".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs.items())


def _redeem_for_client(request: HttpRequest, text: str, action: str, fields: Fields) -> HttpResponse:
    """The answer that API clients of the documented interface expect."""
    caller = find_caller(request)
    merchant = caller.merchant if caller else None
    try:
        redeem_token(text, action, fields, merchant, read_visit(request, fields))
    except Refused as refusal:
        return JsonResponse({"error": refusal.code}, status=400)
    except Busy:
        return JsonResponse({"error": "busy"}, status=503, headers={"Retry-After": "1"})
    return JsonResponse({})
