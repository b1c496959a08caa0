import logging
import logging.config
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, DataError, OperationalError, connections, transaction

from config import postgres

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


def test_a_statement_without_an_answer_ends_its_connection(kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(kept), "statement_seconds", 0.3)
    kept.close()
    kept.connect()
    with kept.cursor() as cursor, pytest.raises(OperationalError, match="did not answer in time"):
        cursor.execute("SELECT pg_sleep(2)")
    # Else the answer might come yet, and be taken for that of the next statement.
    assert kept.connection.closed


def test_a_machine_that_is_gone_is_noticed_within_half_a_minute(kept) -> None:
    said = kept.connection.info.get_parameters()
    assert int(said["keepalives_idle"]) + 4 * int(said["keepalives_interval"]) == 30
    assert said["tcp_user_timeout"] == "30000"


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


MARKER = "zq-row-4711"


def duplicate_row(cursor: Any) -> None:
    cursor.execute("CREATE TEMP TABLE seen (name text UNIQUE) ON COMMIT DROP")
    cursor.execute("INSERT INTO seen VALUES (%s), (%s)", [MARKER, MARKER])


def break_check(cursor: Any) -> None:
    cursor.execute("CREATE TEMP TABLE seen (name text CHECK (name = '')) ON COMMIT DROP")
    cursor.execute("INSERT INTO seen VALUES (%s)", [MARKER])


@pytest.mark.parametrize("form", ["line", "json"])
@pytest.mark.parametrize("fail", [duplicate_row, break_check])
def test_no_log_quotes_the_row_that_an_error_is_about(fail: Any, form: str) -> None:
    formatter = logging.config.DictConfigurator(settings.LOGGING).configure_formatter(
        dict(settings.LOGGING["formatters"][form])
    )
    with pytest.raises(DatabaseError) as caught, transaction.atomic(), connections["default"].cursor() as cursor:
        fail(cursor)
    record = logging.LogRecord("x", logging.ERROR, "", 1, "it failed: %s", (caught.value,), caught._excinfo)
    record.request_id = "-"
    assert "seen" in formatter.format(record) and MARKER not in formatter.format(record)
    diag = caught.value.__cause__.diag
    assert MARKER in diag.message_detail


def test_the_log_of_our_own_server_quotes_no_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run: list[str] = []
    monkeypatch.setattr(postgres, "_run_program", lambda *words: run.extend(words) or SimpleNamespace(returncode=0))
    monkeypatch.setattr(postgres, "_server_user", lambda: None)
    (tmp_path / "PG_VERSION").touch()
    assert postgres._start_server(tmp_path)
    assert "log_error_verbosity=terse" in run[run.index("-o") + 1]
