"""Tells Gladly connections from others, which have no account."""

from integrations.models import Connection, GladlyAccount
from subscriptions.errors import NotFound


def is_gladly(connection: Connection) -> bool:
    return connection.integration == Connection.Integration.GLADLY


def find_account(connection: Connection) -> GladlyAccount:
    """Raises NotFound for a connection to something else."""
    if not is_gladly(connection):
        raise NotFound("not_found", "This is no connection to Gladly.")
    account: GladlyAccount = connection.gladly
    return account
