"""Reads request bodies as Klaviyo does."""

import json
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest

from integrations.sandbox.errors import MEDIA_TYPE, ApiError
from integrations.sandbox.validation import validate_body

LARGEST_BODY = 5_000_000  # bytes
LARGEST_PROFILE = 100_000


def read_body(request: HttpRequest, name: str, largest: int = LARGEST_BODY) -> dict[str, Any]:
    """The valid `data` of the body; `name` is one of schemas.BODIES. Raises ApiError and InvalidBody."""
    if request.content_type != MEDIA_TYPE:
        raise ApiError(415, "unsupported_media_type", f"Content-Type must be {MEDIA_TYPE}.")
    body = parse_json(request, largest)
    validate_body(body, name)
    data: dict[str, Any] = body["data"]
    return data


def parse_json(request: HttpRequest, largest: int) -> Any:
    """Raises ApiError for a body that is too large or not JSON."""
    try:
        if len(request.body) > largest:
            raise RequestDataTooBig
        return json.loads(request.body, parse_constant=_refuse_constant)
    except RequestDataTooBig as error:
        raise ApiError(413, "too_large", f"The body is larger than {largest:,} bytes.") from error
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "parse_error", "The body is not valid JSON.") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
