"""Finds stored rows by their keys, and writes new and changed ones, in chunks of one query each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from django.db import models

from subscriptions.importing.report import Outcome
from subscriptions.importing.table import Progress

T = TypeVar("T")
M = TypeVar("M", bound=models.Model)
CHUNK = 1000


def find_rows(rows: models.QuerySet[M], field: str, keys: Iterable[Any]) -> list[M]:
    """The rows whose `field` is one of `keys`."""
    return [row for chunk in split_in_chunks(sorted(set(keys))) for row in rows.filter(**{f"{field}__in": chunk})]


def change_row(row: models.Model, values: Mapping[str, Any]) -> Outcome:
    """Set `values` on `row` without saving it. Returns whether the row is new, changed or neither."""
    differing = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in differing.items():
        setattr(row, name, value)
    if row.pk is None:
        return Outcome.CREATED
    return Outcome.UPDATED if differing else Outcome.UNCHANGED


def write_rows(rows: Sequence[M], progress: Progress, title: str = "writing") -> None:
    """Insert the new rows, and write the others with all their columns. All rows are of one model."""
    new = [row for row in rows if row.pk is None]
    changed = [row for row in rows if row.pk is not None]
    for chunk in progress([*split_in_chunks(new), *split_in_chunks(changed)], title):
        model = type(chunk[0])
        if chunk[0].pk is None:
            model._default_manager.bulk_create(chunk)
        else:
            # bulk_update, which writes a CASE for each field and row, takes several times as long.
            fields = [field.name for field in model._meta.concrete_fields if not field.primary_key]
            model._default_manager.bulk_create(chunk, update_conflicts=True, unique_fields=["id"], update_fields=fields)


def split_in_chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """`items` in parts, each small enough for one query."""
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))
