"""One trial: a portal in a folder of its own, events, faults, killed workers and a restart of PostgreSQL."""

import json
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
from django.conf import settings

from tests.killer import Killer
from tests.portal import Portal, wait_until

# The share in percent of each fault of the sandbox, and whether the request is stored all the same.
FAULTS = {
    "429": (1, False),
    "429-date": (1, False),
    "429-bare": (1, False),
    "500": (4, True),
    "502": (2, False),
    "503": (2, False),
    "reset": (4, True),
    "slow": (4, True),
    "timeout": (1, True),
}


@dataclass(frozen=True, slots=True)
class Trial:
    """`kill_every` is the shortest and the longest pause between two kills, and `emit_in` how long events come."""

    events: int = 20_000
    customers: int = 4_000
    seed: int = 1
    kill_every: tuple[float, float] = (2, 6)
    most_kills: int | None = None
    emit_in: float = 120
    patience: float = 3600


def run_trial(trial: Trial, home: Path, faults: dict[str, tuple[int, bool]] = FAULTS) -> dict[str, Any]:
    """The report of `inside`, with the kills, the restarts and the seconds that it took."""
    portal = Portal(home)
    portal.environment |= {"DJANGO_SETTINGS_MODULE": "benchmarks.chaos.settings", "HEARTBEAT_SECONDS": "5"}
    killer = Killer(portal, random.Random(trial.seed), trial.kill_every, trial.most_kills)
    with portal.running():
        begun = time.monotonic()
        arguments = {
            "events": trial.events,
            "customers": trial.customers,
            "faults": faults,
            "seed": trial.seed,
            "seconds": trial.emit_in,
        }
        sender = start_inside(portal, "send", json.dumps(arguments))
        try:
            with killer.at_work():
                wait_until(
                    lambda: _has_received(portal, trial.events // 2) or sender.poll() is not None, trial.patience
                )
                _restart_database(portal)
                sender.communicate(timeout=trial.patience)
        finally:
            sender.kill()
        seconds = time.monotonic() - begun
        assert sender.returncode == 0, "the events could not be written; see above"
        found, _ = start_inside(portal, "report").communicate(timeout=300)
    return {**json.loads(found), "killed": killer.killed, "restarts": 1, "seconds": round(seconds)}


def start_inside(portal: Portal, *arguments: str) -> subprocess.Popen[str]:
    """Call a function of `inside` in the portal's own database."""
    command = [sys.executable, "-m", "benchmarks.chaos.inside", *arguments]
    return subprocess.Popen(command, cwd=settings.BASE_DIR, env=portal.environment, stdout=subprocess.PIPE, text=True)


def _has_received(portal: Portal, events: int) -> bool:
    try:
        [(count,)] = portal.query("SELECT count(*) FROM integrations_sandboxevent")
    except (psycopg.Error, OSError):
        return False
    return isinstance(count, int) and count >= events


def _restart_database(portal: Portal) -> None:
    """End the server with all its sessions; the portal itself starts it again."""
    server: psutil.Process = portal.postmaster()
    server.send_signal(signal.SIGINT)
    wait_until(lambda: portal.has_other_database(server))
