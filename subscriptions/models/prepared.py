"""Statements whose SQL is built once.

Building a wide one costs Django several times what PostgreSQL needs to answer it. What every act runs is
therefore prepared: the queryset is compiled at first use, and later only its `Given` values change.
"""

from collections.abc import Callable
from functools import cache, cached_property
from typing import Any, Generic, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.expressions import Value
from django.db.models.query import get_related_populators  # type: ignore[attr-defined]  # missing in the stubs
from psycopg.sql import as_string

Row = TypeVar("Row", bound=models.Model)


class Given(Value):
    """Stands in a filter for a value that each run brings by this name. No conversion: give what the column holds."""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        return "%s", [self]


class Prepared(Generic[Row]):
    """`Prepared(lambda: Thing.objects.filter(pk=Given("key"))).get(key=7)`.

    Select-related rows come along. The queryset must be the same at each call of the lambda.
    """

    def __init__(self, queryset: Callable[[], models.QuerySet[Row]]) -> None:
        self.queryset = queryset

    def get(self, **given: Any) -> Row:
        """The one row; raises ObjectDoesNotExist."""
        rows = self.all(**given)
        if not rows:
            raise ObjectDoesNotExist
        return rows[0]

    def all(self, **given: Any) -> list[Row]:
        compiled = self._compiled
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(compiled.sql, [given[name] for name in compiled.given])
            return compiled.instances(cursor.fetchall())

    @cached_property
    def _compiled(self) -> "_Compiled[Row]":
        return _Compiled(self.queryset())


def insert(row: models.Model) -> None:
    """Write a new row, as `save()` would, without its signals; the rows it points at must be written before."""
    model = type(row)
    sql, fields = _insertion(model)
    connection = connections[DEFAULT_DB_ALIAS]
    with connection.cursor() as cursor:
        cursor.execute(sql, [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields])
        (row.pk,) = cursor.fetchone()
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def update(row: models.Model, *names: str) -> None:
    """Write these fields of a row, as `save(update_fields=…)` would, without its signals."""
    sql, fields = _change(type(row), names)
    connection = connections[DEFAULT_DB_ALIAS]
    values = [field.get_db_prep_save(field.pre_save(row, False), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(sql, [*values, row.pk])


@cache
def _insertion(model: type[models.Model]) -> tuple[str, list[Any]]:
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    places = ", ".join(["%s"] * len(fields))
    key = f'"{model._meta.pk.column}"'
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({places}) RETURNING {key}', fields


@cache
def _change(model: type[models.Model], names: tuple[str, ...]) -> tuple[str, list[Any]]:
    known = {field.name: field for field in model._meta.concrete_fields}
    fields = [known[name] for name in names]
    columns = ", ".join(f'"{field.column}" = %s' for field in fields)
    return f'UPDATE "{model._meta.db_table}" SET {columns} WHERE "{model._meta.pk.column}" = %s', fields


class _Compiled(Generic[Row]):
    """What Django's own iteration over a queryset works out each time anew."""

    def __init__(self, queryset: models.QuerySet[Row]) -> None:
        compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        template, values = compiler.as_sql()
        # Fixed values are written into the SQL: a partial index is of no use where its condition is a parameter.
        self.sql = template % tuple("%s" if isinstance(value, Given) else as_string(value) for value in values)
        self.given = [value.value for value in values if isinstance(value, Given)]
        self.compiler = compiler
        info = compiler.klass_info
        self.model: type[Row] = info["model"]
        columns = info["select_fields"]
        self.first, self.last = columns[0], columns[-1] + 1
        self.names = [column[0].target.attname for column in compiler.select[self.first : self.last]]
        self.related = get_related_populators(info, compiler.select, DEFAULT_DB_ALIAS)
        self.annotations = list((compiler.annotation_col_map or {}).items())
        self.converters = compiler.get_converters([column[0] for column in compiler.select])

    def instances(self, rows: list[tuple[Any, ...]]) -> list[Row]:
        converted = self.compiler.apply_converters(rows, self.converters) if self.converters else rows
        return [self._instance(row) for row in converted]

    def _instance(self, row: Any) -> Row:
        instance = self.model.from_db(DEFAULT_DB_ALIAS, self.names, row[self.first : self.last])
        for populator in self.related:
            populator.populate(row, instance)
        for name, column in self.annotations:
            setattr(instance, name, row[column])
        return instance
