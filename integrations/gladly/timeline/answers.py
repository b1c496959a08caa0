"""What Gladly's response means for the delivery."""

from typing import Any

from integrations.base import Answer, Outcome
from integrations.esp.replies import outcome_of_status, parse_body, wait_before_retry
from integrations.gladly.timeline.organizations import account_of
from integrations.http import Reply
from integrations.models import Connection

OUTCOMES = {
    **dict.fromkeys(range(200, 300), Outcome.DONE),
    401: Outcome.PAUSE,
    403: Outcome.PAUSE,
    408: Outcome.RETRY,
    429: Outcome.THROTTLED,
}
REFUSED_SETUPS = {
    401: "Gladly does not know this API user and token. Check the e-mail address, and make a new token for that user.",
    403: "The API user may not do this. In Gladly, give that user the role “API User”.",
}
NOT_IN_GLADLY = "Gladly has no customer with this e-mail address, so there is no timeline to write to."
NOT_GLADLY = "Something answers at this address, but it is not Gladly. Check the name of the organization."
LONGEST_REST = 10 * 60.0  # seconds, where Gladly does not say for how long


def read_item_reply(reply: Reply, throttled_before: int = 0) -> Answer:
    """The outcome of writing an entry. `throttled_before` counts the answers 429 to this delivery before this one."""
    if reply.status == 409 and any(error.get("code") == "taken" for error in _read_errors(reply)):
        # Our own earlier request, whose answer was lost.
        return Answer(Outcome.DONE, 409)
    return _read_reply(reply, throttled_before)


def read_profiles_reply(reply: Reply, throttled_before: int = 0) -> Answer:
    """DONE where the customer has a profile, SKIPPED where there is none."""
    answer = _read_reply(reply, throttled_before)
    if answer.outcome is not Outcome.DONE:
        return answer
    # Only its beginning counts: the profiles of a big list do not fit into what is read of a reply.
    found = reply.body.strip()
    if not found.startswith(b"["):
        return Answer(Outcome.PAUSE, reply.status, NOT_GLADLY)
    return answer if found[1:].strip() != b"]" else Answer(Outcome.SKIPPED, reply.status, NOT_IN_GLADLY)


def read_test_reply(reply: Reply, connection: Connection) -> Answer:
    """The outcome of a connection test: a search for the API user must give a list, even an empty one."""
    if reply.status == 404:
        return Answer(Outcome.PAUSE, 404, NOT_GLADLY)
    found = read_profiles_reply(reply)
    if found.outcome in (Outcome.DONE, Outcome.SKIPPED):
        account = account_of(connection.base_url, connection.merchant)
        return Answer(Outcome.DONE, reply.status, account, remote_id=account)
    return found


def _read_reply(reply: Reply, throttled_before: int) -> Answer:
    outcome = outcome_of_status(reply.status, OUTCOMES)
    wait = wait_before_retry(reply, outcome, throttled_before, LONGEST_REST)
    detail = "" if outcome is Outcome.DONE else describe_refusal(reply)
    return Answer(outcome, reply.status, detail, wait)


def describe_refusal(reply: Reply) -> str:
    """Our own words on refused credentials, and what Gladly says of each error."""
    told = "; ".join(_describe_error(error) for error in _read_errors(reply))
    own = REFUSED_SETUPS.get(reply.status, "")
    return " ".join(filter(None, [own, told])) or f"HTTP {reply.status}, without a reason from Gladly."


def _describe_error(error: dict[str, Any]) -> str:
    words = error.get("detail") or error.get("code") or "no reason"
    return f"{words} ({error['attr']})" if error.get("attr") else str(words)


def _read_errors(reply: Reply) -> list[dict[str, Any]]:
    errors = parse_body(reply).get("errors")
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
