"""Signs of life of the worker clusters.

A cluster whose idle worker or monitor was killed runs no more tasks, yet reports that it works. So each cluster sends a
task of its own through all its parts, and the last of them writes the heartbeat: see `task_queue`.
"""

import os
import socket
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_hex

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from integrations.models import Heartbeat

PULSE = "pulse"
# A cluster that is silent for so long was on a machine that does not come back.
GONE_AFTER = timedelta(hours=1)


def cluster_name() -> str:
    """The name of the cluster this process belongs to, or of the machine: REPRISE_CLUSTER, or else the host's name."""
    return os.environ.get("REPRISE_CLUSTER") or socket.gethostname()


def supervised_name(cluster: str) -> str:
    """The name of a cluster of this installation. Of a long host name the end stays, which tells containers apart."""
    machine = os.environ.get("REPRISE_CLUSTER") or f"{socket.gethostname()}-{_installation_mark()}"
    room = (Heartbeat._meta.get_field("cluster").max_length or 0) - len(cluster) - 1
    return f"{machine[-room:]}:{cluster}"


def _installation_mark() -> str:
    """Tells installations apart whose hosts have the same name; made once in REPRISE_HOME."""
    path: Path = settings.HOME / "run" / "installation"
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError), path.open("x") as file:
        file.write(token_hex(3))
    return path.read_text()


def last_beats() -> dict[str, datetime]:
    """The time of each cluster's last heartbeat, by that cluster's clock."""
    return dict(Heartbeat.objects.values_list("cluster", "beat_at"))


def beat(pid: int) -> None:
    """Write the heartbeat of this process's cluster, whose main process is `pid`."""
    Heartbeat.objects.update_or_create(cluster=cluster_name(), defaults={"beat_at": timezone.now(), "pid": pid})


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
