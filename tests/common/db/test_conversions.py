"""Whatever a row is given, the fast statements write what `save()` writes, and refuse what `save()` refuses."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, models, transaction
from django.db.models import F, Value
from django.db.models.functions import Lower

from common.db import insert, insert_many, new_row, update, update_many
from tests.common.db import throwaway as t
from tests.common.db.saved_values import CASES, NOON, VALUES, WRITERS, save, saved_and_written

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:DateTimeField .* received a naive datetime"),
]


@pytest.mark.parametrize("model", [t.Thing, t.PlainThing])
@pytest.mark.parametrize("writer", WRITERS)
def test_new_rows(model: type[models.Model], writer: str) -> None:
    t.make_tables(t.Shelf, model)
    names = {field.name for field in model._meta.concrete_fields}
    rows = [{name: value} for name, value in CASES if name in names]
    saved, written = saved_and_written(model, WRITERS[writer], rows)
    for row, usual, fast in zip(rows, saved, written, strict=True):
        assert fast == usual, row


@pytest.mark.parametrize("model", [t.Thing, t.PlainThing])
@pytest.mark.parametrize("many", [False, True])
def test_changed_rows(model: type[models.Model], many: bool) -> None:
    t.make_tables(t.Shelf, model)
    for name, values in VALUES.items():
        if name not in {field.name for field in model._meta.concrete_fields}:
            continue
        rows = [model._base_manager.create() for _ in [*values, None]]
        for row, value in zip(rows, [*values, None], strict=True):
            setattr(row, name, value)
            row.save(update_fields=[name])
        saved = t.stored(model)
        model._base_manager.update(**{name: None})
        if many:
            update_many(rows, name)
        for row in rows if not many else ():
            update(row, name)
        assert t.stored(model) == saved, name
        model._base_manager.all().delete()


def test_all_of_a_columns_values_of_one_type_take_the_short_way(django_assert_num_queries: Any) -> None:
    t.make_tables(t.Shelf, t.PlainThing)
    rows = [
        t.PlainThing(text=text, number=number) for text, number in [("a", 1), (t.Size.LARGE, t.Level.LOW), (None, None)]
    ]
    with django_assert_num_queries(1):
        insert_many(rows)
    assert list(t.PlainThing._base_manager.values_list("text", "number")) == [("a", 1), ("l", 1), (None, None)]


def test_a_field_with_a_conversion_of_its_own_is_converted() -> None:
    t.make_tables(t.Shelf, t.Thing)
    row = t.Thing(secret="s3cret", upper="loud")
    insert(row)
    ((stored),) = t.stored(t.Thing)
    assert (stored["secret"], stored["upper"]) == ("terc3s", "LOUD")
    row.secret = "other"
    update(row, "secret")
    assert t.stored(t.Thing)[0]["secret"] == "rehto"
    assert t.Thing._base_manager.get().secret == "other"


@pytest.mark.parametrize("writer", WRITERS)
def test_what_a_field_makes_at_each_write_is_made(writer: str, noon: Any) -> None:
    t.make_tables(t.Stamped)
    saved, written = saved_and_written(t.Stamped, WRITERS[writer], [{"name": "a"}, {"name": "b"}])
    assert written == saved
    assert None not in written[0].values()


@pytest.mark.parametrize("many", [False, True])
def test_what_a_field_makes_at_each_change_is_made_where_it_is_named(many: bool, noon: Any) -> None:
    t.make_tables(t.Stamped)
    noon.move_to(NOON)
    rows = [t.Stamped(), t.Stamped()]
    insert_many(rows)
    noon.move_to(NOON + timedelta(days=1))
    names = ["changed_at", "changed_on", "stamp", "made_at"]
    update_many(rows, *names) if many else [update(row, *names) for row in rows]
    for row in [*rows, *t.Stamped._base_manager.all()]:
        assert (row.changed_at, row.changed_on, row.stamp) == (NOON + timedelta(days=1), date(2026, 3, 2), 2)
        assert (row.made_at, row.made_on) == (NOON, date(2026, 3, 1))


@pytest.mark.parametrize("writer", WRITERS)
def test_columns_made_by_the_database(writer: str, noon: Any) -> None:
    t.make_tables(t.MadeByTheDatabase)
    rows = [{"name": "a"}, {"name": "b", "level": 3}, {"name": "c", "at": NOON}]
    saved, written = saved_and_written(t.MadeByTheDatabase, WRITERS[writer], rows, "at")
    assert written == saved
    row = t.MadeByTheDatabase(name="d")
    WRITERS[writer]([row])
    assert (row.loud, row.level) == ("D", 7)
    assert row.at == t.MadeByTheDatabase._base_manager.get(name="d").at


def test_a_generated_column_of_rows_whose_keys_are_known_is_read_where_it_is_asked_for() -> None:
    t.make_tables(t.MadeByTheDatabase)
    rows = [new_row(t.MadeByTheDatabase, id=number, name="x", level=1, at=NOON) for number in (1, 2)]
    insert_many(rows)
    assert [row.loud for row in rows] == ["X", "X"]


REFUSED: list[tuple[dict[str, Any], type[Exception]]] = [
    ({"cents": Decimal("NaN")}, ValidationError),
    ({"cents": Decimal("Infinity")}, ValidationError),
    ({"cents": float("nan")}, ValidationError),
    ({"cents": Decimal("1234567.00")}, DataError),
    ({"number": "seven"}, ValueError),
    ({"text": "x" * 41}, DataError),
    ({"text": "\0"}, (DataError, ValueError)),  # type: ignore[list-item]
    ({"day": "2026-02-31"}, ValidationError),
    ({"uuid": "none"}, ValidationError),
    ({"flag": "perhaps"}, ValidationError),
    ({"data": object()}, TypeError),
    ({"shelf_id": "a"}, ValueError),
]


@pytest.mark.parametrize(("values", "error"), REFUSED)
@pytest.mark.parametrize("writer", ["save", *WRITERS])
def test_what_save_refuses_is_refused(writer: str, values: dict[str, Any], error: type[Exception]) -> None:
    t.make_tables(t.Shelf, t.PlainThing)
    rows = [t.PlainThing(), t.PlainThing(**values)]
    with pytest.raises(error), transaction.atomic():
        (WRITERS | {"save": save})[writer](rows)
    assert t.stored(t.PlainThing) == []


@pytest.mark.parametrize("writer", WRITERS)
def test_a_number_beyond_its_column_is_refused(writer: str) -> None:
    """`save()` would let psycopg cut it."""
    t.make_tables(t.Shelf, t.PlainThing)
    for rows in ([t.PlainThing(number=2**40)], [t.PlainThing(number=1), t.PlainThing(number=str(2**40))]):
        with pytest.raises(DataError), transaction.atomic():
            WRITERS[writer](rows)


@pytest.mark.parametrize("writer", ["save", *WRITERS])
def test_null_is_refused_by_the_database(writer: str) -> None:
    t.make_tables(t.Shelf, t.Required)
    shelf = t.Shelf._base_manager.create(name="A")
    with pytest.raises(IntegrityError), transaction.atomic():
        (WRITERS | {"save": save})[writer]([t.Required(flag=None, shelf=shelf)])


# Rows that point at others


@pytest.mark.parametrize("writer", WRITERS)
def test_a_foreign_key_is_given_as_a_row_a_key_or_a_text(writer: str) -> None:
    t.make_tables(t.Shelf, t.PlainThing)
    shelf = t.Shelf._base_manager.create(name="A")
    given = [{"shelf": shelf}, {"shelf_id": shelf.pk}, {"shelf_id": str(shelf.pk)}, {"shelf": None}]
    saved, written = saved_and_written(t.PlainThing, WRITERS[writer], given)
    assert written == saved


@pytest.mark.parametrize("writer", WRITERS)
def test_a_row_that_was_written_after_it_was_assigned(writer: str) -> None:
    t.make_tables(t.Shelf, t.PlainThing)
    shelf = t.Shelf(name="A")
    rows = [new_row(t.PlainThing, shelf=shelf), t.PlainThing(shelf=shelf)]
    insert(shelf)
    WRITERS[writer](rows)
    assert {row["shelf_id"] for row in t.stored(t.PlainThing)} == {shelf.pk}
    assert {row.shelf_id for row in rows} == {shelf.pk}


@pytest.mark.parametrize("writer", ["save", *WRITERS])
def test_a_row_that_is_not_written_yet(writer: str) -> None:
    t.make_tables(t.Shelf, t.PlainThing)
    with pytest.raises(ValueError, match="unsaved related object"):
        (WRITERS | {"save": save})[writer]([t.PlainThing(shelf=t.Shelf(name="A"))])


# Expressions


@pytest.mark.parametrize("writer", WRITERS)
def test_an_expression_in_a_new_row_is_left_to_django(writer: str) -> None:
    t.make_tables(t.Shelf, t.PlainThing)
    given = [{"text": Lower(Value("LOW"))}, {"text": "x"}]
    saved, written = saved_and_written(t.PlainThing, WRITERS[writer], given)
    assert written == saved


def test_an_expression_in_a_changed_row_is_refused() -> None:
    t.make_tables(t.Shelf, t.PlainThing)
    row = t.PlainThing._base_manager.create(number=1)
    row.number = F("number") + 1
    with pytest.raises(TypeError, match="number was given an expression"):
        update(row, "number")


# Keys


@pytest.mark.parametrize("writer", WRITERS)
def test_keys_that_rows_bring(writer: str) -> None:
    t.make_tables(t.Tag, t.Shelf)
    WRITERS[writer]([t.Tag(key="a"), t.Tag(key="")])
    assert set(t.Tag._base_manager.values_list("key", flat=True)) == {"a", ""}
    rows = [t.Shelf(name="x"), t.Shelf(id=0, name="y"), t.Shelf(name="z")]
    WRITERS[writer](rows)
    assert list(t.Shelf._base_manager.order_by("name").values_list("name", flat=True)) == ["x", "y", "z"]
    assert t.Shelf._base_manager.get(pk=0).name == "y"


def test_a_deferred_value_is_read_before_it_is_written() -> None:
    t.make_tables(t.Shelf, t.PlainThing)
    t.PlainThing._base_manager.create(text="x", number=1)
    row = t.PlainThing._base_manager.only("number").get()
    update(row, "text", "number")
    assert t.PlainThing._base_manager.get().text == "x"


def test_an_unknown_field_is_an_error() -> None:
    with pytest.raises(KeyError):
        update(t.Shelf(pk=1), "nothing")
    with pytest.raises(KeyError):
        new_row(t.Shelf, nothing=1)


# Rows made without a constructor


@pytest.mark.parametrize("model", [t.Thing, t.Required, t.Stamped, t.MadeByTheDatabase])
def test_a_new_row_has_the_defaults_of_its_model(model: type[models.Model]) -> None:
    made, usual = new_row(model), model()
    held, wanted = dict(made.__dict__), dict(usual.__dict__)
    assert (held.pop("_state").__dict__, wanted.pop("_state").__dict__) == ({}, {})
    at = held.pop("at", None), wanted.pop("at", None)
    assert held.keys() == wanted.keys()
    assert {type(value) for value in at} in ({type(None)}, {type(at[0])})
    for name, value in wanted.items():
        assert held[name] == value or type(held[name]) is type(value), name
