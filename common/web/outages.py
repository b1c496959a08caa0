"""The errors of a database that refuses: a lock time-out, a lost connection, too many connections, a standby."""

from django.db import InterfaceError, InternalError, OperationalError

OUTAGES = (OperationalError, InterfaceError, InternalError)
"""`InternalError` is what a standby raises, which takes no writes until it is promoted."""
RETRY_AFTER = 5
"""Seconds after which a client may try again."""
