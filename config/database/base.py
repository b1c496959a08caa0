"""Django's PostgreSQL, with a check of a kept connection that costs no statement."""

import select

from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus


class DatabaseWrapper(base.DatabaseWrapper):
    def is_usable(self) -> bool:
        """Asked before each request of a connection that was kept: an idle one has something to read only when its
        server has hung up or has something to say."""
        connection = self.connection
        if connection is None or connection.closed or connection.info.transaction_status != TransactionStatus.IDLE:
            return super().is_usable()
        idle = select.poll()
        idle.register(connection.fileno(), select.POLLIN)
        return super().is_usable() if idle.poll(0) else True
