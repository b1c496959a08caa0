"""Lets requests to the sandbox fail as staff have set it."""

import math
import random
import time
from collections.abc import Callable, Iterable

from django.db.models import F
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.http import http_date

from common.web.answer_faults import AnswerFault, Manner, spoil_answer
from integrations.models import SandboxFault
from integrations.sandbox.endpoints import Endpoint
from integrations.sandbox.errors import ApiError
from subscriptions.models import Merchant

Outcome = SandboxFault.Outcome
# Longer than any client waits.
HELD_SECONDS = 60
# All but those that change how a request is handled.
SPOILING = set(Outcome) - {Outcome.REPEATS, Outcome.UNLIMITED}
MANNERS = {
    Outcome.TIMEOUT: Manner.CUT,
    Outcome.RESET: Manner.CUT,
    Outcome.SLOW: Manner.LATE,
    Outcome.DRIPPING: Manner.DRIPPING,
}
CODES = {
    400: "invalid",
    401: "authentication_failed",
    409: "conflict",
    410: "gone",
    429: "throttled",
    500: "internal_error",
    502: "bad_gateway",
    503: "unavailable",
}


def find_faults(merchant: Merchant, endpoint: Endpoint) -> list[SandboxFault]:
    return list(SandboxFault.active(merchant).filter(endpoint__in=["", endpoint.name]))


def pick_fault(faults: Iterable[SandboxFault], outcomes: Iterable[str]) -> SandboxFault | None:
    """The first of these outcomes that happens to this request, by chance and number."""
    for fault in faults:
        if fault.outcome in outcomes and random.randrange(100) < fault.share and use_up(fault):
            return fault
    return None


def use_up(fault: SandboxFault) -> bool:
    """Whether the fault may happen once more."""
    if fault.times is None:
        return True
    return bool(SandboxFault.objects.filter(pk=fault.pk, times__gt=0).update(times=F("times") - 1))


def respond_with_fault(
    request: HttpRequest, fault: SandboxFault, handle: Callable[[], HttpResponseBase]
) -> HttpResponseBase:
    """`handle` answers as if there were no fault. Raises ApiError for an answer that is an error."""
    manner = MANNERS.get(Outcome(fault.outcome))
    reaches_client = manner in (Manner.LATE, Manner.DRIPPING)
    response = handle() if reaches_client or fault.takes_effect else HttpResponse(status=503)
    if manner is None:
        raise fault_error(fault)
    spoil_answer(request, AnswerFault(manner, fault_seconds(fault)))
    return response


def fault_seconds(fault: SandboxFault) -> float:
    fixed = {Outcome.TIMEOUT: HELD_SECONDS, Outcome.RESET: 0}
    return fixed.get(Outcome(fault.outcome), fault.milliseconds / 1000)


def fault_error(fault: SandboxFault) -> ApiError:
    status = int(fault.outcome[:3])
    seconds = math.ceil(fault.milliseconds / 1000)
    headers = {
        Outcome.THROTTLED: {"Retry-After": str(seconds)},
        Outcome.THROTTLED_DATE: {"Retry-After": http_date(math.ceil(time.time()) + seconds)},
    }.get(Outcome(fault.outcome), {})
    return ApiError(status, CODES[status], "The sandbox was told to answer so.", headers=headers)
