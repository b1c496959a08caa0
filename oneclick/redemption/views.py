"""The endpoints a click ends at."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt

from common.web import rate_limit
from common.web.client_address import client_address
from common.web.public_ids import parse_public_id
from oneclick.analytics import clicks
from oneclick.links import link_urls
from oneclick.messages import customer_messages
from oneclick.models import ActionToken
from oneclick.pages import domains, origins, views
from oneclick.pages.landing import Banner
from oneclick.redemption import link_actions, parameters
from oneclick.redemption.redeem import redeem_token
from oneclick.redemption.success import Success
from oneclick.redemption.undo import undo_redemption
from oneclick.tokens.token_text import decode_nonce
from subscriptions.errors import Busy, Refused
from subscriptions.models import Merchant

PER_TOKEN = 30
CORS_METHODS = "POST, OPTIONS"
Fields = dict[str, str]
# Where a fetched link leads.
DEFAULT_PAGE = {"page": ""}


@dataclass(frozen=True, slots=True)
class Caller:
    """`merchant` is the one whose script calls, where it says so; `origin` is set when a shop's page calls."""

    merchant: Merchant | None
    origin: str


# A token is the only credential: there is no cookie a foreign page could ride on.
@csrf_exempt
def act(request: HttpRequest, action: str) -> HttpResponse:
    """POST acts; a GET that names JSON acts too, any other GET leads to the merchant's page."""
    if action not in link_actions.ACTION_NAMES:
        raise Http404
    if request.method == "POST" and views.is_unpressed_form(request):
        clicks.record_visit(
            request, {**_fields(request), "action": action}, clicks.record_unpressed_form, domains.domain_owner(request)
        )
        return _guarded(views.confirmation_page(request, _merchant_of(request), action))
    if request.method == "POST":
        return _post(
            request,
            lambda fields: link_actions.find_link_action(action, fields).name,
            lambda text, fields, merchant: redeem_token(
                text, action, fields, merchant, clicks.read_visit(request, fields)
            ),
        )
    if request.method == "GET":
        return _guarded(_get(request, action))
    if request.method == "HEAD":
        fields = DEFAULT_PAGE | _fields(request) | {"action": action}
        clicks.record_visit(request, fields, clicks.record_fetch, domains.domain_owner(request))
    return _preflight(request, "GET, HEAD, " + CORS_METHODS)


@csrf_exempt
def undo(request: HttpRequest) -> HttpResponse:
    """POST takes an act back."""
    if request.method == "POST":
        return _post(
            request,
            lambda fields: "undo",
            lambda text, fields, merchant: undo_redemption(text, merchant, fields.get("attempt", "")),
        )
    return _preflight(request, CORS_METHODS)


@csrf_exempt
def opened(request: HttpRequest) -> HttpResponse:
    """POST tells that a page shows a link's button, or that a program drives the browser: it is counted."""
    if request.method != "POST":
        return _preflight(request, CORS_METHODS)
    caller = _caller(request)
    if caller and caller.merchant:
        clicks.record_visit(request, _fields(request), clicks.record_opening, caller.merchant.public_id.hex)
    return _guarded(HttpResponse(status=204), caller.origin if caller else "")


def _post(
    request: HttpRequest,
    table_for: Callable[[Fields], str],
    perform: Callable[[str, Fields, Merchant | None], Success],
) -> HttpResponse:
    caller, fields = _caller(request), _fields(request)
    text, table = fields.pop("token", ""), table_for(fields)
    if caller is None:
        return _guarded(_error(request, 403, "other", customer_messages.error_message(table, "other")))
    answer = _knocked_too_often(request, text, table, caller.merchant)
    if answer is None:
        try:
            answer = _success(request, perform(text, fields, caller.merchant))
        except Refused as refusal:
            answer = _error(request, 400, refusal.code, refusal.sentence)
        except Busy:
            answer = _error(request, 503, "busy", _other(table, caller.merchant))
            answer["Retry-After"] = "1"
    return _guarded(answer, caller.origin)


def _get(request: HttpRequest, action: str) -> HttpResponse:
    fields = parameters.normalize_fields(request.GET.dict())
    text, table = fields.pop("token", ""), link_actions.find_link_action(action, fields).name
    token = _known(request, text)
    if _names_json(request) and (token is None or token.merchant.one_click.allow_get):
        return _knocked_too_often(request, text, table) or _act_for_client(request, text, action, fields)
    if token is None:
        return _refused_link(request, customer_messages.error_message(table, "invalid_token"))
    clicks.record_fetch(token, table, clicks.read_visit(request, DEFAULT_PAGE | fields))
    own = {"og_quick_action": action, "og_quick_action_token": text, "og_visit": "fetched"}
    pairs = own | {parameters.LINK_NAMES.get(name, name): value for name, value in fields.items()} | own
    fragment = "#".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs.items())
    answer = HttpResponseRedirect(f"{link_urls.landing_page_url(token.merchant)}#{fragment}")
    answer.status_code = 303
    return answer


def _refused_link(request: HttpRequest, message: str) -> HttpResponse:
    if _wants_page(request):
        return views.outcome_page(request, _merchant_of(request), Banner("error", message), 400)
    return HttpResponse(message, status=400, content_type="text/plain")


def _names_json(request: HttpRequest) -> bool:
    """Named in full: a wildcard, as every browser and mail scanner sends, asks for nothing in particular."""
    return any((kind.main_type, kind.sub_type) == ("application", "json") for kind in request.accepted_types)


def _act_for_client(request: HttpRequest, text: str, action: str, fields: Fields) -> HttpResponse:
    """The answer API clients of the documented interface expect."""
    caller = _caller(request)
    try:
        merchant = caller.merchant if caller else None
        redeem_token(text, action, fields, merchant, clicks.read_visit(request, fields))
    except Refused as refusal:
        return JsonResponse({"error": refusal.code}, status=400)
    except Busy:
        return JsonResponse({"error": "busy"}, status=503, headers={"Retry-After": "1"})
    return JsonResponse({})


def _known(request: HttpRequest, text: str) -> ActionToken | None:
    nonce = decode_nonce(text) or decode_nonce(text, "undo")
    if nonce is None:
        return None
    rows = ActionToken.objects.select_related("merchant__one_click").filter(nonce=nonce)
    if public_id := domains.domain_owner(request):
        rows = rows.filter(merchant__public_id=public_id)
    return rows.first()


def _caller(request: HttpRequest) -> Caller | None:
    """Who calls; None for a page of an origin the merchant has not registered."""
    public_id = domains.domain_owner(request) or parse_public_id(request.GET.get("merchant", ""))
    merchant, registered = origins.find_script_merchant(public_id) if public_id else (None, [])
    origin = request.headers.get("Origin", "")
    if origins.is_portal_origin(request, origin):
        return Caller(merchant, "")
    return Caller(merchant, origin) if origin in registered else None


def _fields(request: HttpRequest) -> Fields:
    """The body's fields, and those of the query beside them; a body that is no JSON object has none."""
    query = parameters.normalize_fields(request.GET.dict())
    if request.content_type != "application/json":
        return query | parameters.normalize_fields(request.POST.dict())
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        body = None
    return query | parameters.normalize_fields(body if isinstance(body, dict) else {})


def _knocked_too_often(
    request: HttpRequest, text: str, table: str, merchant: Merchant | None = None
) -> HttpResponse | None:
    quotas = [rate_limit.count_request("one-click", client_address(request), settings.ONE_CLICK_RATE)]
    # A forged token gets no counter of its own: anybody can make up any number of them.
    # Counted by its nonce, so that no usable token is kept anywhere, the cache being no exception.
    if nonce := decode_nonce(text) or decode_nonce(text, "undo"):
        quotas.append(rate_limit.count_request("token", nonce.hex, PER_TOKEN))
    exceeded = [quota for quota in quotas if quota.exceeded]
    if not exceeded:
        return None
    answer = _error(request, 429, "too_many_requests", _other(table, merchant))
    answer["Retry-After"] = str(exceeded[-1].reset)
    return answer


def _other(table: str, merchant: Merchant | None) -> str:
    return customer_messages.error_message(table, "other", merchant, merchant.locale if merchant else "")


def _success(request: HttpRequest, success: Success) -> HttpResponse:
    if _wants_page(request):
        banner = Banner("success", success.message, success.undo[0] if success.undo else "")
        return views.outcome_page(request, _merchant_of(request), banner)
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


def _error(request: HttpRequest, status: int, code: str, message: str) -> HttpResponse:
    if _wants_page(request):
        return views.outcome_page(request, _merchant_of(request), Banner("error", message), status)
    return JsonResponse({"status": "error", "error": code, "message": message}, status=status)


def _wants_page(request: HttpRequest) -> bool:
    """A plain form of a browser without JavaScript."""
    return request.content_type != "application/json" and "text/html" in request.headers.get("Accept", "")


def _merchant_of(request: HttpRequest) -> Merchant | None:
    """Whose page a browser is to see: of the script or form that calls, else of the token."""
    caller = _caller(request)
    if caller and caller.merchant:
        return caller.merchant
    token = _known(request, _fields(request).get("token", ""))
    return token.merchant if token else None


def _preflight(request: HttpRequest, allowed: str) -> HttpResponse:
    """OPTIONS is answered for CORS; any other method changes nothing."""
    if request.method != "OPTIONS":
        status = 200 if request.method == "HEAD" and "HEAD" in allowed else 405
        return _guarded(HttpResponse(status=status, headers={"Allow": allowed}))
    caller = _caller(request)
    answer = HttpResponse(status=204, headers={"Allow": allowed})
    if caller and caller.origin:
        answer["Access-Control-Allow-Methods"] = CORS_METHODS
        answer["Access-Control-Allow-Headers"] = "Content-Type"
        answer["Access-Control-Max-Age"] = "600"
    return _guarded(answer, caller.origin if caller else "")


def _guarded(answer: HttpResponse, origin: str = "") -> HttpResponse:
    answer["Referrer-Policy"] = "no-referrer"
    answer["Cache-Control"] = "no-store"
    patch_vary_headers(answer, ["Origin"])
    if origin:
        answer["Access-Control-Allow-Origin"] = origin
    return answer
