"""Keys of new rows before they are written, so that no write has to wait for an answer that only brings its key."""

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from types import MappingProxyType

from django.db import models

from common.db import statements

Wanted = Mapping[type[models.Model], int]
Keys = Mapping[type[models.Model], deque[int]]

_reserved: ContextVar[Keys] = ContextVar("reserved_keys", default=MappingProxyType({}))


@contextmanager
def reserve_ids(wanted: Wanted, acts: int = 1) -> Iterator[None]:
    """Inserts take up to so many keys of these models from here for each of the acts, and need not be awaited.

    Call it inside a transaction that holds a customer, so that its rows are numbered in the order of its acts. Keys
    left over are lost.
    """
    found: dict[type[models.Model], deque[int]] = {model: deque() for model in wanted}
    of_each_act = [found[model] for model, number in wanted.items() for _ in range(number)]
    for numbers in statements.fetch_rows(_statement(tuple(wanted.items())), [acts]):
        for keys, number in zip(of_each_act, numbers, strict=True):
            keys.append(number)
    token = _reserved.set(found)
    try:
        yield
    finally:
        _reserved.reset(token)


def next_id(model: type[models.Model]) -> int | None:
    """The next key of `model` inside `ahead`; None outside, and when its keys are used up."""
    keys = _reserved.get().get(model)
    return keys.popleft() if keys else None


@cache
def _statement(wanted: tuple[tuple[type[models.Model], int], ...]) -> str:
    # By the name PostgreSQL gives to the sequence of a column: to look it up each time takes longer than the rest.
    names = [f"{model._meta.db_table}_{model._meta.pk.column}_seq" for model, number in wanted for _ in range(number)]
    numbers = ", ".join(f"nextval('{name}')" for name in names)
    return f"SELECT {numbers} FROM generate_series(1, %s)"
