"""Django's PostgreSQL backend, which checks a persistent connection without a statement, reads times faster, keeps rows
out of its errors, and notices a network that has gone silent.
"""

import select
from collections import deque
from datetime import UTC, datetime
from functools import partial
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from django.db.utils import DatabaseErrorWrapper
from django.utils.functional import cached_property
from psycopg._preparing import PrepareManager
from psycopg.abc import Buffer
from psycopg.pq import TransactionStatus
from psycopg.types.datetime import TimestamptzLoader


class TimeLoader(TimestamptzLoader):
    """Reads times in UTC, in a tenth of the time of Django's loader: rows have up to eight."""

    timezone = UTC

    def load(self, data: Buffer) -> datetime:
        try:
            return datetime.fromisoformat(str(data, "ascii"))
        except ValueError:
            return super().load(data)  # raises what says why


class BriefErrors(DatabaseErrorWrapper):
    """Errors say what PostgreSQL's first line says. Its details quote rows, and errors end up in logs.

    Code that needs the details finds them in `diag` of the cause.
    """

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if isinstance(error, psycopg.Error) and error.diag.message_primary:
            error.args = (error.diag.message_primary,)
        super().__exit__(kind, error, traceback)


class OwnStatements(PrepareManager):
    """The statements that psycopg has prepared. After a ROLLBACK it drops these, and not those of `common.db` too."""

    def clear(self) -> bool:
        names = [*self._names.values()]
        cleared = super().clear()
        if cleared:
            self._to_flush = deque(names)
        return cleared


# The kernel gives a connection up whose other machine is silent for so long. Its own limits are hours.
KEEPALIVES = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 4, "tcp_user_timeout": 30_000}  # ms


class DatabaseWrapper(base.DatabaseWrapper):
    # How long a statement may take; None where it may take hours, as a migration does, or where tasks end in time.
    statement_seconds: float | None = None

    @cached_property
    def wrap_database_errors(self) -> BriefErrors:
        return BriefErrors(self)

    def get_connection_params(self) -> dict[str, Any]:
        return KEEPALIVES | super().get_connection_params()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        threshold, connection._prepared = connection.prepare_threshold, OwnStatements()
        connection.prepare_threshold = threshold
        if self.statement_seconds:
            connection.wait = partial(_wait_with_limit, connection, self.statement_seconds)
        if self.timezone is UTC:
            connection.adapters.register_loader("timestamptz", TimeLoader)
        return connection

    def is_usable(self) -> bool:
        """Called before each request that reuses a connection.

        An idle connection has bytes to read only where the server closed it or sent a notice.
        """
        connection = self.connection
        if connection is None or connection.closed or connection.info.transaction_status != TransactionStatus.IDLE:
            return super().is_usable()
        idle = select.poll()
        idle.register(connection.fileno(), select.POLLIN)
        return super().is_usable() if idle.poll(0) else True


def _wait_with_limit(connection: psycopg.Connection[Any], seconds: float, steps: Any, **options: Any) -> Any:
    """`connection.wait`, for a server or pooler that accepts a statement and never answers."""
    try:
        return psycopg.Connection.wait(connection, steps, **{**options, "timeout": seconds})
    except psycopg.errors._WaitTimeout:
        connection.pgconn.finish()  # its answer may still come, and would be taken for that of the next statement
        raise psycopg.OperationalError("the database did not answer in time") from None
