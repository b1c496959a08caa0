"""Health checks for load balancers and monitors."""

from datetime import datetime, timedelta
from typing import Any

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import F, Min, Q
from django.db.models.functions import Greatest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from config import heartbeat
from integrations.models import Delivery

LAG_WARNING, LAG_ALARM = timedelta(seconds=60), timedelta(minutes=15)
Check = dict[str, Any]


def healthz(request: HttpRequest) -> HttpResponse:
    """200 while this process answers; touches no database."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """200 with `{"status": "ok" | "warn", "checks": {…}}`, or 503 with status "fail". Ages are in seconds."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        checks = {"database": {"status": "ok"}, "migrations": _migrations()}
        if checks["migrations"]["status"] == "ok":
            checks |= {"workers": _workers(), "deliveries": _deliveries()}
    except Error:
        checks = {"database": {"status": "fail"}}
    found = {check["status"] for check in checks.values()}
    status = next(word for word in ("fail", "warn", "ok") if word in found)
    return JsonResponse({"status": status, "checks": checks}, status=503 if status == "fail" else 200)


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
    """Counts only connections that could send; a receiver or merchant who holds one back must correct that."""
    now = timezone.now()
    late = _late_connections(now)
    alarm = any(each["due"] < now - LAG_ALARM for each in late)
    # Monitors know the key by this name.
    lags = {"late_lanes": {str(each["connection"]): round((now - each["due"]).total_seconds(), 1) for each in late}}
    return {"status": "fail" if alarm else "warn" if late else "ok", **lags}


def _late_connections(now: datetime) -> list[Any]:
    may_send = Q(connection__enabled=True, connection__paused_reason="")
    pending = Delivery.objects.filter(may_send, state=Delivery.State.PENDING)
    oldest = pending.values("connection").annotate(due=Greatest(Min("created"), F("connection__not_before")))
    return list(oldest.filter(due__lt=now - LAG_WARNING).order_by("due")[:100])
