"""Statements whose SQL is built once.

Building a wide one costs Django several times what PostgreSQL needs to answer it. What every act runs is
therefore prepared: the queryset is compiled at first use, and later only its `Param` values change.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, cached_property
from operator import attrgetter
from typing import Any, Generic, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.expressions import Value
from django.db.models.query import get_related_populators  # type: ignore[attr-defined]  # missing in the stubs
from psycopg.sql import as_string

from common.db import statements
from common.db.ids import next_id
from common.db.rows import Maker, make_quickly
from common.db.writes import write

Row = TypeVar("Row", bound=models.Model)
# Their values go into the database as they are.
PLAIN = (
    *(models.ForeignKey, models.BigAutoField, models.IntegerField, models.CharField, models.UUIDField),
    *(models.BooleanField, models.DateField, models.DecimalField),
)


class Param(Value):
    """Stands in a filter for a value that each run brings by this name. No conversion: give what the column holds."""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        return "%s", [self]


class AnyOf(Param):
    """As `Param`, of a list of keys of which any will do: `filter(pk=AnyOf("keys"))`."""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        return "ANY(%s::bigint[])", [self]


class Query(Generic[Row]):
    """`Query(lambda: Thing.objects.filter(pk=Param("key"))).get(key=7)`.

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
        return compiled.instances(statements.fetch_rows(compiled.sql, [given[name] for name in compiled.given]))

    @cached_property
    def _compiled(self) -> "_Compiled[Row]":
        return _Compiled(self.queryset())


def insert(row: models.Model) -> None:
    """Write a new row, as `save()` would, without its signals; the rows it points at must be written before.

    It need not be awaited if it has its key already, or takes one from `reserve_ids`.
    """
    model = type(row)
    row.pk = row.pk or next_id(model)
    sql, columns = _insertion(model, row.pk is not None)
    values = columns.of(row, True)
    if row.pk is None:
        ((row.pk,),) = statements.fetch_rows(sql, values)
    else:
        write(model, sql, values, inserts=True)
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def update(row: models.Model, *names: str) -> None:
    """Write these fields of a row, as `save(update_fields=…)` would, without its signals."""
    sql, columns = _change(type(row), names)
    write(type(row), sql, [*columns.of(row, False), row.pk], inserts=False)


def insert_many(rows: Sequence[models.Model], *, keyed: bool = True) -> None:
    """`insert` for any number of rows of one model, in one statement.

    Where nobody asks for the keys of the rows, not `keyed`, it need not be awaited either.
    """
    if len(rows) == 1:
        insert(rows[0])  # arrays of one cost twice as much
    if len(rows) <= 1:
        return
    model = type(rows[0])
    for row in rows:
        row.pk = row.pk or next_id(model)
    numbered = rows[-1].pk is not None
    sql, columns = _insertion_of_many(model, numbered, keyed)
    written = statements.execute(sql, [_column(field, rows, True) for field in columns.fields])
    if keyed and not numbered:
        for row, (key,) in zip(rows, written.fetchall(), strict=True):
            row.pk = key
    for row in rows:
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def update_many(rows: Sequence[models.Model], *names: str) -> None:
    """`update` for any number of rows of one model, in one statement."""
    if len(rows) == 1:
        update(rows[0], *names)
    if len(rows) <= 1:
        return
    sql, columns = _change_of_many(type(rows[0]), names)
    statements.execute(sql, [[row.pk for row in rows], *(_column(field, rows, False) for field in columns.fields)])


@contextmanager
def pipeline() -> Iterator[None]:
    """PostgreSQL works at the statements inside while the next are put together; only answers that are read are
    waited for. An error comes with the next of these, or at the end.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    with connection.wrap_database_errors, connection.connection.pipeline(), connection.cursor() as cursor:
        # Else all foreign keys would be looked up at the end, with nothing to do meanwhile.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        yield
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def _column(field: Any, rows: Sequence[models.Model], add: bool) -> list[Any]:
    if isinstance(field, PLAIN):
        return list(map(attrgetter(field.attname), rows))
    connection = connections[DEFAULT_DB_ALIAS]
    return [field.get_db_prep_save(field.pre_save(row, add), connection) for row in rows]


class _Columns:
    """The columns a statement writes, and what a row brings for them."""

    def __init__(self, fields: Sequence[Any]) -> None:
        self.fields = fields
        self.names = [field.attname for field in fields]
        self.converted = [(place, field) for place, field in enumerate(fields) if not isinstance(field, PLAIN)]
        self.connection = connections[DEFAULT_DB_ALIAS]  # any thread's will do: it is asked for conversions alone

    def of(self, row: models.Model, add: bool) -> list[Any]:
        held = row.__dict__
        values = [held[name] for name in self.names]
        for place, field in self.converted:
            values[place] = field.get_db_prep_save(field.pre_save(row, add), self.connection)
        return values


@cache
def _insertion(model: type[models.Model], numbered: bool) -> tuple[str, _Columns]:
    fields = _inserted(model, numbered)
    written = _insert(model, fields, f"VALUES ({', '.join(['%s'] * len(fields))})")
    return written if numbered else _with_key(model, written), _Columns(fields)


@cache
def _change(model: type[models.Model], names: tuple[str, ...]) -> tuple[str, _Columns]:
    known = {field.name: field for field in model._meta.concrete_fields}
    fields = [known[name] for name in names]
    columns = ", ".join(f'"{field.column}" = %s' for field in fields)
    written = f'UPDATE "{model._meta.db_table}" SET {columns} WHERE "{model._meta.pk.column}" = %s'
    return written, _Columns(fields)


@cache
def _insertion_of_many(model: type[models.Model], numbered: bool, keyed: bool) -> tuple[str, _Columns]:
    fields = _inserted(model, numbered)
    written = _insert(model, fields, f"SELECT * FROM unnest({_arrays(fields)})")
    return written if numbered or not keyed else _with_key(model, written), _Columns(fields)


@cache
def _change_of_many(model: type[models.Model], names: tuple[str, ...]) -> tuple[str, _Columns]:
    _, columns = _change(model, names)
    key = model._meta.pk
    known = ", ".join(f'"{field.column}"' for field in (key, *columns.fields))
    values = ", ".join(f'"{field.column}" = new."{field.column}"' for field in columns.fields)
    return (
        f'UPDATE "{model._meta.db_table}" AS old SET {values} FROM unnest({_arrays([key, *columns.fields])}) '
        f'AS new ({known}) WHERE old."{key.column}" = new."{key.column}"'
    ), columns


def _inserted(model: type[models.Model], numbered: bool) -> list[Any]:
    return [field for field in model._meta.concrete_fields if numbered or not field.primary_key]


def _with_key(model: type[models.Model], written: str) -> str:
    return f'{written} RETURNING "{model._meta.pk.column}"'


def _insert(model: type[models.Model], fields: Sequence[Any], source: str) -> str:
    columns = ", ".join(f'"{field.column}"' for field in fields)
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) {source}'


def _arrays(fields: Sequence[Any]) -> str:
    """One array for each column, without the column's limits: a value too long is refused, not cut.

    Binary, for as text each quote in a payload would be escaped.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    types = [field.rel_db_type(connection) if field.primary_key else field.db_type(connection) for field in fields]
    return ", ".join(f"%b::{name.partition('(')[0]}[]" for name in types)


class _Compiled(Generic[Row]):
    """What Django's own iteration over a queryset works out each time anew."""

    def __init__(self, queryset: models.QuerySet[Row]) -> None:
        compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        template, values = compiler.as_sql()
        # Fixed values are written into the SQL: a partial index is of no use where its condition is a parameter.
        self.sql = template % tuple("%s" if isinstance(value, Param) else as_string(value) for value in values)
        self.given = [value.value for value in values if isinstance(value, Param)]
        self.compiler = compiler
        info = compiler.klass_info
        self.maker = Maker(info["model"])
        columns = info["select_fields"]
        self.first, self.last = columns[0], columns[-1] + 1
        self.names = [column[0].target.attname for column in compiler.select[self.first : self.last]]
        self.related = get_related_populators(info, compiler.select, DEFAULT_DB_ALIAS)
        make_quickly(self.related)
        self.annotations = list((compiler.annotation_col_map or {}).items())
        self.converters = compiler.get_converters([column[0] for column in compiler.select])

    def instances(self, rows: list[tuple[Any, ...]]) -> list[Row]:
        converted = self.compiler.apply_converters(rows, self.converters) if self.converters else rows
        return [self._instance(row) for row in converted]

    def _instance(self, row: Any) -> Any:
        instance = self.maker.from_db(DEFAULT_DB_ALIAS, self.names, row[self.first : self.last])
        for populator in self.related:
            populator.populate(row, instance)
        for name, column in self.annotations:
            setattr(instance, name, row[column])
        return instance
