"""The columns a statement writes, and the values `save()` would write into them."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.utils import timezone

# A field of exactly this class writes a value of exactly this type as it is. Everything else is converted.
PLAIN: dict[Any, type] = {
    **dict.fromkeys((models.BigAutoField, models.BigIntegerField, models.IntegerField, models.SmallIntegerField), int),
    **dict.fromkeys((models.PositiveIntegerField, models.PositiveSmallIntegerField), int),
    **{models.CharField: str, models.TextField: str, models.BooleanField: bool, models.UUIDField: UUID},
    **{models.DecimalField: Decimal, models.DateField: date, models.DateTimeField: datetime},
}
# But Django refuses numbers that are not finite, and adds a zone to a naive time.
CONDITIONS: dict[type, Any] = {Decimal: Decimal.is_finite, datetime: timezone.is_aware}


class NeedsOrm(TypeError):
    """These values do not fit a statement whose SQL is built once."""


class Columns:
    def __init__(self, model: type[models.Model], fields: Sequence[Any]) -> None:
        require_supported(model)
        self.fields = [(field, field.name, field.attname, plain_type(field)) for field in fields]
        # Any thread's connection will do for types, and finding the thread's own costs more than converting a value.
        self.connection, quote = connections[DEFAULT_DB_ALIAS], connections[DEFAULT_DB_ALIAS].ops.quote_name
        self.table, self.names = quote(model._meta.db_table), [quote(field.column) for field in fields]

    def values(self, rows: Sequence[models.Model], add: bool) -> list[Any]:
        """The values of a single row, or else one list for each column, and None for a column that is all NULL."""
        if len(rows) == 1:
            return self._values(rows[0], self.fields, add)
        columns = [self._column(rows, field, add) for field in self.fields]
        # `unnest` fills every other column up with NULL, if one says how many rows there are.
        return columns if any(columns) else [[None] * len(rows), *columns[1:]]

    def _column(self, rows: Sequence[models.Model], entry: tuple[Any, ...], add: bool) -> list[Any] | None:
        field, name, attname, kind = entry
        column = [row.__dict__.get(attname, ...) for row in rows]
        types, is_json = {*map(type, column)}, type(field) is models.JSONField
        # Most columns need no conversion, and that is found out faster for all rows at once.
        if types == {kind} and (kind not in CONDITIONS or all(map(CONDITIONS[kind], column))):
            return column
        if types == {type(None)} and (kind or is_json) and not any(name in row._state.fields_cache for row in rows):
            return None
        if types == {dict} and is_json:
            return [self.connection.ops.adapt_json_value(value, field.encoder) for value in column]
        return [value for row in rows for value in self._values(row, [entry], add)]

    def _values(self, row: models.Model, fields: Sequence[tuple[Any, ...]], add: bool) -> list[Any]:
        held, related, values = row.__dict__, row._state.fields_cache, []
        for field, name, attname, kind in fields:
            value = held.get(attname, ...)
            if type(value) is kind:
                plain = kind not in CONDITIONS or CONDITIONS[kind](value)
            else:
                # A related row may have had no key when it was assigned.
                plain = value is None and kind is not None and related.get(name) is None
            values.append(value if plain else self._converted(field, kind, row, add))
        return values

    def _converted(self, field: Any, kind: type | None, row: Any, add: bool) -> Any:
        if field.is_relation:
            row._prepare_related_fields_for_save("save", [field])
        value = field.pre_save(row, add)
        if kind and isinstance(value, kind) and isinstance(value, Enum):
            return value.value
        value = field.get_db_prep_save(value, self.connection)
        if hasattr(value, "as_sql"):
            raise NeedsOrm(f"{field} was given an expression.")
        return value if value is None or kind in (None, type(value)) else kind(value)

    def unnested(self) -> str:
        """SQL that turns arrays into rows. Its types have no length, so that a long value is refused, not cut."""
        targets = [field.target_field if field.is_relation else field for field, *_ in self.fields]
        if any(field.get_internal_type() not in self.connection.data_types for field in targets):
            # Django's own rule for its bulk inserts: a column of arrays, for example, would be unnested too.
            raise NeedsOrm("Not every column fits an array.")
        types = [field.db_type(self.connection).partition("(")[0] for field, *_ in self.fields]
        # Binary, because in text each quote of a payload would be escaped.
        return f"unnest({', '.join(f'%b::{name}[]' for name in types)})"


def plain_type(field: Any) -> type | None:
    """The type whose values `field` writes as they are; None if it converts or generates values."""
    if field.is_relation:
        return plain_type(field.target_field)
    for each in type(field).__mro__:
        # A subclass may add nothing but a constructor: anything else may be a conversion.
        if each in PLAIN or any(not name.startswith("__") for name in vars(each)):
            made = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
            return None if made else PLAIN.get(each)
    return None


def require_supported(model: type[models.Model]) -> None:
    for reason in refusals(model):
        raise TypeError(f"common.db does not support {model.__name__}: {reason}.")


def refusals(model: type[models.Model]) -> Iterator[str]:
    """The reasons why `common.db` would not read or write the model's rows as Django does."""
    options: Any = model._meta
    if options.concrete_model._meta.parents or len(options.pk_fields) > 1:
        yield "it needs one table, and a primary key of one column"
    if options.order_with_respect_to:
        yield "save() works out the place of a row in its order"
    own = {name for each in model.__mro__ if each not in models.Model.__mro__ for name in vars(each)}
    if "__init__" in own or "from_db" in own:
        yield "rows are made without its own __init__() or from_db()"
    for field in options.concrete_fields:
        # Django's own placeholders at most cast to the column's type.
        is_django = type(field).__module__.startswith(("django.db.", "django.contrib.postgres."))
        if not is_django and (hasattr(field, "get_placeholder") or hasattr(field, "get_placeholder_sql")):
            yield f"the SQL that writes {field.name} depends on the value"
