"""Models whose rows would not be read or written as Django does it are found before anything runs, and refused."""

from typing import Any

import pytest
from django.apps import apps
from django.core.checks import run_checks
from django.db import models

from common.apps import check_models
from common.db import Query, insert, insert_many, new_row, update
from common.db.columns import refusals
from tests.common.db import throwaway as t


class WrappedField(models.TextField):
    def get_placeholder_sql(self, value: Any, compiler: Any, connection: Any) -> Any:
        return "upper(%s)", (value,)


class Wrapped(t.Throwaway):
    text = WrappedField()


class Book(t.Shelf):
    title = models.TextField()


class Page(t.Throwaway):
    pk = models.CompositePrimaryKey("book", "number")
    book = models.IntegerField()
    number = models.IntegerField()


class Chapter(t.Throwaway):
    shelf = models.ForeignKey(t.Shelf, models.CASCADE)

    class Meta(t.Throwaway.Meta):
        abstract = False
        order_with_respect_to = "shelf"


class Made(t.Throwaway):
    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.is_made = True


class Read(t.Throwaway):
    @classmethod
    def from_db(cls, *args: Any, **options: Any) -> Any:
        return super().from_db(*args, **options)


class ProxyOfShelf(t.Shelf):
    class Meta(t.Throwaway.Meta):
        abstract = False
        proxy = True


REASONS = {
    Book: "it needs one table, and a primary key of one column",
    Page: "it needs one table, and a primary key of one column",
    Chapter: "save() works out the place of a row in its order",
    Made: "rows are made without its own __init__() or from_db()",
    Read: "rows are made without its own __init__() or from_db()",
    Wrapped: "the SQL that writes text depends on the value",
}


@pytest.mark.parametrize(("model", "reason"), REASONS.items())
@pytest.mark.parametrize(
    "use",
    [
        lambda model: new_row(model),
        lambda model: insert(model()),
        lambda model: insert_many([model(), model()]),
        lambda model: update(model(), model._meta.concrete_fields[0].name),
        lambda model: Query(model._base_manager.all).all(),
    ],
)
def test_a_model_that_is_not_supported_is_refused_at_its_first_use(model: Any, reason: str, use: Any, db: None) -> None:
    assert [*refusals(model)] == [reason]
    with pytest.raises(TypeError) as caught:
        use(model)
    assert str(caught.value) == f"common.db does not support {model.__name__}: {reason}."


@pytest.mark.parametrize("model", [t.Thing, t.PlainThing, t.MadeByTheDatabase, t.Stamped, t.Tag, ProxyOfShelf])
def test_other_models_are_supported(model: Any) -> None:
    assert [*refusals(model)] == []


def test_the_check_names_the_model_the_reason_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    config = apps.get_app_config("subscriptions")
    monkeypatch.setattr(config, "get_models", lambda: [t.Thing, Book])
    (error,) = check_models([config])
    assert (error.id, error.obj, error.level) == ("common.E001", Book, 40)
    assert error.msg == "common.db does not support Book: it needs one table, and a primary key of one column."
    assert error.hint


def test_models_of_libraries_are_none_of_its_business(monkeypatch: pytest.MonkeyPatch) -> None:
    config = apps.get_app_config("auth")
    monkeypatch.setattr(config, "get_models", lambda: [Book])
    assert check_models([config]) == []


def test_it_runs_with_all_checks_and_finds_nothing_in_the_project() -> None:
    assert check_models in run_checks.__self__.registered_checks
    assert [error for error in run_checks() if error.id == "common.E001"] == []
    assert {"subscriptions", "oneclick", "integrations"} <= {app.label for app in apps.get_app_configs()}


def test_a_row_of_a_proxy_is_written_into_its_table(db: None) -> None:
    t.make_tables(t.Shelf)
    insert(new_row(ProxyOfShelf, name="A"))
    assert t.Shelf._base_manager.get().name == "A"
