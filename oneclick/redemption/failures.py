"""What the click endpoints answer when the database refuses, or when a request cannot be read."""

import logging
from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse

from common.web.outages import OUTAGES, RETRY_AFTER
from oneclick.messages.customer_messages import error_message
from oneclick.redemption.link_actions import ACTION_NAMES, find_link_action
from oneclick.redemption.requests import UNREADABLE, Caller, find_caller
from oneclick.redemption.responses import error_response, unavailable_response, with_headers

log = logging.getLogger(__name__)


def answer_failures(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorates a click endpoint: whatever the client sends and the database does, it answers in its own shape."""

    @wraps(view)
    def run(request: HttpRequest, **route: str) -> HttpResponse:
        action = route.get("action", "undo")
        if action not in (*ACTION_NAMES, "undo"):
            raise Http404
        table = "undo" if action == "undo" else find_link_action(action, {}).name
        try:
            return view(request, **route)
        except UNREADABLE:
            response, caller = error_response(request, 400, "unreadable_request", error_message(table, "other")), None
        except OUTAGES:
            log.exception("%s %s failed", request.method, request.path_info)
            caller = _find_known_caller(request)
            response = _outage_response(request, table, caller)
        return with_headers(response, caller.origin if caller else "")

    return run


def _find_known_caller(request: HttpRequest) -> Caller | None:
    """The caller, whose merchant may still be in the cache."""
    try:
        return find_caller(request)
    except OUTAGES:
        return None


def _outage_response(request: HttpRequest, table: str, caller: Caller | None) -> HttpResponse:
    merchant = caller.merchant if caller else None
    try:
        return unavailable_response(request, 503, "unavailable", table, merchant, RETRY_AFTER)
    except OUTAGES:  # the merchant's own wording is not in the cache
        return unavailable_response(request, 503, "unavailable", table, None, RETRY_AFTER)
