"""The processes of the portal, and the checks on them."""

import logging
import os
import sys
from contextlib import suppress

from django.conf import settings
from django.db import Error, connection

from config import heartbeat, postgres, schedules
from config.database.base import DatabaseWrapper
from config.supervision.child import Child
from config.supervision.leftovers import MARK
from config.supervision.supervisor import Supervisor

CLUSTERS = ("workers-1", "workers-2")  # two, so that one stuck cluster stops nothing
logger = logging.getLogger(__name__)
CONNECTIONS_PER_WEB_WORKER = 800  # stays below the 1,024 files that a process may usually have open
SILENT_CLUSTER_GRACE = 5.0  # seconds; a frozen cluster ignores the signal


def web_server(host: str, port: int) -> Child:
    return Child("web", web_command(host, port), _child_environment())


def web_command(host: str, port: int) -> list[str]:
    options = {
        "--interface": "rsgi",
        "--http": "1",
        "--host": host,
        "--port": str(port),
        "--workers": str(settings.WEB_WORKERS),
        "--backpressure": str(CONNECTIONS_PER_WEB_WORKER),
        # In bytes, for each connection.
        "--http1-buffer-size": str(64 * 1024),
        # In milliseconds; it also ends idle connections.
        "--http1-header-read-timeout": str(settings.REQUEST_SECONDS * 1000),
        "--workers-kill-timeout": "10",
        "--log-level": "warning",
    }
    flags = ["--respawn-failed-workers", "--no-ws"]
    words = [word for pair in options.items() for word in pair]
    return [sys.executable, "-m", "granian", *words, *flags, "config.rsgi:application"]


def worker_clusters() -> list[Child]:
    names = [heartbeat.supervised_name(cluster) for cluster in CLUSTERS]
    command = [sys.executable, "manage.py", "qcluster"]
    return [Child(name, command, _child_environment() | {"REPRISE_CLUSTER": name}) for name in names]


def keep_clusters_alive(supervisor: Supervisor, clusters: list[Child]) -> None:
    """Until a stop is requested; the clusters are then stopped and no longer missed."""
    DatabaseWrapper.statement_seconds = settings.STATEMENT_SECONDS
    try:
        supervisor.children += clusters
        supervisor.run(lambda: check_services(clusters), every=heartbeat.longest_silence() / 12)
    finally:
        supervisor.stop()
        with suppress(Error):  # the database may be what was stopped first
            heartbeat.forget_clusters(child.name for child in clusters)


def check_services(clusters: list[Child]) -> None:
    """Restart the embedded database if it is down, and stop each cluster that sends no new heartbeat."""
    try:
        if settings.EMBEDDED_POSTGRES:
            postgres.ensure_server_running(settings.HOME)
        schedules.correct_times()
        beats = heartbeat.last_beats()
    except (Error, RuntimeError) as error:
        logger.error("the database does not respond: %s", error)
        return
    finally:
        connection.close()
    for child in clusters:
        # By this process's own count, because a clock that jumps makes heartbeats look old.
        silent = child.silence(beats.get(child.name))
        if child.process and child.kill_at is None and silent > heartbeat.longest_silence():
            logger.error("%s has been silent for %.0f s; restarting it", child.name, silent)
            child.request_stop(SILENT_CLUSTER_GRACE)


def _child_environment() -> dict[str, str]:
    # With the URL, no child starts the embedded server itself: this process owns it and stops it last.
    given = {"DATABASE_URL": settings.DATABASE_URL, "REPRISE_HOME": str(settings.HOME)}
    inherited = {name: value for name, value in os.environ.items() if name != "REPRISE_UNDER_MAKE"}
    return inherited | given | {MARK: str(settings.HOME)}
