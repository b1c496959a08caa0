"""Parts of an HTTP reply that every ESP has."""

import json
import time
from collections.abc import Mapping
from typing import Any

from django.utils.http import parse_http_date_safe

from integrations.base import Outcome
from integrations.http import Reply


def outcome_of_status(status: int, known: Mapping[int, Outcome]) -> Outcome:
    """By what is `known` of the other side's statuses, or else by the status's class."""
    if status in known:
        return known[status]
    if status >= 500:
        return Outcome.RETRY
    # The other side neither accepts nor refuses with a lower one: the address leads somewhere else.
    return Outcome.DEAD if status >= 400 else Outcome.PAUSE


def wait_before_retry(reply: Reply, outcome: Outcome, throttled_before: int, longest: float) -> float | None:
    """Seconds, as the reply names them; one that only throttles means twice as many as the one before, to `longest`.

    `throttled_before` counts the answers 429 to this delivery before this one.
    """
    wait = parse_retry_after(reply)
    if outcome is Outcome.THROTTLED and wait is None:
        return min(longest, 2.0 ** min(throttled_before, 16))
    return wait


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
