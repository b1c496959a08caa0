import json
from collections.abc import Callable
from functools import cache
from typing import Any

from django.apps import apps
from django.db import connection, transaction

from subscriptions.models import StaffSession

# Values that differ each time the same row is written.
UNIQUE = {"id", "public_id", "nonce"}


class RolledBack(Exception):
    pass


def read_all_rows() -> dict[str, list[Any]]:
    """All rows of the project's own apps, by model name; each row is a dict of JSON values."""
    names, statement = _query()
    found: dict[str, list[Any]] = {name: [] for name in names}
    with connection.cursor() as cursor:
        cursor.execute(statement)
        for name, _, row in cursor.fetchall():
            found[name].append(json.loads(row, parse_float=str))
    return found


@cache
def _query() -> tuple[list[str], str]:
    """The names of the models, and one statement for all their tables instead of forty."""
    models = [m for app in ("subscriptions", "oneclick", "integrations") for m in apps.get_app_config(app).get_models()]
    # Reading a page may note that its session is in use.
    tables = {model.__name__: model._meta for model in models if model is not StaffSession}
    parts = [
        f"SELECT '{name}', {m.pk.column}, to_json({m.db_table})::text FROM {m.db_table}" for name, m in tables.items()
    ]
    return list(tables), " UNION ALL ".join(parts) + " ORDER BY 2"


def rows_written_by(run: Callable[[], Any], capture: Any) -> dict[str, list[Any]]:
    """All rows after `run`, which is then rolled back; `capture` runs its callbacks of the commit."""
    before = {model: len(rows) for model, rows in read_all_rows().items()}
    try:
        with transaction.atomic():
            with capture(execute=True):
                run()
            after = read_all_rows()
            raise RolledBack
    except RolledBack:
        return comparable_rows(before, after)


def comparable_rows(before: dict[str, int], after: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """`after`, with new rows made comparable: without unique values, and referring to each other by position."""
    places = {model: {row["id"]: place for place, row in enumerate(after[model])} for model in ("Activity", "Event")}
    for model, rows in after.items():
        for row in rows[before[model] :]:
            for name in UNIQUE & row.keys():
                del row[name]
            for name in {"activity_id", "event_id"} & row.keys():
                place = places[name.removesuffix("_id").title()]
                row[name] = place.get(row[name])
    for row in after["Delivery"]:
        del row["bulk"]  # says with how many others a delivery was written
    after["Delivery"].sort(key=lambda row: (row["event_id"], row["connection_id"]))
    return after
