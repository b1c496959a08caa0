"""What every request of Gladly's passes: credentials, the log, and an answer even when something breaks.

One adaptor that answers 500 makes the whole profile of the customer fail in Gladly.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from common.db import Param, Query
from common.web.public_ids import parse_public_id
from integrations.gladly import credentials
from integrations.gladly.agents import AgentRequest, Declined
from integrations.gladly.lookup import replies
from integrations.gladly.lookup.replies import Reply
from integrations.gladly.lookup.request_log import note_request
from integrations.gladly.signature import Fault, SignedParts
from integrations.models import Connection, GladlyRequest

Kind = GladlyRequest.Kind
CONNECTION = Query(
    lambda: Connection.objects.select_related("merchant", "gladly").filter(
        public_id=Param("public_id"), integration="gladly", removed_at=None, gladly__isnull=False
    )
)
UNREADABLE = Fault("", "unreadable", "The request could not be read.")

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Call:
    """A request of a connection's Gladly. `kind` may be made more precise once the body is read."""

    connection: Connection
    agent: AgentRequest
    body: bytes
    kind: GladlyRequest.Kind


Handler = Callable[..., Reply]


@method_decorator(csrf_exempt, name="dispatch")
class AdaptorView(View):
    """An address that Gladly calls. `handlers` get the `Call` and the ids in the address; they may raise Declined."""

    handlers: ClassVar[Mapping[str, tuple[GladlyRequest.Kind, Handler]]]
    """By method."""
    fault_reply: ClassVar[Callable[[], Reply]]

    def dispatch(self, request: HttpRequest, connection: str, **ids: str) -> HttpResponse:
        started, correlation_id = time.monotonic(), request.headers.get("Gladly-Correlation-Id", "")
        kind, handler = self.handlers.get(str(request.method), (Kind.OTHER, None))
        row: Connection | None = None
        try:
            row = _find_connection(connection)
            parts = _read_parts(request)
            if fault := _find_fault(request, parts, row):
                reply = replies.unauthorized_reply(fault)
            elif handler is None or row is None or parts is None:
                reply = replies.method_reply()
            else:
                call = Call(row, AgentRequest(row.merchant, correlation_id, started), parts.body, kind)
                reply = _handle(handler, call, ids, has_form=request.method == "POST")
                kind = call.kind
        except Exception:
            log.exception("Gladly's request %r failed", correlation_id[:64])
            reply = type(self).fault_reply()
        if row is not None:
            subject = parse_public_id(ids.get("subscription", ""))
            note_request(row, kind, reply, started=started, correlation_id=correlation_id, subject=subject)
        return JsonResponse(reply.body, status=reply.status, headers={"Cache-Control": "no-store"})


def _handle(handler: Handler, call: Call, ids: Mapping[str, Any], *, has_form: bool) -> Reply:
    try:
        return handler(call, **ids)
    except Declined as declined:
        return replies.declined_reply(declined, has_form=has_form)


def _find_connection(text: str) -> Connection | None:
    public_id = parse_public_id(text)
    found = CONNECTION.all(public_id=public_id) if public_id else []
    return found[0] if found else None


def _read_parts(request: HttpRequest) -> SignedParts | None:
    """The request as it came; None if its body is too large or was cut off."""
    try:
        body = request.body
    except Exception:
        return None
    headers = {name.lower(): value for name, value in request.headers.items()}
    return SignedParts(str(request.method), request.path, headers, body, request.META.get("QUERY_STRING", ""))


def _find_fault(request: HttpRequest, parts: SignedParts | None, connection: Connection | None) -> Fault | None:
    if not credentials.is_address_allowed(request):
        return credentials.FOREIGN_ADDRESS
    if connection is None:
        return credentials.UNKNOWN
    if parts is None:
        return UNREADABLE
    return credentials.find_fault(parts, connection.gladly, timezone.now())
