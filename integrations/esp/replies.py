"""Parts of an HTTP reply that every ESP has."""

import json
import time
from typing import Any

from django.utils.http import parse_http_date_safe

from integrations.http import Reply


def parse_retry_after(reply: Reply) -> float | None:
    """Seconds from now, where the reply names them or an HTTP date."""
    text = reply.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    date = parse_http_date_safe(text)
    return None if date is None else max(0.0, date - time.time())


def parse_body(reply: Reply) -> dict[str, Any]:
    """The JSON object in the body; empty where there is none."""
    try:
        body = json.loads(reply.body)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}
