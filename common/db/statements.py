"""Runs repeated statements on cursors that are kept, and sends them through pipelines."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.transaction import TransactionManagementError

# A cursor holds the rows it has read until its statement runs again.
MOST_ROWS = 100
# For one connection. A few dozen statements run all the time; some have a merchant's key in their text.
MOST_CURSORS = 300


def fetch_rows(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run the statement and return its rows. Keep its text constant, and pass what varies as values."""
    rows: list[tuple[Any, ...]] = execute(sql, values).fetchall()
    if len(rows) > MOST_ROWS:
        _kept_cursors(connections[DEFAULT_DB_ALIAS]).pop(sql, None)
    return rows


def execute(sql: str, values: Sequence[Any] = ()) -> Any:
    """Run the statement and return its cursor, which must be read before the same statement runs again."""
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.queries_logged:
        cursor = connection.cursor()
    else:
        kept = _kept_cursors(connection)
        cursor = kept.get(sql) or kept.setdefault(sql, connection.cursor())
    cursor.execute(sql, values)
    return cursor


def skip_flush() -> None:
    """Let this transaction's commit not wait for the disk: if PostgreSQL crashes within a second, it is undone.

    For what is only kept so that others need not find it out again.
    """
    execute("SET LOCAL synchronous_commit TO off")


def plain_array(values: Iterable[object]) -> str:
    """PostgreSQL's text for an array of numbers, plain words and moments; None is NULL.

    psycopg would inspect each value for its type, which takes longer than the statement. The text needs a cast, and no
    value may be empty or hold a quote, a comma, a brace or a backslash.
    """
    return f"{{{','.join('NULL' if value is None else str(value) for value in values)}}}"


def text_array(values: Iterable[str | None]) -> str:
    """`plain_array` for texts of any characters that PostgreSQL stores; None is NULL."""
    return f"{{{','.join('NULL' if value is None else _quote(value) for value in values)}}}"


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _kept_cursors(connection: Any) -> Any:
    # Making a cursor, and finding its values' converters again, costs as much as the rest of a small statement.
    if not connection.in_atomic_block:
        connection.close_if_health_check_failed()
        connection.ensure_connection()
    owner, cursors = connection.__dict__.get("kept_cursors", (None, {}))
    if owner is not connection.connection or len(cursors) > MOST_CURSORS:
        cursors = {}
        connection.__dict__["kept_cursors"] = connection.connection, cursors
    return cursors


@contextmanager
def pipeline() -> Iterator[None]:
    """Send the statements inside one after the other, and wait for PostgreSQL only where rows are read.

    Call it only inside a transaction, because errors are raised late: by a later statement, at an inner `atomic`
    block, or at the end. They are Django's usual errors.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if not connection.in_atomic_block:
        raise TransactionManagementError("A pipeline needs a transaction.")

    def wait_at_savepoints(execute: Callable[..., Any], sql: Any, *statement: Any) -> Any:
        # An error is raised inside the block that caused it, and none is left when that block is rolled back.
        if str(sql).startswith(("SAVEPOINT ", "RELEASE SAVEPOINT ")):
            with connection.wrap_database_errors:
                sent.sync()
        while str(sql).startswith("ROLLBACK TO SAVEPOINT ") and not connection.connection.closed:
            with suppress(psycopg.Error):  # raises one at a time
                sent.sync()
                break
        return execute(sql, *statement)

    with connection.wrap_database_errors:
        try:
            with connection.connection.pipeline() as sent, connection.execute_wrapper(wait_at_savepoints):
                yield
        except psycopg.errors.PipelineAborted as passed_over:
            # At the end psycopg may raise this for a statement after the one that failed.
            reason = passed_over.__context__
            raise (reason if isinstance(reason, psycopg.Error) else passed_over) from None
