"""Models of these tests alone: they are in no registry of the project, and their tables live for one test."""

import json
from datetime import timedelta
from enum import StrEnum
from typing import Any

from django.apps.registry import Apps
from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.db.models.functions import Now, Upper

REGISTRY = Apps()


class Size(models.TextChoices):
    SMALL = "s"
    LARGE = "l"


class Level(models.IntegerChoices):
    LOW = 1
    HIGH = 2


class Colour(StrEnum):
    RED = "red"


class ReversedField(models.CharField):
    """Stands for an encrypted field."""

    def get_prep_value(self, value: Any) -> Any:
        return value and value[::-1]

    def from_db_value(self, value: Any, *_: object) -> Any:
        return value and value[::-1]


class SavedUpperField(models.CharField):
    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        return value and value.upper()


class StampedField(models.IntegerField):
    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        setattr(model_instance, self.attname, 1 if add else 2)
        return getattr(model_instance, self.attname)


class CentsField(models.DecimalField):
    """Has nothing of its own but options, like the money of the project."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_digits": 8, "decimal_places": 2, **options})


class Throwaway(models.Model):
    class Meta:
        abstract = True
        apps, app_label = REGISTRY, "throwaway"


class Shelf(Throwaway):
    name = models.CharField(max_length=20)


class Thing(Throwaway):
    """A column of each kind; what a test does not give is null."""

    text = models.CharField(max_length=40, null=True)
    long = models.TextField(null=True)
    slug = models.SlugField(null=True)
    email = models.EmailField(null=True)
    secret = ReversedField(max_length=40, null=True)
    upper = SavedUpperField(max_length=40, null=True)
    number = models.IntegerField(null=True)
    small = models.SmallIntegerField(null=True)
    big = models.BigIntegerField(null=True)
    positive = models.PositiveSmallIntegerField(null=True)
    amount = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    cents = CentsField(null=True)
    ratio = models.FloatField(null=True)
    flag = models.BooleanField(null=True)
    day = models.DateField(null=True)
    moment = models.DateTimeField(null=True)
    hour = models.TimeField(null=True)
    length = models.DurationField(null=True)
    uuid = models.UUIDField(null=True)
    address = models.GenericIPAddressField(null=True)
    data = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    numbers = ArrayField(models.IntegerField(), null=True)
    words = ArrayField(models.CharField(max_length=20), null=True)
    grid = ArrayField(ArrayField(models.IntegerField()), null=True)
    days = DateRangeField(null=True)
    raw = models.BinaryField(null=True)
    shelf = models.ForeignKey(Shelf, models.CASCADE, null=True)

    class Meta(Throwaway.Meta):
        abstract = False
        db_table = "throwaway_Thing of many"


class PlainThing(Throwaway):
    """Columns that fit arrays, so that many rows are one statement."""

    text = models.CharField(max_length=40, null=True)
    secret = ReversedField(max_length=40, null=True)
    number = models.IntegerField(null=True)
    cents = CentsField(null=True)
    flag = models.BooleanField(null=True)
    day = models.DateField(null=True)
    moment = models.DateTimeField(null=True)
    uuid = models.UUIDField(null=True)
    data = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    length = models.DurationField(null=True)
    raw = models.BinaryField(null=True)
    shelf = models.ForeignKey(Shelf, models.CASCADE, null=True)


class Stamped(Throwaway):
    name = models.CharField(max_length=20, default="x")
    made_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)
    made_on = models.DateField(auto_now_add=True)
    changed_on = models.DateField(auto_now=True)
    changed_time = models.TimeField(auto_now=True)
    stamp = StampedField(null=True)


class MadeByTheDatabase(Throwaway):
    name = models.CharField(max_length=20)
    loud = models.GeneratedField(
        expression=Upper("name"), output_field=models.CharField(max_length=20), db_persist=True
    )
    level = models.IntegerField(db_default=7)
    at = models.DateTimeField(db_default=Now())


class Tag(Throwaway):
    key = models.CharField(primary_key=True, max_length=20)


class Required(Throwaway):
    flag = models.BooleanField()
    level = models.IntegerField(default=Level.LOW, choices=Level.choices)
    wait = models.DurationField(default=timedelta(minutes=5))
    shelf = models.ForeignKey(Shelf, models.CASCADE)


def make_tables(*made: type[models.Model]) -> None:
    """In the transaction of a test, whose end takes them away."""
    with connection.schema_editor() as editor:
        for model in made:
            editor.create_model(model)


def stored(model: type[models.Model], *left_out: str) -> list[dict[str, Any]]:
    """The rows as they lie in the table, in the order of their keys and without these."""
    table, key = connection.ops.quote_name(model._meta.db_table), model._meta.pk.column
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT to_jsonb(t) - %s::text[] FROM {table} t ORDER BY {key}", [[key, *left_out]])
        return [json.loads(row) for (row,) in cursor.fetchall()]
