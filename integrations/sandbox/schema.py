"""Checks for request bodies: each yields the faults of one value, and is composed of others.

They share nothing with the portal's Klaviyo client, so that both cannot be wrong in the same way.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from integrations.sandbox.faults import Fault

Check = Callable[[Any, str], Iterator[Fault]]
DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
PHONE = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
CURRENCY = re.compile(r"[A-Z]{3}")


def record(required: dict[str, Check], optional: dict[str, Check] | None = None) -> Check:
    """An object with these keys and no others."""
    known = required | (optional or {})

    def check(value: Any, pointer: str) -> Iterator[Fault]:
        if not isinstance(value, dict):
            yield _fault("is not an object", pointer)
            return
        for name in required.keys() - value.keys():
            yield _fault("is a required field", f"{pointer}/{name}")
        for name, part in value.items():
            if name in known:
                yield from known[name](part, f"{pointer}/{name}")
            else:
                yield _fault("is not a valid field for this resource", f"{pointer}/{name}")

    return check


def resource(kind: str, attributes: Check, **optional: Check) -> Check:
    """A JSON:API resource object of the type `kind`."""
    return record({"type": constant(kind), "attributes": attributes}, optional)


def document(data: Check) -> Check:
    return record({"data": data})


def nullable(check: Check) -> Check:
    return lambda value, pointer: iter(()) if value is None else check(value, pointer)


def value_check(test: Callable[[Any], bool], complaint: str) -> Check:
    """A value that passes `test`."""

    def check(value: Any, pointer: str) -> Iterator[Fault]:
        if not test(value):
            yield _fault(complaint, pointer)

    return check


def constant(expected: str) -> Check:
    return value_check(lambda value: value == expected, f"must be '{expected}'")


def text(shortest: int = 0, longest: int = 100_000) -> Check:
    def test(value: Any) -> bool:
        return isinstance(value, str) and shortest <= len(value) <= longest

    return value_check(test, f"must be a string of {shortest} to {longest} characters")


def mapping(longest: int) -> Check:
    return value_check(
        lambda value: isinstance(value, dict) and len(value) <= longest,
        f"must be an object of at most {longest} properties",
    )


def pattern_check(pattern: re.Pattern[str], complaint: str) -> Check:
    return value_check(lambda value: isinstance(value, str) and bool(pattern.fullmatch(value)), complaint)


def _is_datetime(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(DATETIME.fullmatch(value) and datetime.fromisoformat(value))
    except ValueError:
        return False


def _is_email(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        validate_email(value)
    except ValidationError:
        return False
    return len(value) <= 99


number = value_check(lambda value: type(value) in (int, float), "must be a number")
boolean = value_check(lambda value: isinstance(value, bool), "must be true or false")
datetime_text = value_check(_is_datetime, "must be an ISO 8601 date and time with an offset")
email = value_check(_is_email, "is not a valid email address")
phone = pattern_check(PHONE, "is not a valid phone number in E.164")
currency = pattern_check(CURRENCY, "must be an ISO 4217 code")


def _fault(complaint: str, pointer: str) -> Fault:
    name = pointer.rpartition("/")[2]
    return Fault(400, "invalid", f"'{name}' {complaint}.", {"pointer": pointer})
