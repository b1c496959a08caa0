"""Makes and writes rows. The SQL is built once for each model and set of fields."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, cached_property
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models
from psycopg.sql import as_string

from common.db.columns import Columns, NeedsOrm, require_supported
from common.db.query import Row, bare_row
from common.db.session import Answer
from common.db.statements import execute

Model = type[models.Model]

_reserved: ContextVar["ReservedKeys | None"] = ContextVar("reserved_ids", default=None)


def new_row(model: type[Row], **values: Any) -> Row:
    """`model(**values)` for values that fit their fields, without its constructor."""
    constants, defaults, columns = _new_row_plan(model)
    row = bare_row(model, constants)
    held = row.__dict__
    for name, default in defaults:
        if name not in values:
            held[name] = default()
    for name, value in values.items():
        attname, related_attname = columns[name]
        if related_attname and isinstance(value, models.Model):
            row._state.fields_cache[name], value = value, getattr(value, related_attname)
        held[attname] = value
    return row


def insert(row: models.Model) -> None:
    """Write a new row. A pipeline does not wait if the row has a key or takes one from `reserve_ids`."""
    insert_many([row])


def insert_many(rows: Sequence[models.Model], *, fetch_ids: bool = True, skip_existing: bool = False) -> None:
    """`insert` for any number of rows of one model, in one statement.

    Without `fetch_ids` the rows do not get keys that the database assigns, and a pipeline does not wait for them.
    With `skip_existing`, which needs `fetch_ids=False`, rows that a unique constraint refuses are left out.
    """
    if not rows:
        return
    model, keyless = type(rows[0]), take_reserved_ids(rows)
    returns_keys = bool(keyless) and fetch_ids
    try:
        if 0 < len(keyless) < len(rows):
            raise NeedsOrm("Only some of the rows have keys.")
        sql, columns = _insertion(model, not keyless, returns_keys, len(rows) > 1)
        sql += " ON CONFLICT DO NOTHING" if skip_existing else ""
        cursor = execute(sql, columns.values(rows, True))
    except NeedsOrm:
        for row in rows:
            model._base_manager.using(DEFAULT_DB_ALIAS).bulk_create([row], ignore_conflicts=skip_existing)
        return
    if returns_keys:
        for row, (key,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = key
    for row in rows:
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def update(row: models.Model, *names: str) -> None:
    """Write these fields of a row. If the row is gone, nothing happens."""
    update_many([row], *names)


def update_many(rows: Sequence[models.Model], *names: str) -> None:
    """`update` for any number of different rows of one model, in one statement."""
    if not rows:
        return
    try:
        sql, columns = _change(type(rows[0]), names, len(rows) > 1)
        execute(sql, columns.values(rows, False))
    except NeedsOrm:
        if len(rows) == 1:
            raise
        for row in rows:
            update(row, *names)


class ReservedKeys:
    """The keys of new rows by model, in the answer of a statement that a pipeline may not have sent yet."""

    def __init__(self, numbers: Mapping[Model, int], answer: Answer) -> None:
        self.numbers, self.answer = numbers, answer

    @cached_property
    def found(self) -> Mapping[Model, list[int]]:
        found: dict[Model, list[int]] = {model: [] for model in self.numbers}
        columns = [found[model] for model, number in self.numbers.items() for _ in range(number)]
        for row in self.answer.fetchall():
            for keys, key in zip(columns, row, strict=True):
                keys.append(key)
        return found


@contextmanager
def reserve_ids(numbers: Mapping[Model, int], times: int = 1) -> Iterator[None]:
    """Fetch keys for new rows, `times` times the number of each model; inserts inside the block take them.

    Call it in a transaction that holds the lock which all writers of these rows take first, such as their customer's:
    the keys then rise in the order of the transactions. Keys left over are lost. Inside a pipeline it does not wait
    before the first insert.
    """
    database = connections[DEFAULT_DB_ALIAS].settings_dict["NAME"]
    answer = execute(_reservation(tuple(numbers.items()), database), [times])
    token = _reserved.set(ReservedKeys(numbers, answer))
    try:
        yield
    finally:
        _reserved.reset(token)


def take_reserved_ids(rows: Sequence[models.Model]) -> Sequence[models.Model]:
    """Give keys to the rows that have none, and return those that still have none.

    All of them get keys, or none: keys from the database are above the reserved ones, which must not be used later.
    """
    keyless = [row for row in rows if row.pk is None]
    held = _reserved.get()
    reserved = held.found.get(type(rows[0]), []) if held and keyless else []
    taken, reserved[: len(keyless)] = reserved[: len(keyless)], []
    if len(taken) < len(keyless):
        return keyless
    for row, key in zip(keyless, taken, strict=True):
        row.pk = key
    return []


@cache
def _insertion(model: Model, with_keys: bool, returns_keys: bool, many: bool) -> tuple[str, Columns]:
    key, fields = model._meta.pk, model._meta.concrete_fields
    columns = Columns(model, [each for each in fields if not each.generated and (with_keys or each != key)])
    source = f"SELECT * FROM {columns.unnested()}" if many else f"VALUES ({', '.join(['%s'] * len(columns.names))})"
    returning = f' RETURNING "{key.column}"' if returns_keys else ""
    return f"INSERT INTO {columns.table} ({', '.join(columns.names)}) {source}{returning}", columns


@cache
def _change(model: Model, names: Sequence[str], many: bool) -> tuple[str, Columns]:
    known = {name: field for field in model._meta.concrete_fields for name in (field.name, field.attname)}
    columns = Columns(model, [*(known[name] for name in names), model._meta.pk])
    *changed, key = columns.names
    if not many:
        return f"UPDATE {columns.table} SET {', '.join(f'{name} = %s' for name in changed)} WHERE {key} = %s", columns
    values = ", ".join(f"{name} = new.{name}" for name in changed)
    new = f"{columns.unnested()} AS new ({', '.join(columns.names)})"
    return f"UPDATE {columns.table} AS old SET {values} FROM {new} WHERE old.{key} = new.{key}", columns


@cache
def _reservation(numbers: tuple[tuple[Model, int], ...], database: str) -> str:
    connection, values = connections[DEFAULT_DB_ALIAS], []
    for model, number in numbers:
        column = [connection.ops.quote_name(model._meta.db_table), model._meta.pk.column]
        # Bypasses Django, so that counts of statements do not depend on which caller is first.
        ((name,),) = connection.connection.execute("SELECT pg_get_serial_sequence(%s, %s)", column)
        if name is None:
            raise TypeError(f"No sequence numbers the rows of {model.__name__}.")
        values += [f"nextval({as_string(name).replace('%', '%%')})"] * number
    return f"SELECT {', '.join(values)} FROM generate_series(1, %s)"


@cache
def _new_row_plan(model: Model) -> Any:
    """Constant defaults, defaults made for each row, and the columns by either name of their field."""
    require_supported(model)
    fields: list[Any] = [field for field in model._meta.concrete_fields if not field.generated]
    made = [field for field in fields if field.has_default() and callable(field.default)]
    constants = {field.attname: None if field in made else field.get_default() for field in fields}
    names = [(name, field) for field in fields for name in (field.name, field.attname)]
    columns = {name: (field.attname, field.is_relation and field.target_field.attname) for name, field in names}
    return constants, [(field.attname, field.default) for field in made], columns
