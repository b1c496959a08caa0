"""Keys of new rows before they are written, so that no write has to wait for an answer that only brings its key."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from types import MappingProxyType

from django.db import models

from subscriptions.models import statements

Wanted = Mapping[type[models.Model], int]
Keys = Mapping[type[models.Model], list[int]]

_reserved: ContextVar[Keys] = ContextVar("reserved_keys", default=MappingProxyType({}))


@contextmanager
def ahead(wanted: Wanted) -> Iterator[None]:
    """`insert` takes up to so many keys of these models from here, and need not be awaited.

    Call it inside a transaction that holds a customer, so that its rows are numbered in the order of its acts. Keys
    left over are lost.
    """
    (answered,) = statements.rows(_statement(tuple(wanted.items())), ())
    numbers = iter(answered)
    token = _reserved.set({model: [next(numbers) for _ in range(number)] for model, number in wanted.items()})
    try:
        yield
    finally:
        _reserved.reset(token)


def reserved(model: type[models.Model]) -> int | None:
    """The next key of `model` inside `ahead`; None outside, and when its keys are used up."""
    keys = _reserved.get().get(model)
    return keys.pop(0) if keys else None


@cache
def _statement(wanted: tuple[tuple[type[models.Model], int], ...]) -> str:
    # By the name PostgreSQL gives to the sequence of a column: to look it up each time takes longer than the rest.
    names = [f"{model._meta.db_table}_{model._meta.pk.column}_seq" for model, number in wanted for _ in range(number)]
    return "SELECT " + ", ".join(f"nextval('{name}')" for name in names)
