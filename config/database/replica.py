"""A replica of the database, from which lists are read where DATABASE_REPLICA_URL names one.

A list is never older than its request: the replica must have replayed all that the primary had committed when the
request came, or else the primary is read. So nobody misses what they have just written, on whichever host.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.http import HttpRequest, HttpResponse

from common.web.outages import OUTAGES
from common.web.replica_reads import may_read_replica
from config.fallback import Fallback

REPLICA = "replica"
# A replica usually replays within a few milliseconds. Longer than this a request does not wait for it.
CATCH_UP_SECONDS = 0.1
PAUSE = 0.005  # seconds
# What is written, not what is on the disk: commits that did not wait for it are seen by others too.
COMMITTED = "SELECT pg_current_wal_insert_lsn()::text"
# NULL from a server that is no replica, such as one that was promoted.
BEHIND = "SELECT greatest(pg_wal_lsn_diff(%s::pg_lsn, pg_last_wal_replay_lsn()), 0) WHERE pg_is_in_recovery()"

fallback = Fallback("The database's replica", *OUTAGES)
_is_read: ContextVar[bool] = ContextVar("replica_is_read", default=False)


class Router:
    """Reads go to the replica while `reading_replica` says so, except in transactions; all else to the primary."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        is_free = _is_read.get() and not connections[DEFAULT_DB_ALIAS].in_atomic_block
        return REPLICA if is_free else DEFAULT_DB_ALIAS

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, first: Any, second: Any, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == DEFAULT_DB_ALIAS


class ReplicaMiddleware:
    """Answers GETs of the views marked `reads_replica`; if one fails, it runs again as usual, from the primary."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if REPLICA not in connections or request.method not in ("GET", "HEAD") or not may_read_replica(view):
            return None
        if not fallback.ask(catches_up, False):
            return None

        def answer() -> HttpResponse:
            response: Any = view(request, *args, **kwargs)
            return response.render() if hasattr(response, "render") else response

        with reading_replica():
            try:
                return fallback.ask(answer, None)
            except Exception:  # Django asks `process_exception` about views alone, so it runs as one again
                return None


@contextmanager
def reading_replica() -> Iterator[None]:
    token = _is_read.set(True)
    try:
        yield
    finally:
        _is_read.reset(token)


def catches_up() -> bool:
    """Whether the replica has by now, or in a moment, all that is committed at this moment; if not, it rests."""
    behind = find_bytes_behind(CATCH_UP_SECONDS)
    if behind != 0:
        fallback.rest("it is no replica" if behind is None else f"it is {behind} bytes behind")
    return behind == 0


def find_bytes_behind(patience: float) -> int | None:
    """How much of what is committed at this moment the replica has not replayed `patience` seconds later.

    None if the server is no replica. Raises what Django raises when a server does not respond.
    """
    (committed,) = _fetch(DEFAULT_DB_ALIAS, COMMITTED)
    deadline = time.monotonic() + patience
    while (behind := _fetch(REPLICA, BEHIND, committed)) and behind[0] and time.monotonic() < deadline:
        time.sleep(PAUSE)
    return int(behind[0]) if behind else None


def _fetch(using: str, sql: str, *values: Any) -> Any:
    with connections[using].cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()
