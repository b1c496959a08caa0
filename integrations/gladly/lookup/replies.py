"""What Gladly is answered, and what the log of requests says of it."""

from dataclasses import dataclass
from typing import Any

from integrations.gladly.agents import Declined, Done, Why
from integrations.gladly.signature import Fault
from integrations.models import GladlyRequest

Json = dict[str, Any]
Outcome = GladlyRequest.Outcome
# With 400 the form stays open; with 406 it closes and the text is shown.
STATUSES = {Why.INVALID: 400, Why.LATER: 400, Why.NOT_ALLOWED: 406, Why.UNKNOWN: 406}
CODES = {Why.INVALID: "invalid", Why.LATER: "try_again"}
FAULT = "Something went wrong in the subscription portal. Reload the profile to see whether anything was changed."


@dataclass(frozen=True, slots=True)
class Reply:
    body: Json
    outcome: Outcome
    found: str = ""
    """For the log: how many customers, or the sentence that the agent reads."""
    status: int = 200


def results_reply(results: list[Json]) -> Reply:
    found = f"{len(results)} customer{'' if len(results) == 1 else 's'}" if results else ""
    return Reply({"results": results}, Outcome.ANSWERED if results else Outcome.NOTHING, found)


def form_reply(form: Json) -> Reply:
    return Reply(form, Outcome.ANSWERED)


def done_reply(done: Done) -> Reply:
    outcome = Outcome.REPEATED if done.repeated else Outcome.DONE
    # The detail may repeat what the agent wrote about the customer; the activity keeps that, not the log.
    return Reply({"message": done.message, "detail": done.detail}, outcome, done.message)


def declined_reply(declined: Declined, *, has_form: bool) -> Reply:
    """`has_form`: a form is open, which may stay so."""
    status = STATUSES[declined.why] if has_form else 406
    error = {"detail": declined.sentence}
    if status == 400:
        error = ({"attr": declined.attr} if declined.attr else {}) | {"code": CODES[declined.why]} | error
    outcome = Outcome.STAYS if status == 400 else Outcome.REFUSED
    return Reply({"errors": [error]}, outcome, declined.sentence, status)


def unauthorized_reply(fault: Fault) -> Reply:
    error = {"attr": fault.attr, "code": fault.code, "detail": fault.detail}
    return Reply({"errors": [error]}, Outcome.UNAUTHORIZED, f"{fault.attr}: {fault.detail}".removeprefix(": "), 401)


def method_reply() -> Reply:
    error = {"attr": "", "code": "method_not_allowed", "detail": "This address does not know this method."}
    return Reply({"errors": [error]}, Outcome.REFUSED, error["detail"], 405)


def no_results_for_fault() -> Reply:
    return Reply({"results": []}, Outcome.FAULT, FAULT)


def closed_form_for_fault() -> Reply:
    return Reply({"errors": [{"detail": FAULT}]}, Outcome.FAULT, FAULT, 406)
