"""Makes the schedule rows of django-q2; no others are allowed.

One row with bad arguments stops all schedules, so these rows have none.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.db import connections, transaction
from django.utils import timezone

SCHEDULES = {
    "sweep": "integrations.outbox.sweep",
    "engine": "subscriptions.jobs.engine.tick",
    "purchases": "subscriptions.jobs.purchases.finish",
    "replacements": "subscriptions.jobs.replacements.sweep",
    "bulk": "subscriptions.jobs.bulk_runs.sweep",
    "imports": "subscriptions.importing.runs.sweep",
    "profiles": "integrations.klaviyo.runs.work.sweep",
    "erasures": "integrations.privacy.erasing.settle",
    "replays": "integrations.replays.sweep",
    "roll_ups": "subscriptions.figures.roll_ups.sweep",
    "unplanned": "subscriptions.jobs.unplanned.find_unplanned",
    "forecast": "subscriptions.figures.forecast.make_forecasts",
    "clean": "config.retention.clean",
}
EVERY = {"clean": 60, "unplanned": 60, "forecast": 60}  # minutes; the others tick each minute
PLAIN = {
    "schedule_type": "I",
    "repeats": -1,
    "args": None,
    "kwargs": None,
    "hook": None,
    "cron": None,
    "cluster": None,
    "intended_date_kwarg": None,
}


def ensure_schedules(using: str = "default", **kwargs: Any) -> None:
    """Make the rows, and correct those that differ. Takes the arguments of post_migrate."""
    if not _table_exists(using):
        return
    rows = apps.get_model("django_q", "Schedule").objects.using(using)
    with transaction.atomic(using=using):
        with connections[using].cursor() as cursor:
            # Excludes the scheduler too. It locks rows first, so a weaker lock could deadlock with it.
            cursor.execute("LOCK TABLE django_q_schedule IN EXCLUSIVE MODE")
        for name, function in SCHEDULES.items():
            row = PLAIN | {"minutes": EVERY.get(name, 1)}
            if not rows.filter(name=name, func=function).update(**row):
                rows.create(name=name, func=function, **row)


def correct_times() -> None:
    """Let a schedule run now whose next time is farther away than its period: the clock has fallen back since."""
    rows, now = apps.get_model("django_q", "Schedule").objects, timezone.now()
    for minutes in {1, *EVERY.values()}:
        rows.filter(minutes=minutes, next_run__gt=now + timedelta(minutes=2 * minutes)).update(next_run=now)


def check_schedules(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """System check portal.E001, run by `migrate` and `check --database default`."""
    return [
        Error(
            f"The task queue has an unknown schedule: {row.name or row.pk} ({row.func}).",
            hint=f"Delete row {row.pk} of django_q_schedule; one bad schedule stops all of them.",
            id="portal.E001",
        )
        for using in databases or []
        if _table_exists(using)
        for row in apps.get_model("django_q", "Schedule").objects.using(using).order_by("pk")
        if SCHEDULES.get(row.name) != row.func
    ]


def _table_exists(using: str) -> bool:
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT to_regclass('django_q_schedule') IS NOT NULL")
        return bool(cursor.fetchone()[0])
