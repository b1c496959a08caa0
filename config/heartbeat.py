"""Signs of life of the worker clusters.

A cluster whose idle worker or monitor was killed runs no more tasks, yet reports that it works. So each cluster sends a
task of its own through all its parts, and the last of them writes the heartbeat.
"""

import os
import socket
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.db import close_old_connections, connection
from django.db.models import Q
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.signing import SignedPackage

from integrations.models import Heartbeat

PULSE = "pulse"
# A cluster that is silent for so long was on a machine that does not come back.
GONE_AFTER = timedelta(hours=1)


class Broker(ORM):
    """django-q2's ORM broker, which also gives each cluster a pulse task of its own."""

    def __init__(self, list_key: str | None = None) -> None:
        super().__init__(list_key)
        self.next_pulse = 0.0
        self.cluster_pid = os.getppid()  # a cluster makes its broker in the child that guards it

    def dequeue(self) -> list[tuple[int | str, str]] | None:
        if time.monotonic() < self.next_pulse:
            tasks: list[tuple[int | str, str]] | None = super().dequeue()
            return tasks
        self.next_pulse = time.monotonic() + settings.HEARTBEAT_SECONDS
        return [(PULSE, SignedPackage.dumps(_task()))]

    def acknowledge(self, task_id: int | str) -> None:
        if task_id == PULSE:
            if not connection.in_atomic_block:
                close_old_connections()
            beat = {"beat_at": timezone.now(), "pid": self.cluster_pid}
            Heartbeat.objects.update_or_create(cluster=cluster_name(), defaults=beat)
        else:
            super().acknowledge(task_id)


def cluster_name() -> str:
    """The name of the cluster this process belongs to, or of the machine: REPRISE_CLUSTER, or else the host's name."""
    return os.environ.get("REPRISE_CLUSTER") or socket.gethostname()


def supervised_name(cluster: str) -> str:
    """The name of a cluster on this machine. Of a long host name the end stays, which tells containers apart."""
    room = (Heartbeat._meta.get_field("cluster").max_length or 0) - len(cluster) - 1
    return f"{cluster_name()[-room:]}:{cluster}"


def last_beats() -> dict[str, datetime]:
    """The time of each cluster's last heartbeat, by that cluster's clock."""
    return dict(Heartbeat.objects.values_list("cluster", "beat_at"))


def cluster_ages() -> dict[str, float]:
    """Seconds since the last heartbeat, by cluster. One that has been silent for `GONE_AFTER` is left out."""
    now = timezone.now()
    rows = Heartbeat.objects.filter(beat_at__gt=now - GONE_AFTER).order_by("cluster")
    # One from the future was sent before the clock fell back, and tells as little as an old one.
    return {row.cluster: abs((now - row.beat_at).total_seconds()) for row in rows}


def forget_clusters(names: Iterable[str]) -> None:
    """Nobody misses clusters that were stopped on purpose, or that were stopped long ago."""
    stopped = Q(cluster__in=names) | Q(beat_at__lt=timezone.now() - GONE_AFTER)
    Heartbeat.objects.filter(stopped).delete()


def longest_silence() -> float:
    """The age in seconds at which a heartbeat counts as missing."""
    return 3.0 * settings.HEARTBEAT_SECONDS


def pulse() -> None:
    """Task that does nothing: its acknowledgement writes the heartbeat."""


def _task() -> dict[str, object]:
    return {
        "id": uuid4().hex,
        "name": PULSE,
        "func": "config.heartbeat.pulse",
        "args": (),
        "kwargs": {},
        "started": timezone.now(),
        "save": False,
        "ack_failure": True,
    }
