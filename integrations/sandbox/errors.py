"""Errors that the sandbox answers, in Klaviyo's format."""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from django.http import JsonResponse

MEDIA_TYPE = "application/vnd.api+json"
TITLES = {
    400: "Invalid input.",
    401: "Authentication credentials were not provided.",
    404: "Not found.",
    405: "Method not allowed.",
    409: "Conflict.",
    410: "Gone.",
    413: "Payload too large.",
    415: "Unsupported media type.",
    429: "Request was throttled.",
    500: "Internal server error.",
    502: "Bad gateway.",
    503: "Service unavailable.",
}


@dataclass
class ApiError(Exception):
    """`source` is a `pointer` into the body or the `parameter` of the query that is wrong."""

    status: int
    code: str
    detail: str
    source: dict[str, str] = field(default_factory=lambda: {"pointer": "/data"})
    meta: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def object(self) -> dict[str, Any]:
        return {
            "id": str(uuid4()),
            "status": self.status,
            "code": self.code,
            "title": TITLES[self.status],
            "detail": self.detail,
            "source": self.source,
            "links": {},
            "meta": self.meta,
        }


class InvalidBody(Exception):
    """The body has at least one error."""

    def __init__(self, errors: list[ApiError]) -> None:
        super().__init__(errors[0].detail)
        self.errors = errors


def invalid_parameter(name: str, detail: str) -> ApiError:
    return ApiError(400, "invalid", detail, {"parameter": name})


def error_response(errors: list[ApiError]) -> JsonResponse:
    """The response to one or more errors of the same status."""
    first = errors[0]
    body = {"errors": [error.object() for error in errors]}
    return JsonResponse(body, status=first.status, content_type=MEDIA_TYPE, headers=first.headers)
