import pytest
from django.db import connections

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
