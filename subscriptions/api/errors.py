"""The one place that translates what views and actions raise into the bodies and headers that clients get."""

from collections.abc import Mapping
from typing import Any

from django.http import Http404
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.views import exception_handler

from subscriptions.errors import Busy, DomainError, Forbidden, NotFound

DENIED = {"detail": "Authentication Failed"}
MISSING = {"detail": "Unable to find requested asset."}
# Clients look for these refusals under a field.
FIELDS_OF_REFUSALS = {
    "resource_exists": "external_resource_id",
    "group_exists": "name",
    "grant_exists": "create",
    "subscription_already_active": "subscription",
    "customer_exists": "merchant_user_id",
    "subscription_not_in_order": "subscription",
    "next_order_date_past": "next_order_date",
    "order_date_not_future": "order_date",
    "place_date_past": "place",
    "cancel_reason_too_long": "cancel_reason",
}


class Denied(APIException):
    """The caller may not do this; `code` says why, in `X-Error-Code`."""

    status_code = status.HTTP_403_FORBIDDEN
    default_detail = DENIED["detail"]

    def __init__(self, code: str) -> None:
        super().__init__(code=code)
        self.error_code = code


class Conflict(APIException):
    """The request's `Idempotency-Key` is in use, or was used for another body."""

    def __init__(self, status_code: int, code: str, detail: str, *, retry_after: int | None = None) -> None:
        super().__init__(detail, code)
        self.status_code = status_code
        self.error_code = code
        self.wait = retry_after


def handle_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. Returns None for internal errors, which `ApiGate` answers."""
    missing = getattr(context.get("view"), "missing", MISSING)
    if isinstance(error, DomainError):
        return _response_of_refusal(error, missing, getattr(context.get("view"), "refusal_fields", {}))
    if isinstance(error, Http404):
        return Response(missing, status=404)
    response = exception_handler(error, context)
    if response is not None and hasattr(error, "error_code"):
        response["X-Error-Code"] = error.error_code
    return response


def _response_of_refusal(error: DomainError, missing: dict[str, str], fields: Mapping[str, str]) -> Response:
    headers = {"X-Error-Code": error.code}
    match error:
        case Busy():
            return Response({"details": error.sentence}, status=423, headers=headers | {"Retry-After": "1"})
        case NotFound():
            return Response(missing, status=404, headers=headers)
        case Forbidden():
            return Response(DENIED, status=403, headers=headers)
    field = fields.get(error.code) or FIELDS_OF_REFUSALS.get(error.code)
    return Response({field: [error.sentence]} if field else {"detail": error.sentence}, status=400, headers=headers)
