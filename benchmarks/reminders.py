"""Reminders for many orders in one run: their rate beside PostgreSQL writing the same rows, and the memory."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Model

from benchmarks import reminders_seed
from benchmarks.figure import Figure
from integrations.models import Delivery
from oneclick.models import ActionToken
from subscriptions.models import Activity, Event, Merchant

FEW, MANY = 10_000, 100_000
# What a reminder inserts, in the order of the foreign keys.
MODELS: list[type[Model]] = [Activity, Event, ActionToken, Delivery]


def measure_figures() -> Iterator[Figure]:
    few, many = (run_worker(reminders_seed.create_subscribers(number), number) for number in (FEW, MANY))
    rows = "PostgreSQL inserting the same rows, one INSERT … SELECT per table"
    yield Figure(
        "reminder_run", MANY / many["seconds"], MANY / _same_rows_seconds(), "reminders/s", f"reference: {rows}"
    )
    orders = f"the worker's peak at {MANY} orders; reference: at {FEW}"
    yield Figure("reminder_memory", many["peak"], few["peak"], "MB", orders)


def run_worker(merchant: Merchant, number: int) -> dict[str, float]:
    """What the worker measured of the merchant's run, which must make `number` reminders."""
    command = [sys.executable, "-m", "benchmarks.reminders_worker", str(merchant.pk)]
    env = {**os.environ, "DATABASE_URL": settings.DATABASE_URL}
    worker = subprocess.run(command, env=env, stdout=subprocess.PIPE, check=True)
    measured: dict[str, float] = json.loads(worker.stdout)
    if measured["reminded"] != number:
        sys.exit(f"expected {number} reminders, got {measured['reminded']}")
    return measured


def _same_rows_seconds() -> float:
    """Seconds in which PostgreSQL inserts the last merchant's rows into the emptied tables."""
    last = Merchant.objects.latest("pk").pk
    tables = {model._meta.db_table: _written_columns(model) for model in MODELS}
    with connection.cursor() as cursor:
        for table, columns in tables.items():
            cursor.execute(f"CREATE TABLE copy_of_{table} AS SELECT {columns} FROM {table} WHERE merchant_id = {last}")
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
        cursor.execute("VACUUM ANALYZE")
        begun = time.perf_counter()
        with transaction.atomic():
            for table, columns in tables.items():
                cursor.execute(f"INSERT INTO {table} ({columns}) SELECT * FROM copy_of_{table}")
        return time.perf_counter() - begun


def _written_columns(model: type[Model]) -> str:
    return ", ".join(field.column for field in model._meta.concrete_fields if not field.generated)
