"""The request bodies of Klaviyo's API, with only the fields that the sandbox stores; others are refused."""

import json
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest

from integrations.sandbox import schema
from integrations.sandbox.faults import MEDIA_TYPE, Fault
from integrations.sandbox.schema import Check, document, mapping, nullable, record, resource, text

PROFILE_FIELDS: dict[str, Check] = {
    "email": nullable(schema.email),
    "phone_number": nullable(schema.phone),
    "first_name": nullable(text(longest=255)),
    "last_name": nullable(text(longest=255)),
    "properties": nullable(mapping(longest=400)),
}


def check_profile(value: Any, pointer: str) -> Iterator[Fault]:
    faults = list(resource("profile", record({}, PROFILE_FIELDS), id=nullable(text(1, 64)))(value, pointer))
    yield from faults
    if faults:
        return
    attributes = value["attributes"]
    if not (value.get("id") or attributes.get("email") or attributes.get("phone_number")):
        detail = "A profile needs at least one identifier: id, email or phone_number."
        yield Fault(400, "invalid", detail, {"pointer": f"{pointer}/attributes"})


METRIC = document(resource("metric", record({"name": text(1, 127)})))
EVENT = document(
    resource(
        "event",
        record(
            {"properties": mapping(longest=400), "metric": METRIC, "profile": document(check_profile)},
            {
                "time": nullable(schema.datetime_text),
                "value": nullable(schema.number),
                "value_currency": nullable(schema.currency),
                "unique_id": nullable(text(1, 255)),
                "backfill": nullable(schema.boolean),
            },
        ),
    )
)
PROFILE = document(check_profile)


class InvalidBody(Exception):
    """The body has at least one fault."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(faults[0].detail)
        self.faults = faults


def read_body(request: HttpRequest, check: Check) -> dict[str, Any]:
    """The checked `data` of the body. Raises Fault for a body that is not JSON, InvalidBody for the wrong JSON."""
    if request.content_type != MEDIA_TYPE:
        raise Fault(415, "unsupported_media_type", f"Content-Type must be {MEDIA_TYPE}.")
    try:
        body = json.loads(request.body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Fault(400, "parse_error", "The body is not valid JSON.") from error
    except RequestDataTooBig as error:
        raise Fault(413, "too_large", "The body is too large.") from error
    if faults := list(check(body, "")):
        raise InvalidBody(faults)
    data: dict[str, Any] = body["data"]
    return data


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
