"""The log of requests: which credential called what, when, and with which result.

An answer never waits for its row. Each process keeps the rows in memory for a second, and a thread writes them with one
statement. A process that is killed loses that second.
"""

import atexit
import logging
import time
from collections import deque
from itertools import islice
from threading import Event, Lock, Thread

from django.db import connection, transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from common.db import insert_many, new_row
from common.web.json_body import remove_unstorable_characters
from common.web.outages import OUTAGES
from common.web.request_id import current_request_id
from subscriptions.api.authentication import Credential
from subscriptions.models import ApiKey, ApiRequest

SECONDS = 1.0
MOST_WAITING = 20_000  # rows of one process; while the database is away, the oldest go first
BATCH = 1000  # rows of one statement

log = logging.getLogger(__name__)
_waiting: deque[ApiRequest] = deque(maxlen=MOST_WAITING)
_has_rows = Event()
_starting, _writing = Lock(), Lock()
_writer: Thread | None = None


def note_request(request: HttpRequest, response: HttpResponse) -> None:
    """Log a request whose credential is known."""
    credential = getattr(request, "auth", None)
    if not isinstance(credential, Credential):
        return
    _waiting.append(
        new_row(
            ApiRequest,
            merchant=credential.merchant,
            key_id=credential.key,
            method=(request.method or "")[:8],
            path=remove_unstorable_characters(request.path_info)[:500],
            status=response.status_code,
            request_id=current_request_id.get(),
            at=timezone.now(),
        )
    )
    _has_rows.set()
    start_writer()


def start_writer() -> None:
    """Start this process's thread with the first row: a thread does not survive a fork."""
    global _writer
    if _writer is None:
        with _starting:
            if _writer is None:
                _writer = Thread(target=_write_forever, name="request-log", daemon=True)
                _writer.start()
                atexit.register(write_waiting)


def write_waiting() -> int:
    """Write the oldest rows that wait, and return their number. If the database is away, they wait on."""
    with _writing:
        rows = list(islice(_waiting, BATCH))
        if not rows:
            return 0
        try:
            with transaction.atomic():
                insert_many(rows, fetch_ids=False)
                _note_use(rows)
        except OUTAGES:
            log.warning("The log of requests waits for the database", exc_info=True)
            return 0
        except Exception:
            # Such as the key of a merchant that was deleted: rows that are tried again would hold up all others.
            log.exception("%s requests are missing from the log", len(rows))
        for _ in rows:
            _waiting.popleft()
    return len(rows)


def _note_use(rows: list[ApiRequest]) -> None:
    """Set when the keys were used last, to the minute, so that a busy key is not written each second."""
    for key in {row.key_id for row in rows if row.key_id}:
        minute = max(row.at for row in rows if row.key_id == key).replace(second=0, microsecond=0)
        ApiKey.objects.filter(Q(last_used=None) | Q(last_used__lt=minute), pk=key).update(last_used=minute)


def _write_forever() -> None:
    while True:
        _has_rows.wait()
        time.sleep(SECONDS)
        write_turn()


def write_turn() -> None:
    """Write all rows that wait. The connection is closed: an idle process holds none for its log."""
    _has_rows.clear()
    try:
        while write_waiting():
            pass
    finally:
        connection.close()
    if _waiting:
        _has_rows.set()
