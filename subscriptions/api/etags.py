"""ETags of objects: `If-None-Match` spares a client what it has, `If-Match` refuses to change what it has not seen."""

import hashlib
from typing import Any

from django.utils.http import parse_etags, quote_etag
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request


def entity_tag(data: dict[str, Any]) -> str:
    return quote_etag(hashlib.sha256(JSONRenderer().render(data)).hexdigest()[:32])


def is_known(request: Request, tag: str) -> bool:
    """Whether the client has the object already."""
    known = [name.removeprefix("W/") for name in parse_etags(request.headers.get("if-none-match", ""))]
    return tag in known or "*" in known


def has_condition(request: Request) -> bool:
    return "if-match" in request.headers


def is_expected(request: Request, tag: str) -> bool:
    """Whether the object is what the client expects to change; without `If-Match` anything is."""
    expected = parse_etags(request.headers.get("if-match", "*"))
    return tag in expected or "*" in expected
