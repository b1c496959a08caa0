"""What Attentive's response means for the delivery."""

from common.web.whole_numbers import parse_whole_number
from integrations.base import Answer, Outcome
from integrations.esp.replies import outcome_of_status, parse_body, wait_before_retry
from integrations.http import Reply

OUTCOMES = {
    **dict.fromkeys(range(200, 300), Outcome.DONE),
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
    outcome = outcome_of_status(reply.status, OUTCOMES)
    wait = wait_before_retry(reply, outcome, throttled_before, LONGEST_PAUSE)
    detail = "" if outcome is Outcome.DONE else describe_refusal(reply)
    quota_left = parse_whole_number(reply.headers.get("x-ratelimit-remaining", ""))
    return Answer(outcome, reply.status, detail, wait, quota_left=quota_left)


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
