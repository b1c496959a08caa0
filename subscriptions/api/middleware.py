"""The rate limit of every call of an API, and the CORS headers of every response under `/api/`."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse

from common.web import rate_limit
from common.web.client_address import client_address
from common.web.outages import OUTAGES, RETRY_AFTER
from subscriptions.api import request_log

Answer = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger(__name__)

# The REST API, and what the app package in Gladly calls.
PREFIXES = ("/api/", "/gladly/v1/")
BATCH_PREFIX = "/api/products-batch/"
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": (
        "ETag, Idempotency-Replayed, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, "
        "X-Error-Code, X-Request-Id"
    ),
}
PREFLIGHT = {
    "Access-Control-Allow-Methods": "OPTIONS,GET,PUT,POST,DELETE,PATCH",
    # Without x-api-key: a key belongs on a server, never in a browser.
    "Access-Control-Allow-Headers": (
        "Authorization, Content-Type, Accept, X-OG-API-VERSION, Idempotency-Key, X-Request-Id, If-Match, If-None-Match"
    ),
    "Access-Control-Max-Age": "86400",
}


class ApiGate:
    """Counts requests, answers preflights and makes the trailing slash optional without a redirect."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PREFIXES):
            return self.get_response(request)
        is_batch = request.path_info.startswith(BATCH_PREFIX)
        name, limit = ("batch", settings.API_BATCH_RATE) if is_batch else ("api", settings.API_RATE)
        quota = rate_limit.count_request(name, client_address(request), limit)
        if not request.path_info.endswith("/"):
            # A redirect would lose the body of a PATCH.
            request.path_info += "/"
        response = _too_many(quota) if quota.exceeded else self.get_response(request)
        request_log.note_request(request, response)
        # A request refused for its rate has not reached URL resolution; pages of any origin may read the refusal.
        readable = quota.exceeded or _is_rest(request)
        for name, value in (quota.headers | (CORS if readable else {})).items():
            response[name] = value
        return response

    def process_view(self, request: HttpRequest, *_: object) -> HttpResponse | None:
        if request.method == "OPTIONS" and _is_rest(request):
            return HttpResponse(status=204, headers=PREFLIGHT)
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The answer to an error that no view handles; it reveals no internals."""
        if not request.path_info.startswith(PREFIXES) or isinstance(error, Http404):
            return None
        if isinstance(error, SuspiciousOperation):
            return JsonResponse({"detail": "The request is malformed or too large."}, status=400)
        log.exception("%s %s failed", request.method, request.path_info)
        if isinstance(error, OUTAGES):
            detail = "The service is not available; try again in a moment."
            return JsonResponse({"detail": detail}, status=503, headers={"Retry-After": str(RETRY_AFTER)})
        return JsonResponse({"detail": "Something went wrong on our side."}, status=500)


def _is_rest(request: HttpRequest) -> bool:
    # Other views under the prefix have their own rules on which origins may call.
    return request.resolver_match is not None and request.resolver_match.app_name == "rest"


def _too_many(quota: rate_limit.Quota) -> HttpResponse:
    detail = f"Too many requests; try again in {quota.reset} seconds."
    return JsonResponse({"detail": detail}, status=429, headers={"Retry-After": str(quota.reset)})
