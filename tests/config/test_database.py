from datetime import UTC, datetime

import pytest
from django.db import DataError, connections

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def kept():
    """A second connection beside the test's own."""
    copied = connections["default"].copy()
    copied.connect()
    yield copied
    copied.close()


def hang_up(kept) -> None:
    with kept.cursor() as cursor, connections["default"].cursor() as other:
        cursor.execute("SELECT pg_backend_pid()")
        other.execute("SELECT pg_terminate_backend(%s, 5000)", cursor.fetchone())


def test_a_kept_connection_is_checked_without_a_statement(kept, monkeypatch):
    monkeypatch.setattr(kept.connection, "cursor", None)
    assert kept.is_usable()


def test_a_connection_whose_server_has_hung_up_is_not_usable(kept):
    hang_up(kept)
    assert not kept.is_usable()


def test_a_connection_within_a_failed_transaction_is_not_usable(kept):
    kept.connection.autocommit = False
    with pytest.raises(Exception, match="division by zero"):
        kept.connection.execute("SELECT 1 / 0")
    assert not kept.is_usable()


def test_a_closed_connection_is_not_usable(kept):
    kept.connection.close()
    assert not kept.is_usable()


@pytest.mark.parametrize("digits", ["", ".5", ".000001", ".123456"])
@pytest.mark.parametrize("day", ["0001-01-01", "2026-11-30", "9999-12-31"])
def test_a_time_is_read_as_it_was_stored(kept, day, digits):
    with kept.cursor() as cursor:
        cursor.execute(f"SELECT '{day} 23:59:59{digits}+00'::timestamptz")
        [(read,)] = cursor.fetchall()
    assert (read, read.tzinfo) == (datetime.fromisoformat(f"{day}T23:59:59{digits or '.0'}+00:00"), UTC)


def test_an_endless_time_is_refused_as_too_large(kept):
    with kept.cursor() as cursor, pytest.raises(DataError, match="too large"):
        cursor.execute("SELECT 'infinity'::timestamptz")
        cursor.fetchall()
