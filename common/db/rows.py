"""Rows made without what a model's constructor does for values of any kind, which took a tenth of each act."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from django.db import models
from django.db.models.base import ModelState

Row = TypeVar("Row", bound=models.Model)


def new_row(model: type[Row], **values: Any) -> Row:
    """`model(**values)` for values that fit their fields, in a fraction of the time."""
    fresh = _fresh(model)
    row = _bare(model, fresh.constants)
    held, related = row.__dict__, row._state.fields_cache
    for name, make in fresh.makers:
        if name not in values:
            held[name] = make()
    for name, value in values.items():
        if isinstance(value, models.Model):
            related[name], value = value, value.pk
        held[fresh.columns[name]] = value
    return row


def copy_row(row: Row) -> Row:
    """`copy.copy(row)`, which would pickle half of it."""
    copied = _bare(type(row), row.__dict__)
    copied._state.adding, copied._state.db = row._state.adding, row._state.db
    copied._state.fields_cache = dict(row._state.fields_cache)
    return copied


class Maker:
    """Stands for a model where Django asks one for a row it has read."""

    def __init__(self, model: type[models.Model]) -> None:
        self.model = model

    def from_db(self, db: str, names: Sequence[str], values: Sequence[Any]) -> models.Model:
        row = _bare(self.model, dict(zip(names, values, strict=True)))
        row._state.adding, row._state.db = False, db
        return row


def make_quickly(populators: Iterable[Any]) -> None:
    """Let those of Django make the related rows of a queryset so, too."""
    for populator in populators:
        populator.model_cls = Maker(populator.model_cls)
        make_quickly(populator.related_populators)


class _Fresh:
    """What a new row begins with: constant defaults, and those that are made for each."""

    def __init__(self, model: type[models.Model]) -> None:
        fields = model._meta.concrete_fields
        made = [field for field in fields if field.has_default() and callable(field.default)]
        self.constants = {field.attname: None if field in made else field.get_default() for field in fields}
        self.makers = [(field.name, field.default) for field in made]
        self.columns = {name: field.attname for field in fields for name in (field.name, field.attname)}


_fresh = cache(_Fresh)


def _bare(model: type[Row], values: Mapping[str, Any]) -> Row:
    """A row with these columns, made without Django's signals: nobody listens to those of a row that is read."""
    row = model.__new__(model)
    row.__dict__.update(values)
    row._state = ModelState()
    return row
