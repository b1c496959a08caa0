"""The portal on several hosts: PostgreSQL, PgBouncer and Redis, two hosts with the web server and two with workers.

All of them are on this machine, each host with a folder, a name and a port of its own.
"""

import json
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg.conninfo import conninfo_to_dict

from config import postgres
from config.database.sessions import SESSION_SETTINGS
from config.supervision.leftovers import marked_processes
from tests.portal import Portal, wait_until
from tests.servers import Server, free_port, make_pool, make_redis, make_replica

MANAGE = [sys.executable, "manage.py"]
SETTINGS = "tests.jobs.chaos.settings"
HEARTBEAT_SECONDS = 5
SILENCE_SECONDS = 3 * HEARTBEAT_SECONDS


class Host(Portal):
    """A machine with either the web server or workers."""

    def __init__(self, folder: Path, role: str, environment: dict[str, str]) -> None:
        folder.mkdir()
        super().__init__(folder)
        self.environment |= environment | {"REPRISE_CLUSTER": folder.name, "PORT": str(self.port)}
        self.server = Server(folder / "output", [*MANAGE, role], self.environment)

    @property
    def clusters(self) -> set[str]:
        return {f"{self.home.name}:workers-{number}" for number in (1, 2)}

    def kill(self) -> None:
        """As when the machine loses its power."""
        for process in [*([psutil.Process(self.server.process.pid)] if self.server.process else []), *self.marked()]:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.server.kill()

    def marked(self) -> list[psutil.Process]:
        return marked_processes(self.home)

    def ask_readyz(self) -> tuple[int, dict[str, Any]]:
        """The status, 0 without an answer, and what each check says."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=20) as answer:
                return answer.status, json.load(answer)["checks"]
        except urllib.error.HTTPError as refused:
            return refused.code, json.load(refused)["checks"]
        except OSError:
            return 0, {}


class Hosts:
    """`environment` is what all hosts have; change it before `running`."""

    def __init__(self, folder: Path) -> None:
        """`folder` holds the files of a migrated database server in `postgres`."""
        self.folder = folder
        self.direct_url = postgres.start_embedded_server(folder)
        with psycopg.connect(self.direct_url, autocommit=True) as connection:
            for name, value in SESSION_SETTINGS.items():
                connection.execute(f"ALTER ROLE CURRENT_USER SET {name} = '{value}'")
        self.pool_port, self.redis_port = free_port(), free_port()
        self.replica_url = make_replica(folder / "replica", self.direct_url)
        servers = {"pooled": self.direct_url, "replica": self.replica_url}
        databases = {
            name: f"host={conninfo_to_dict(url)['host']} user=postgres dbname=postgres" for name, url in servers.items()
        }
        self.pool = make_pool(folder, databases, listen_port=str(self.pool_port))
        self.redis = make_redis(folder, self.redis_port)
        self.environment = {
            "DJANGO_SETTINGS_MODULE": SETTINGS,
            "DATABASE_URL": f"postgresql://postgres@127.0.0.1:{self.pool_port}/pooled",
            "DATABASE_REPLICA_URL": f"postgresql://postgres@127.0.0.1:{self.pool_port}/replica",
            "DATABASE_POOLED": "true",
            "DATABASE_DIRECT_URL": self.direct_url,
            "BROKER_URL": f"redis://127.0.0.1:{self.redis_port}/0",
            "CACHE_URL": f"redis://127.0.0.1:{self.redis_port}/1",
            "HEARTBEAT_SECONDS": str(HEARTBEAT_SECONDS),
            "OUTBOUND_ALLOW_PRIVATE_ADDRESSES": "1",
            "WEB_WORKERS": "1",
            "PLACEMENT_CONCURRENCY": "1",
        }
        self.web = [self._host(f"web-{number}", "web") for number in (1, 2)]
        self.workers = [self._host(f"workers-{number}", "workers") for number in (1, 2)]
        for host in (*self.web, *self.workers):
            host.environment["PUBLIC_URL"] = f"http://127.0.0.1:{self.web[0].port}"

    def _host(self, name: str, role: str) -> Host:
        return Host(self.folder / name, role, self.environment)

    @contextmanager
    def running(self) -> Iterator[None]:
        """All servers and hosts, from when both web hosts find all clusters alive."""
        try:
            self.pool.start()
            self.redis.start()
            for host in self.web:
                host.server.start()
            # One after the other, as clusters that need too long for their first sign of life are started anew.
            for host in self.workers:
                host.server.start()
                self.await_beats(host)
            wait_until(self.is_whole, 180, pause=1)
            yield
        finally:
            self._end_all()

    def _end_all(self) -> None:
        for host in (*self.workers, *self.web):
            if host.server.process:
                host.server.process.send_signal(signal.SIGTERM)
        for server in [*(host.server for host in (*self.workers, *self.web)), self.pool, self.redis]:
            server.end()
        self.stop_replica()
        self.stop_database()

    def await_beats(self, host: Host) -> None:
        """Until each cluster of `host` gives a sign of life."""
        since = datetime.now(UTC)
        wait_until(
            lambda: host.clusters <= {name for name, at in self.read_beats().items() if at > since}, 180, pause=0.5
        )

    def read_beats(self) -> dict[str, datetime]:
        """The last sign of life of each cluster; empty while the database is away."""
        try:
            return dict(self.query("SELECT cluster, beat_at FROM integrations_heartbeat"))
        except psycopg.Error:
            return {}

    def is_whole(self) -> bool:
        """Whether both web hosts say that all is well, with the clusters of both worker hosts."""
        clusters = set().union(*(host.clusters for host in self.workers))
        for host in self.web:
            code, checks = host.ask_readyz()
            if code != 200 or any(check["status"] != "ok" for name, check in checks.items() if name != "deliveries"):
                return False
            if set(checks["workers"]["heartbeats"]) != clusters:
                return False
        return True

    def stop_database(self) -> None:
        """All sessions end at once, as before a restart."""
        _stop_server(self.folder)

    def start_database(self) -> None:
        postgres.ensure_server_running(self.folder)

    def stop_replica(self) -> None:
        _stop_server(self.folder / "replica")

    def start_replica(self) -> None:
        postgres.ensure_server_running(self.folder / "replica")

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Beside the pooler."""
        with psycopg.connect(self.direct_url) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


def _stop_server(home: Path) -> None:
    server = psutil.Process(int((home / "postgres" / "postmaster.pid").read_text().split()[0]))
    server.send_signal(signal.SIGINT)
    server.wait(20)
