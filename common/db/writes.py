"""Writes kept back until somebody has to know their outcome, and then sent as one statement.

What a statement costs besides its rows, at both ends of the connection, is more than most rows cost.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connections, models

from common.db import statements

# psycopg remembers what it has worked out of a statement with up to so many parameters.
MOST_VALUES = 50


class _Write(NamedTuple):
    table: str
    sql: str
    values: Sequence[Any]
    inserts: bool


class _Kept:
    def __init__(self) -> None:
        self.writes: list[_Write] = []

    def add(self, write: _Write) -> None:
        if not self._goes_with(write):
            self.send()
        self.writes.append(write)

    def _goes_with(self, write: _Write) -> bool:
        """Whether it can be a part of one statement with the others: parts do not see each other's rows, and are
        gone through in no order one could rely on."""
        for each in self.writes:
            if each.table == write.table and not (each.inserts and write.inserts):
                return False
        return sum(len(each.values) for each in self.writes) + len(write.values) <= MOST_VALUES

    def send(self) -> None:
        writes, self.writes = self.writes, []
        if len(writes) == 1:
            statements.execute(writes[0].sql, writes[0].values)
        elif writes:
            values = [value for write in writes for value in write.values]
            statements.execute(_joined(tuple(write.sql for write in writes)), values)


_kept: ContextVar[_Kept | None] = ContextVar("kept_writes", default=None)


@contextmanager
def gathered() -> Iterator[None]:
    """`write` inside waits for the next statement of another kind, or for the end.

    Call it inside a transaction. An error of the database comes when they are sent; when the body raises, they never
    are.
    """
    kept = _Kept()

    def send_first(execute: Callable[..., Any], *statement: Any) -> Any:
        kept.send()
        return execute(*statement)

    token = _kept.set(kept)
    try:
        with connections[DEFAULT_DB_ALIAS].execute_wrapper(send_first):
            yield
            kept.send()
    finally:
        _kept.reset(token)


def write(model: type[models.Model], sql: str, values: Sequence[Any], *, inserts: bool) -> None:
    """Run a statement that inserts or changes rows of `model`: at once, or inside `gathered` with others, later."""
    statement = _Write(model._meta.db_table, sql, values, inserts)
    if kept := _kept.get():
        kept.add(statement)
    else:
        statements.execute(sql, values)


@lru_cache(maxsize=256)
def _joined(statements: tuple[str, ...]) -> str:
    parts = ", ".join(f"write_{place} AS ({sql})" for place, sql in enumerate(statements))
    return f"WITH {parts} SELECT 1"
