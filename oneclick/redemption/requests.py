"""The contents and the sender of a request to the click endpoints."""

from dataclasses import dataclass

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError

from common.web.json_body import decode_json
from common.web.public_ids import parse_public_id
from oneclick.models import ActionToken
from oneclick.pages import domains, origins
from oneclick.redemption.parameters import normalize_fields
from oneclick.tokens.token_text import decode_nonce
from subscriptions import api_keys
from subscriptions.models import Merchant

Fields = dict[str, str]
# What `request.POST` raises for a form without its boundary, in another encoding than UTF-8, or too large.
UNREADABLE = (MultiPartParserError, BadRequest, SuspiciousOperation)


@dataclass(frozen=True, slots=True)
class Caller:
    """`merchant` is the one that the request names, if any; `origin` is set if a shop's page sent the request."""

    merchant: Merchant | None
    origin: str


def find_caller(request: HttpRequest) -> Caller | None:
    """Who sent the request; None for a page on an origin that the merchant has not registered."""
    public_id = domains.domain_owner(request) or parse_public_id(request.GET.get("merchant", ""))
    merchant, registered = origins.find_script_merchant(public_id) if public_id else (None, [])
    origin = request.headers.get("Origin", "")
    if origins.is_portal_origin(request, origin):
        return Caller(merchant, "")
    return Caller(merchant, origin) if origin in registered else None


def read_fields(request: HttpRequest) -> Fields:
    """The fields of the query, overridden by the body's; a JSON body that is not an object has none.

    Raises one of UNREADABLE for a form that cannot be read: what it asked for is unknown.
    """
    query = normalize_fields(request.GET.dict())
    if request.content_type != "application/json":
        return query | normalize_fields(request.POST.dict())
    try:
        body = decode_json(request.body)
    except ValueError:
        body = None
    return query | normalize_fields(body if isinstance(body, dict) else {})


def find_token(request: HttpRequest, text: str) -> ActionToken | None:
    """The token with this text or undo text; on a merchant's own domain, only that merchant's."""
    nonce = decode_nonce(text) or decode_nonce(text, "undo")
    if nonce is None:
        return None
    rows = ActionToken.objects.select_related("merchant__one_click").filter(nonce=nonce)
    if public_id := domains.domain_owner(request):
        rows = rows.filter(merchant__public_id=public_id)
    return rows.first()


def find_page_merchant(request: HttpRequest) -> Merchant | None:
    """The merchant whose page the browser gets: the one that the script or form names, else the token's."""
    caller = find_caller(request)
    if caller and caller.merchant:
        return caller.merchant
    token = find_token(request, read_fields(request).get("token", ""))
    return token.merchant if token else None


def wants_json(request: HttpRequest) -> bool:
    """Whether `Accept` names JSON in full; the wildcard that every browser and mail scanner sends does not count."""
    return any((kind.main_type, kind.sub_type) == ("application", "json") for kind in request.accepted_types)


def has_api_key(request: HttpRequest, merchant: Merchant | None) -> bool:
    """Whether the request has an API key that may write: one of `merchant`, or any where the token names nobody."""
    text = request.headers.get("x-api-key", "")
    key = api_keys.find_api_key(text) if text else None
    if key is None or key.expired or "write" not in key.scopes:
        return False
    return merchant is None or key.merchant_id == merchant.pk


def wants_page(request: HttpRequest) -> bool:
    """Whether a browser without JavaScript sent a plain form."""
    return request.content_type != "application/json" and "text/html" in request.headers.get("Accept", "")
