"""Keys of new rows before they are written, so that no write has to wait for an answer that only brings its key."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models

Wanted = Mapping[type[models.Model], int]


class _Reserved:
    """Keys that were asked for already; their answer is read when the first is needed."""

    def __init__(self, cursor: Any, wanted: Wanted) -> None:
        self.cursor, self.wanted = cursor, wanted
        self.keys: dict[type[models.Model], list[int]] = {}
        cursor.execute(_statement(tuple(wanted.items())))

    def take(self, model: type[models.Model]) -> int | None:
        if not self.keys:
            answered = iter(self.cursor.fetchone())
            self.keys = {each: [next(answered) for _ in range(number)] for each, number in self.wanted.items()}
        left = self.keys.get(model)
        return left.pop(0) if left else None


_reserved: ContextVar[_Reserved | None] = ContextVar("reserved_keys", default=None)


@contextmanager
def ahead(wanted: Wanted) -> Iterator[None]:
    """`insert` takes up to so many keys of these models from here, and nothing written inside is waited for.

    Call it inside a transaction that holds a customer, so that its rows are numbered in the order of its acts. An
    error of the database comes with the next answer that is read, or at the end. Keys left over are lost.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    with connection.wrap_database_errors, connection.connection.pipeline(), connection.cursor() as cursor:
        token = _reserved.set(_Reserved(cursor, wanted))
        try:
            yield
        finally:
            _reserved.reset(token)


def reserved(model: type[models.Model]) -> int | None:
    """The next key of `model` inside `ahead`; None outside, and when its keys are used up."""
    held = _reserved.get()
    return held.take(model) if held else None


@cache
def _statement(wanted: tuple[tuple[type[models.Model], int], ...]) -> str:
    # By the name PostgreSQL gives to the sequence of a column: to look it up each time takes longer than the rest.
    names = [f"{model._meta.db_table}_{model._meta.pk.column}_seq" for model, number in wanted for _ in range(number)]
    return "SELECT " + ", ".join(f"nextval('{name}')" for name in names)
