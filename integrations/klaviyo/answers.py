"""What Klaviyo's response means for the delivery."""

import re
from collections.abc import Sequence
from typing import Any

from common.web.whole_numbers import parse_whole_number
from integrations.base import Answer, Outcome
from integrations.esp.replies import outcome_of_status, parse_body, parse_retry_after
from integrations.http import Reply
from integrations.klaviyo.scopes import EVENT_SCOPES, describe_missing_scopes, find_missing_scopes

OUTCOMES = {
    202: Outcome.DONE,
    401: Outcome.PAUSE,
    403: Outcome.PAUSE,
    408: Outcome.RETRY,
    # The revision is retired: no event gets through until the portal is updated.
    410: Outcome.PAUSE,
    429: Outcome.THROTTLED,
}
NOT_KLAVIYO = "Something answers at this address, but it is not Klaviyo."
UNKNOWN_KEY = "Klaviyo does not know this key. Copy the private key from Klaviyo's settings, under API keys."
ENTRY = re.compile(r"/data/attributes/(?:events-bulk-create|profiles)/data/([0-9]{1,4})(?:/|$)")


def read_reply(reply: Reply, needed: Sequence[str] = EVENT_SCOPES) -> Answer:
    """The outcome of sending an event. `needed` are the scopes of the request."""
    return Answer(
        outcome_of_status(reply.status, OUTCOMES),
        reply.status,
        describe_errors(reply, needed),
        parse_retry_after(reply),
        refused=_refused_entries(reply),
        quota_left=parse_whole_number(reply.headers.get("RateLimit-Remaining", "")),
    )


def describe_errors(reply: Reply, needed: Sequence[str] = EVENT_SCOPES) -> str:
    """`Invalid email address (/data/attributes/…) [error id]` for each error; empty for an accepted event.

    A key that is refused is explained in our own words.
    """
    if reply.status == 401:
        return UNKNOWN_KEY
    told = join_details(reply)
    if reply.status == 403:
        return describe_missing_scopes(find_missing_scopes(told, needed))
    if not told and outcome_of_status(reply.status, OUTCOMES) is not Outcome.DONE:
        return f"HTTP {reply.status}, without a reason from Klaviyo."
    return told


def join_details(reply: Reply) -> str:
    """Klaviyo's own words on each error."""
    return "; ".join(_describe_error(error) for error in _read_errors(reply))


def _refused_entries(reply: Reply) -> dict[int, str]:
    """The places of the entries of a bulk request that Klaviyo points at, with its reasons."""
    found: dict[int, str] = {}
    for error in _read_errors(reply):
        source = error.get("source")
        if named := ENTRY.match(str(source.get("pointer"))) if isinstance(source, dict) else None:
            place = int(named[1])
            found[place] = "; ".join(filter(None, [found.get(place), _describe_error(error)]))
    return found


def _read_errors(reply: Reply) -> list[dict[str, Any]]:
    errors = parse_body(reply).get("errors")
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []


def _describe_error(error: dict[str, Any]) -> str:
    source = error.get("source")
    pointer = source.get("pointer") if isinstance(source, dict) else None
    where = f" ({pointer})" if pointer else ""
    return f"{error.get('detail') or error.get('title')}{where} [{error.get('id')}]"
