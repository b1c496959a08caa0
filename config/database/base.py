"""Django's PostgreSQL backend, which checks a persistent connection without sending a statement."""

import select

from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus


class DatabaseWrapper(base.DatabaseWrapper):
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
