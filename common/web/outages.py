"""The errors of a database that refuses: a lock time-out, a lost connection, too many connections."""

from django.db import InterfaceError, OperationalError

OUTAGES = (OperationalError, InterfaceError)
RETRY_AFTER = 5
"""Seconds after which a client may try again."""
