"""Django's PostgreSQL backend, which checks a persistent connection without a statement, and reads times faster."""

import select
from datetime import UTC, datetime
from typing import Any

from django.db.backends.postgresql import base
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


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
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
