"""The id of the current request: on its response, and on every log line written during it."""

import logging
import re
import uuid
from collections.abc import Callable
from contextvars import ContextVar

from django.core.signals import request_finished
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{1,64}")
current_request_id: ContextVar[str] = ContextVar("request_id", default="-")


class RequestIdMiddleware:
    """Takes the caller's `X-Request-Id` if it is well-formed, or else makes one.

    It is the outermost middleware, so that every other middleware's response has the header too.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("x-request-id", "")
        request_id = given if WELL_FORMED.fullmatch(given) else str(uuid.uuid4())
        current_request_id.set(request_id)
        response = self.get_response(request)
        response["X-Request-Id"] = request_id
        return response


@receiver(request_finished)
def clear_request_id(**_: object) -> None:
    # Not when the middleware returns: Django logs the failed request after that.
    current_request_id.set("-")


class RequestIdFilter(logging.Filter):
    """Gives log records `request_id`, `-` outside of requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_request_id.get()
        return True
