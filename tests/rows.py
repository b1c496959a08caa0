import json
from collections.abc import Callable
from functools import cache
from typing import Any

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.db import connection, transaction

# What no two writings of a row have in common; keys of new rows are told by their place.
OWN = {"id", "public_id", "nonce"}


class TakenBack(Exception):
    pass


def everything() -> dict[str, list[Any]]:
    """All rows of the project's own apps and the log of what staff did, column by column, as JSON has them."""
    names, statement = _query()
    found: dict[str, list[Any]] = {name: [] for name in names}
    with connection.cursor() as cursor:
        cursor.execute(statement)
        for name, _, row in cursor.fetchall():
            found[name].append(json.loads(row, parse_float=str))
    return found


@cache
def _query() -> tuple[list[str], str]:
    """The names of the models, and one statement for all their tables: each test would else wait for some forty."""
    models = [m for app in ("subscriptions", "oneclick", "integrations") for m in apps.get_app_config(app).get_models()]
    tables = {model.__name__: model._meta for model in (*models, LogEntry)}
    parts = [
        f"SELECT '{name}', {m.pk.column}, to_json({m.db_table})::text FROM {m.db_table}" for name, m in tables.items()
    ]
    return list(tables), " UNION ALL ".join(parts) + " ORDER BY 2"


def written(act: Callable[[], Any], capture: Any) -> dict[str, list[Any]]:
    """All rows after `act`, which is taken back."""
    before = {model: len(rows) for model, rows in everything().items()}
    try:
        with transaction.atomic():
            with capture(execute=True):
                act()
            after = everything()
            raise TakenBack
    except TakenBack:
        return told_apart(before, after)


def told_apart(before: dict[str, int], after: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """`after` with its new rows without what is their own, and pointing at other new ones by their place."""
    places = {model: {row["id"]: place for place, row in enumerate(after[model])} for model in ("Activity", "Event")}
    for model, rows in after.items():
        for row in rows[before[model] :]:
            for name in OWN & row.keys():
                del row[name]
            for name in {"activity_id", "event_id"} & row.keys():
                place = places[name.removesuffix("_id").title()]
                row[name] = place.get(row[name])
    after["Delivery"].sort(key=lambda row: (row["event_id"], row["connection_id"]))
    return after
