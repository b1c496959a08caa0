"""The definition of a kind of file: its columns, and how its rows are saved."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import models

from subscriptions.importing import cells
from subscriptions.importing.report import Report
from subscriptions.models import Merchant

KEEP = object()


@dataclass(frozen=True, slots=True)
class Column:
    """`empty` is the value of an empty cell; with `KEEP` the row keeps what it has."""

    name: str
    read: cells.ReadCell
    required: bool = False
    empty: Any = None


@dataclass(slots=True)
class Row:
    """One record: the line on which it begins, and the values by column of the cells that set or clear a field."""

    line: int
    values: dict[str, Any]


class Progress(Protocol):
    """Yields the items, and shows how many are done."""

    def __call__(self, items: Sequence[Any], title: str) -> Iterable[Any]: ...


@dataclass(frozen=True)
class Table:
    """`save` checks the rows against what is stored, and writes them unless there is a problem."""

    noun: str
    key: str
    columns: Callable[[Merchant], Sequence[Column]]
    save: Callable[[Merchant, Sequence[Row], Report, Progress], None]


def model_column(
    model: type[models.Model],
    field: str,
    read: cells.ReadCell | None = None,
    *,
    name: str = "",
    required: bool = False,
) -> Column:
    """A column for `model.field`. The field limits the length, and its default is the value of an empty cell."""
    definition = model._meta.get_field(field)
    assert isinstance(definition, models.Field)
    reader = read or cells.text_reader(definition.max_length)
    return Column(name or field, reader, required, None if required else definition.get_default())
