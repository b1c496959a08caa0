"""What an answer of Klaviyo means for the delivery."""

import json
from typing import Any

from integrations.base import Answer, Outcome
from integrations.http import Reply

DETAIL_LENGTH = 2048
MEANINGS = {
    202: Outcome.DONE,
    401: Outcome.PAUSE,
    403: Outcome.PAUSE,
    408: Outcome.RETRY,
    # The revision is retired: no event can pass until the portal is brought up to date.
    410: Outcome.PAUSE,
    429: Outcome.THROTTLED,
}


def read(reply: Reply) -> Answer:
    """The answer to an event."""
    return Answer(meaning(reply.status), reply.status, detail(reply), retry_after(reply))


def meaning(status: int) -> Outcome:
    if status in MEANINGS:
        return MEANINGS[status]
    if status >= 500:
        return Outcome.RETRY
    # Neither Klaviyo's yes nor its no: the base URL leads somewhere else.
    return Outcome.DEAD if status >= 400 else Outcome.PAUSE


def retry_after(reply: Reply) -> float | None:
    """Seconds."""
    text = reply.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else None


def detail(reply: Reply) -> str:
    """`Invalid email address (/data/attributes/…) [error id]` for each error."""
    errors = parsed(reply).get("errors")
    lines = [_line(error) for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    if not lines and meaning(reply.status) is not Outcome.DONE:
        lines = [f"HTTP {reply.status}, with no reason of Klaviyo's."]
    return "; ".join(lines)[:DETAIL_LENGTH]


def parsed(reply: Reply) -> dict[str, Any]:
    """The body as JSON; empty when it is none."""
    try:
        body = json.loads(reply.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _line(error: dict[str, Any]) -> str:
    source = error.get("source")
    pointer = source.get("pointer") if isinstance(source, dict) else None
    where = f" ({pointer})" if pointer else ""
    return f"{error.get('detail') or error.get('title')}{where} [{error.get('id')}]"
