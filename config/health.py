"""Health checks for load balancers and monitors."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import Error, connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from config import heartbeat
from config.database import replica
from config.database.sessions import missing_settings, what_to_do
from config.redis_server import responds
from integrations.delivery_figures import count_last_hour, late_connections, paused_connections

# A replica that takes longer to replay what was committed is behind.
REPLAY_SECONDS = 1.0
LAG_ALARM = timedelta(minutes=15)
# Backups and exports may take as long. The portal's own sessions are ended after a minute of idleness in a transaction.
LONG_TRANSACTION = timedelta(minutes=5)
# A session that has read holds a snapshot; one that has written, an id. Either keeps every row that has gone since.
OLDEST_TRANSACTION = """
SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float
FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
  AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)
"""
Check = dict[str, Any]


def healthz(request: HttpRequest) -> HttpResponse:
    """200 while this process answers; touches no database."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """200 with `{"status": "ok" | "warn", "checks": {…}}`, or 503 with status "fail". Ages are in seconds."""
    checks = read_checks()
    found = {check["status"] for check in checks.values()}
    status = next(word for word in ("fail", "warn", "ok") if word in found)
    return JsonResponse({"status": status, "checks": checks}, status=503 if status == "fail" else 200)


def read_checks() -> dict[str, Check]:
    """By name; those that need the tables are missing until the database responds and is migrated."""
    try:
        checks = {"database": _database(), "migrations": _migrations()}
        if checks["migrations"]["status"] == "ok":
            checks |= {"workers": _workers(), "deliveries": _deliveries(), "transactions": _transactions()}
    except Error:
        checks = {"database": {"status": "fail"}}
    return checks | _redis() | _replica()


def _redis() -> dict[str, Check]:
    """Nothing where no setting names a Redis. The portal does without one that does not respond."""
    cache = settings.CACHES["default"]
    uses = {"task_queue": settings.BROKER_URL}
    uses["cache"] = cache["LOCATION"] if cache["BACKEND"] == "config.cache.SharedCache" else ""
    found = {use: responds(url) for use, url in uses.items() if url}
    return {"redis": {"status": "ok" if all(found.values()) else "warn", **found}} if found else {}


def _replica() -> dict[str, Check]:
    """Nothing where no setting names one. Lists are read from the primary while it does not respond, or is behind."""
    if replica.REPLICA not in connections:
        return {}
    try:
        behind = replica.find_bytes_behind(REPLAY_SECONDS)
    except Error:
        return {"replica": {"status": "warn", "responds": False}}
    return {"replica": {"status": "ok" if behind == 0 else "warn", "responds": True, "bytes_behind": behind}}


def _database() -> Check:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    if missing := missing_settings():
        return {"status": "warn", "missing_settings": missing, "remedy": what_to_do(missing)}
    return {"status": "ok"}


def _migrations() -> Check:
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    return {"status": "fail" if missing else "ok", "unapplied": missing}


def _workers() -> Check:
    """One working cluster is enough; a silent one beside it is being restarted."""
    ages = heartbeat.cluster_ages()
    alive = [age < heartbeat.longest_silence() for age in ages.values()]
    status = "ok" if alive and all(alive) else "warn" if any(alive) else "fail"
    return {"status": status, "heartbeats": {name: round(age, 1) for name, age in ages.items()}}


def _deliveries() -> Check:
    """A receiver that asks for a rest makes nothing late; a paused connection waits for its merchant's staff."""
    now = timezone.now()
    late = late_connections(now)
    paused = paused_connections()
    alarm = any(lag > LAG_ALARM for _, lag in late)
    return {
        "status": "fail" if alarm else "warn" if late or paused else "ok",
        # Monitors know these keys by their names.
        "late_lanes": {str(row.pk): round(lag.total_seconds(), 1) for row, lag in late},
        "paused_lanes": paused,
        "last_hour": count_last_hour(now),
    }


def _transactions() -> Check:
    """One that stays open keeps PostgreSQL from cleaning up: tables grow, and everything becomes slower by and by."""
    with connection.cursor() as cursor:
        cursor.execute(OLDEST_TRANSACTION)
        seconds: float = cursor.fetchone()[0]
    return {"status": "warn" if seconds > LONG_TRANSACTION.total_seconds() else "ok", "oldest": round(seconds, 1)}
