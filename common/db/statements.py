"""Runs statements in the session of this thread, one by one or in pipelines."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.transaction import TransactionManagementError

from common.db.session import Answer, Session


def fetch_rows(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run the statement and return its rows. Keep its text constant, and pass what varies as values."""
    return execute(sql, values).fetchall()


def execute(sql: str, values: Sequence[Any] = ()) -> Answer:
    """Run the statement; its `rowcount` is the number of rows it wrote, and `fetchall()` gives those it returns."""
    connection: Any = connections[DEFAULT_DB_ALIAS]
    session = _session(connection)
    connection.validate_no_broken_transaction()
    if connection.queries_logged:
        connection.queries_log.append({"sql": connection.ops.compose_sql(sql, values), "time": ""})
    run: Callable[..., Any] = session.run
    if len(connection.execute_wrappers) == session.pipelines:  # theirs let it pass
        return run(sql, values)  # type: ignore[no-any-return]
    for wrapper in reversed(connection.execute_wrappers):
        run = partial(wrapper, run)
    return run(sql, values, False, {"connection": connection, "cursor": session.cursor})  # type: ignore[no-any-return]


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


def _session(connection: Any) -> Session:
    if not connection.in_atomic_block:
        connection.close_if_health_check_failed()
        connection.ensure_connection()
    session: Session | None = connection.__dict__.get("session")
    if session is None or session.raw is not connection.connection:
        session = connection.__dict__["session"] = Session(connection)
    return session


@contextmanager
def pipeline() -> Iterator[None]:
    """Send the statements inside together: with the next one whose rows are read, or at the end.

    Call it only inside a transaction, because errors are raised late: by a later statement, at an inner `atomic`
    block, or at the end. They are Django's usual errors.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if not connection.in_atomic_block:
        raise TransactionManagementError("A pipeline needs a transaction.")
    session = _session(connection)

    def send_before(execute: Callable[..., Any], sql: Any, values: Any, many: bool, context: Any) -> Any:
        """Django's own statements find what was written before; so errors are raised in the block they belong to."""
        if context["cursor"] is not session.cursor:
            with suppress(*[Error] if str(sql).startswith("ROLLBACK TO SAVEPOINT ") else []):
                session.send_all()
        return execute(sql, values, many, context)

    session.pipelines += 1
    try:
        with connection.execute_wrapper(send_before):
            yield
    except BaseException:
        with suppress(Error):  # the body's error says more
            session.send_all()
        raise
    finally:
        session.pipelines -= 1
    session.send_all()
