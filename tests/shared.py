"""Rows that several tests of a file start from, made once."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from pytest_django import DjangoDbBlocker


@contextmanager
def shared_rows(blocker: DjangoDbBlocker) -> Iterator[None]:
    """For a fixture of a whole file: keep what it writes until its last test, and undo each test to here.

    Only for tests that are rolled back, not for those that commit.
    """
    with blocker.unblock(), transaction.atomic(), connection.cursor() as cursor:
        # The limit is for one test, not for all of a file.
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield
        transaction.set_rollback(True)
