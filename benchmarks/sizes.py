"""Bytes of a row of each table at a million subscriptions: the demo's rows, copied to one merchant after another."""

from collections.abc import Iterator

from django.apps import apps
from django.db import connection, models, transaction
from django.utils import timezone

from benchmarks.figure import Figure
from demo.loading import load_demo
from integrations.models import Attempt, Delivery
from subscriptions.models import Subscription

SUBSCRIPTIONS = 1_000_000
STEP = 100_000  # what the keys of one copy are away from those of the one before; the demo's are smaller
COPIES = 1000  # of one statement
APPS = ["subscriptions", "oneclick", "integrations"]
# Rows of people and of the installation, and those whose texts no other row may have.
SINGLE = {"apikey", "heartbeat", "invitation", "pacewindow", "secondfactor", "staffsession"}
SIZES = "SELECT pg_total_relation_size(%s), pg_table_size(%s)"


def measure_figures() -> Iterator[Figure]:
    load_demo()
    _deliver_events()
    copied = [model for name in APPS for model in apps.get_app_config(name).get_models(include_auto_created=True)]
    copied = [model for model in copied if model._meta.model_name not in SINGLE and model._base_manager.exists()]
    rows = {model: model._base_manager.count() for model in copied}
    copies = SUBSCRIPTIONS // rows[Subscription]
    for model in copied:
        _copy_rows(model, copied, copies)
    for model in copied:
        yield _size_of_row(model._meta.db_table, rows[model] * copies)


def _deliver_events() -> None:
    """As a worker would, at the first attempt."""
    now = timezone.now()
    Delivery.objects.update(state=Delivery.State.DONE, attempts_made=1, first_attempt_at=now)
    Attempt.objects.bulk_create(
        Attempt(delivery=row, road="events", status=202, milliseconds=40) for row in Delivery.objects.all()
    )


def _copy_rows(model: type[models.Model], copied: list[type[models.Model]], copies: int) -> None:
    """The first copy is the demo itself. Without foreign keys and triggers, whose work the demo's rows have had."""
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join(_copied_value(field, copied) for field in fields)
    table, key = model._meta.db_table, model._meta.pk.column
    for first in range(1, copies, COPIES):
        last = min(first + COPIES, copies) - 1
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(
                f"INSERT INTO {table} ({columns}) SELECT {values} FROM generate_series({first}, {last}) copy, {table} "
                f'WHERE "{key}" < {STEP} ORDER BY copy, "{key}"'
            )
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM ANALYZE {table}")


def _copied_value(field: models.Field, copied: list[type[models.Model]]) -> str:
    target = field.related_model
    if isinstance(field, models.UUIDField) and field.unique:
        return "gen_random_uuid()"
    if target in copied or (field.primary_key and target is None):
        return f'"{field.column}" + copy * {STEP}'
    return f'"{field.column}"'


def _size_of_row(table: str, rows: int) -> Figure:
    with connection.cursor() as cursor:
        cursor.execute(SIZES, [table, table])
        whole, heap = cursor.fetchone()
    return Figure(
        f"bytes_{table}", whole / rows, heap / rows, "bytes/row", f"{rows:,} rows; reference: without indexes"
    )
