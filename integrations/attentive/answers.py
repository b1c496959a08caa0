"""What Attentive's response means for the delivery."""

from common.web.whole_numbers import parse_whole_number
from integrations.base import Answer, Outcome
from integrations.esp.replies import parse_body, parse_retry_after
from integrations.http import Reply

OUTCOMES = {
    401: Outcome.PAUSE,
    403: Outcome.PAUSE,
    408: Outcome.RETRY,
    429: Outcome.THROTTLED,
}
REFUSED_KEYS = {
    401: "Attentive does not know this key. Copy the API key of your custom app again.",
    403: "The app may not do what is needed: give it write access to events and attributes.",
}
LONGEST_PAUSE = 30 * 60.0  # seconds, where Attentive does not say for how long


def read_reply(reply: Reply, throttled_before: int = 0) -> Answer:
    """The outcome of a request. `throttled_before` counts the answers 429 to this delivery before this one."""
    outcome = outcome_of_status(reply.status)
    wait = parse_retry_after(reply)
    if outcome is Outcome.THROTTLED and wait is None:
        wait = min(LONGEST_PAUSE, 2.0 ** min(throttled_before, 16))
    detail = "" if outcome is Outcome.DONE else describe_refusal(reply)
    quota_left = parse_whole_number(reply.headers.get("x-ratelimit-remaining", ""))
    return Answer(outcome, reply.status, detail, wait, quota_left=quota_left)


def outcome_of_status(status: int) -> Outcome:
    if status in OUTCOMES:
        return OUTCOMES[status]
    if 200 <= status < 300:
        return Outcome.DONE
    if status >= 500:
        return Outcome.RETRY
    # Attentive neither accepts nor refuses with such a status: the base URL leads somewhere else.
    return Outcome.DEAD if status >= 400 else Outcome.PAUSE


def describe_refusal(reply: Reply) -> str:
    """The response's own text, as Attentive promises no form for its errors; `Answer` keeps the first 2 KB."""
    text = reply.body.decode(errors="replace").strip()
    words = [REFUSED_KEYS.get(reply.status, ""), text or f"HTTP {reply.status}, without a reason from Attentive."]
    return " ".join(filter(None, words))


def read_account(reply: Reply) -> Answer:
    """The outcome of a connection test: whose account the key opens, and of which app it is."""
    if sentence := REFUSED_KEYS.get(reply.status):
        return Answer(Outcome.PAUSE, reply.status, sentence)
    if reply.status != 200:
        return read_reply(reply)
    me = parse_body(reply)
    if not me.get("companyName"):
        return Answer(Outcome.PAUSE, 200, "Something answers at this address, but it is not Attentive.")
    app = f", app “{me['applicationName']}”" if me.get("applicationName") else ""
    detail = f"{me['companyName']} ({me.get('attentiveDomainName') or 'no domain'}){app}"
    return Answer(Outcome.DONE, 200, detail, remote_id=str(me.get("companyId") or "")[:64])
