"""Holds request bodies to the JSON Schemas, and names what is wrong by JSON pointers."""

import re
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

import fastjsonschema
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from integrations.sandbox import schemas
from integrations.sandbox.errors import ApiError, InvalidBody

DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
MOST_ERRORS = 100


def is_datetime(text: str) -> bool:
    try:
        return bool(DATETIME.fullmatch(text) and datetime.fromisoformat(text))
    except ValueError:
        return False


def is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


FORMATS: dict[str, str | Callable[[str], bool]] = {
    "date-time": is_datetime,
    "email": is_email,
    "phone": r"^\+[1-9][0-9]{6,14}\Z",
}
COMPLAINTS = {
    "required": "is a required field",
    "additionalProperties": "is not a valid field for this resource",
    "anyOf": "needs at least one identifier: id, email, phone_number or external_id",
}


@cache
def find_validator(name: str) -> Callable[[Any], Any]:
    """The validator of the body `name` of BODIES. Compiling it takes some tenths of a second."""
    schema = {"$schema": "http://json-schema.org/draft-07/schema#"} | schemas.BODIES[name]
    validate: Callable[[Any], Any] = fastjsonschema.compile(schema, formats=FORMATS, use_default=False, fast_fail=False)
    return validate


def validate_body(body: Any, name: str) -> None:
    """Raises InvalidBody with an error for each fault of the body, 100 at most."""
    try:
        find_validator(name)(body)
    except fastjsonschema.JsonSchemaValuesException as invalid:
        found = [error for fault in invalid.errors[:MOST_ERRORS] for error in describe_fault(fault)]
        raise InvalidBody(found) from None


def describe_fault(fault: fastjsonschema.JsonSchemaValueException) -> list[ApiError]:
    """One error, or one for each key that is missing or unknown."""
    _, *path = fault.path
    keys: list[str] = []
    if fault.rule == "required":
        keys = [key for key in fault.rule_definition if key not in fault.value]
    elif fault.rule == "additionalProperties":
        keys = [key for key in fault.value if key not in fault.definition["properties"]]
    complaint = COMPLAINTS.get(str(fault.rule)) or fault.message.removeprefix(f"{fault.name} ")
    return [
        ApiError(400, "invalid", f"'{parts[-1] if parts else 'body'}' {complaint}.", {"pointer": json_pointer(parts)})
        for parts in ([[*path, key] for key in keys] or [path])
    ]


def json_pointer(parts: list[str]) -> str:
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)
