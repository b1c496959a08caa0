"""Errors in Klaviyo's format."""

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
    413: "Payload too large.",
    415: "Unsupported media type.",
}


@dataclass
class Fault(Exception):
    """`source` is a `pointer` into the body or the `parameter` of the query that is wrong."""

    status: int
    code: str
    detail: str
    source: dict[str, str] = field(default_factory=lambda: {"pointer": "/data"})
    meta: dict[str, str] = field(default_factory=dict)

    def error(self) -> dict[str, Any]:
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


def invalid_parameter(name: str, detail: str) -> Fault:
    return Fault(400, "invalid", detail, {"parameter": name})


def error_response(faults: list[Fault]) -> JsonResponse:
    """The response to one or more faults of the same status."""
    errors = [fault.error() for fault in faults]
    return JsonResponse({"errors": errors}, status=faults[0].status, content_type=MEDIA_TYPE)
