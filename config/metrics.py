"""What the health pages show, for Prometheus, read from the database at each scrape.

The numbers are those of the whole installation, whichever web process answers, so one target is enough.
"""

import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from math import nan
from typing import Any

from django.conf import settings
from django.db.models import Max, Min, Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django_q.models import OrmQ
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from common.db import fetch_rows
from common.web.client_address import client_address
from config import health, heartbeat
from config.task_queue import redis_client, redis_fallback, redis_key
from integrations.delivery_figures import SUMMED, late_connections, paused_connections
from integrations.models import Delivery, DeliveryMinute
from subscriptions.models import PlacementAttempt

# Of an IPv6 address the first half is known: this is [::1].
LOOPBACK = {"127.0.0.1", "::"}
MOST_COUNTED = 100_000
LEVELS = {"ok": 0, "warn": 1, "fail": 2}
# Merchant by merchant, as the indexes are.
RUNS = """
SELECT state, count(*) FROM subscriptions_merchant merchant, LATERAL (
    SELECT state FROM subscriptions_jobrun run WHERE run.merchant_id = merchant.id AND run.created > %s
) recent GROUP BY state
"""
PLACEMENTS = """
SELECT effect, count(*) FROM subscriptions_merchant merchant, LATERAL (
    SELECT effect FROM subscriptions_placementattempt attempt
    WHERE attempt.merchant_id = merchant.id AND attempt.started > %s AND attempt.effect <> ''
) recent GROUP BY effect
"""
Values = Mapping[Any, float]


def metrics(request: HttpRequest) -> HttpResponse:
    """For who has METRICS_TOKEN as a bearer token; where there is none, for this machine, but not through a proxy."""
    if not _may_read(request):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    registry = CollectorRegistry()
    checks = health.read_checks()
    _gauge(registry, "check", "0: ok, 1: warning, 2: failure, as /readyz says.", "check", _levels(checks))
    for check, name, text, label, find in FOUND:
        if check in checks:
            _gauge(registry, name, text, label, find(checks[check]))
    if "workers" in checks:  # the database responds and is migrated
        for name, text, label, read in READ:
            _gauge(registry, name, text, label, read())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("authorization", "")
        return secrets.compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    return client_address(request) in LOOPBACK and "x-forwarded-for" not in request.headers


def _gauge(registry: CollectorRegistry, name: str, text: str, label: str, values: Values) -> None:
    gauge = Gauge(f"reprise_{name}", text, [label] if label else [], registry=registry)
    for key, value in values.items():
        (gauge.labels(key) if label else gauge).set(value)


def _levels(checks: Mapping[str, health.Check]) -> Values:
    return {name: LEVELS[check["status"]] for name, check in checks.items()}


def _lags() -> Values:
    return {row.pk: lag.total_seconds() for row, lag in late_connections(timezone.now())}


def _paused() -> Values:
    return dict.fromkeys(paused_connections(), 1)


def _delivered() -> Values:
    return _last_hour(**{name: Sum(name, default=0) for name in SUMMED if name != "lag_total"})


def _delivery_lags() -> Values:
    return _last_hour(total=Sum("lag_total", default=0), longest=Max("lag_longest", default=0))


def _last_hour(**sums: Any) -> Values:
    hour = DeliveryMinute.objects.filter(minute__gte=timezone.now() - timedelta(hours=1))
    return dict(hour.aggregate(**sums))


def _waiting() -> Values:
    return {"": Delivery.objects.filter(state=Delivery.State.PENDING)[:MOST_COUNTED].count()}


def _tasks() -> Values:
    in_redis = redis_fallback().ask(lambda: redis_client().llen(redis_key()), 0) if settings.BROKER_URL else 0
    return {"": OrmQ.objects.all()[:MOST_COUNTED].count() + in_redis}


def _under_way() -> Values:
    first = PlacementAttempt.objects.filter(effect="").aggregate(first=Min("started"))["first"]
    return {"": (timezone.now() - first).total_seconds() if first else 0}


def _placements() -> Values:
    return dict(fetch_rows(PLACEMENTS, [timezone.now() - timedelta(hours=1)]))


def _runs() -> Values:
    return dict(fetch_rows(RUNS, [timezone.now() - timedelta(days=1)]))


def _missing_settings(check: health.Check) -> Values:
    return dict.fromkeys(check.get("missing_settings", ()), 1)


def _bytes_behind(check: health.Check) -> Values:
    known = check.get("bytes_behind")
    return {"": nan if known is None else known}


def _responding_uses(check: health.Check) -> Values:
    return {use: responds for use, responds in check.items() if use != "status"}


# A check, and the name, meaning, label or "" of what it found, with what takes the values by label from it.
FOUND: list[tuple[str, str, str, str, Callable[[health.Check], Values]]] = [
    ("database", "session_setting_missing", "1 for each that sessions lack.", "setting", _missing_settings),
    ("migrations", "migrations_unapplied", "Migrations to be run.", "", lambda check: {"": check["unapplied"]}),
    ("transactions", "transaction_oldest_seconds", "Of those open now.", "", lambda check: {"": check["oldest"]}),
    ("redis", "redis_responds", "By what it is used for: 1, or 0.", "use", _responding_uses),
    ("replica", "replica_responds", "1, or 0.", "", lambda check: {"": check["responds"]}),
    ("replica", "replica_behind_bytes", "What the replica has not replayed in a second.", "", _bytes_behind),
]
# Name, meaning, label or "", and what reads the values by label.
READ: list[tuple[str, str, str, Callable[[], Values]]] = [
    ("cluster_silence_seconds", "Since the last heartbeat of a cluster.", "cluster", heartbeat.cluster_ages),
    ("connection_lag_seconds", "How long a late connection keeps something waiting.", "connection", _lags),
    ("connection_paused", "1 for each paused connection.", "connection", _paused),
    ("deliveries_waiting", "Deliveries on their way; at most 100,000 are counted.", "", _waiting),
    ("deliveries_last_hour", "What the last hour brought.", "result", _delivered),
    (
        "delivery_lag_seconds",
        "From event to answer, in the last hour: in all, and longest.",
        "of",
        _delivery_lags,
    ),
    ("placement_under_way_seconds", "Since the oldest order was posted that has no answer yet.", "", _under_way),
    ("placements_last_hour", "Orders that were posted in the last hour, by result.", "result", _placements),
    ("job_runs_last_day", "Runs of daily jobs that began in the last 24 hours, by state.", "state", _runs),
    ("tasks_queued", "Tasks that wait for a worker or are at one.", "", _tasks),
]
