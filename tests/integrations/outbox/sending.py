"""Sends a connection's pending deliveries to a server, and reads their states."""

from common.work import claim_lease
from integrations import outbox
from integrations.connection_queue import sendable_connections
from integrations.models import Connection, Delivery


def claim_connection(pk: int) -> Connection | None:
    return claim_lease(sendable_connections(), pk)


def send_pending(connection: Connection, server) -> Connection:
    Connection.objects.filter(pk=connection.pk).update(base_url=server.url)
    outbox.drain_connection(connection.pk)
    connection.refresh_from_db()
    return connection


def delivery_states() -> list[str]:
    return list(Delivery.objects.order_by("id").values_list("state", flat=True))
