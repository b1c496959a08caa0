"""Queries whose SQL is built once.

Building a wide query costs Django several times what PostgreSQL needs to answer it. What every act runs is
therefore prepared: the queryset is compiled at first use, and later only its `Given` values change.
"""

from collections.abc import Callable
from functools import cached_property
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
        self.converters = compiler.get_converters([column[0] for column in compiler.select])

    def instances(self, rows: list[tuple[Any, ...]]) -> list[Row]:
        converted = self.compiler.apply_converters(rows, self.converters) if self.converters else rows
        return [self._instance(row) for row in converted]

    def _instance(self, row: Any) -> Row:
        instance = self.model.from_db(DEFAULT_DB_ALIAS, self.names, row[self.first : self.last])
        for populator in self.related:
            populator.populate(row, instance)
        return instance
