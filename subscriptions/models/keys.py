"""Keys of new rows before they are written, so that no write has to wait for an answer that only brings its key."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

from django.db import models

from subscriptions.models import statements

Wanted = Mapping[type[models.Model], int]


class _Reserved:
    """Keys that are asked for together, when the first is needed."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.keys: dict[type[models.Model], list[int]] = {}

    def take(self, model: type[models.Model]) -> int | None:
        if not self.keys:
            (answered,) = statements.rows(_statement(tuple(self.wanted.items())), ())
            left = iter(answered)
            self.keys = {each: [next(left) for _ in range(number)] for each, number in self.wanted.items()}
        keys = self.keys.get(model)
        return keys.pop(0) if keys else None


_reserved: ContextVar[_Reserved | None] = ContextVar("reserved_keys", default=None)


@contextmanager
def ahead(wanted: Wanted) -> Iterator[None]:
    """`insert` takes up to so many keys of these models from here, and need not be awaited.

    Call it inside a transaction that holds a customer, so that its rows are numbered in the order of its acts. Keys
    left over are lost.
    """
    token = _reserved.set(_Reserved(wanted))
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
