"""The log of Gladly's requests, one row each, for the set-up page."""

import logging
import time
from uuid import UUID

from django.db import transaction

from common.db import skip_flush
from common.web.printable import printable_line
from common.web.rate_limit import count_request
from integrations.gladly.lookup.replies import Outcome, Reply
from integrations.models import Connection, GladlyRequest

MOST_UNAUTHORIZED = 60  # rows a minute of one connection, since anybody may send such requests

log = logging.getLogger(__name__)


def note_request(
    connection: Connection,
    kind: GladlyRequest.Kind,
    reply: Reply,
    *,
    started: float,
    correlation_id: str,
    subject: UUID | None,
) -> None:
    """Write the row. A fault here is logged and spoils no answer."""
    try:
        if reply.outcome is Outcome.UNAUTHORIZED:
            quota = count_request("gladly-unauthorized", connection.public_id.hex, MOST_UNAUTHORIZED)
            if quota.exceeded:
                return
        with transaction.atomic():
            skip_flush()
            GladlyRequest.objects.create(
                merchant=connection.merchant,
                connection=connection,
                kind=kind,
                outcome=reply.outcome,
                found=printable_line(reply.found, 500),
                subject=subject,
                milliseconds=round((time.monotonic() - started) * 1000),
                correlation_id=printable_line(correlation_id, 64),
            )
    except Exception:
        log.exception("A request of Gladly's is missing from the log")
