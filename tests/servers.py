"""Servers of others that tests start: each is a process that can be killed and started again."""

import configparser
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict

from config import postgres


def find_program(name: str) -> str | None:
    """Debian puts servers where only root looks."""
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")


needs_servers = pytest.mark.skipif(
    not (find_program("pgbouncer") and find_program("redis-server")), reason="no PgBouncer or Redis here: .ci/servers"
)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


class Server:
    """`log` gets its output. Where root runs the tests, the process can be that of another `user`."""

    def __init__(self, log: Path, command: Sequence[str], environment: dict[str, str], user: str = "") -> None:
        self.log, self.command, self.environment, self.user = log, command, environment, user
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        as_user: dict[str, Any] = {}
        if self.user and os.geteuid() == 0:
            entry = pwd.getpwnam(self.user)
            as_user = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                cwd=settings.BASE_DIR,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                **as_user,
            )

    def kill(self) -> None:
        self.end(signal.SIGKILL)

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Signal the main process, and end what is left of its group."""
        if self.process is None:
            return
        self.process.send_signal(number)
        self.process.wait(40)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process = None


def make_pool(folder: Path, databases: Mapping[str, str], **options: str) -> Server:
    """A PgBouncer as deploy/pgbouncer.ini describes it, in front of the `databases` (psycopg's words) by their names.

    `options` go before those of the file.
    """
    sample = configparser.ConfigParser()
    sample.read(settings.BASE_DIR / "deploy" / "pgbouncer.ini")
    sample["databases"] = databases
    # Without a password, and not in the place of another one.
    sample["pgbouncer"].update({"auth_type": "any", "unix_socket_dir": "", **options})
    path = folder / "pgbouncer.ini"
    with path.open("w") as file:
        sample.write(file)
    path.chmod(0o644)
    for place in (folder, *folder.parents):  # for the user as whom PgBouncer runs, if root starts it
        if not place.stat().st_mode & stat.S_IXOTH:
            place.chmod(place.stat().st_mode | stat.S_IXOTH)
    command = [find_program("pgbouncer") or "pgbouncer", str(path)]
    return Server(folder / "pgbouncer.log", command, dict(os.environ), user=postgres.SERVER_USER)


def make_redis(folder: Path, port: int) -> Server:
    words = f"redis-server --port {port} --bind 127.0.0.1 --save --appendonly no --dir {folder}"
    return Server(folder / "redis.log", words.split(), dict(os.environ))


def make_replica(home: Path, primary_url: str) -> str:
    """Copy the database server at `primary_url` into `home`, start it there as its replica, and return its URL."""
    data = home / "postgres"
    home.mkdir()
    postgres._make_private_folder(data, user := postgres._server_user())
    if user:
        postgres._allow_server_user(data, user)
    socket_folder = str(conninfo_to_dict(primary_url)["host"])
    copy = ("-R", "-c", "fast", "-U", "postgres", "-h", socket_folder, "-D", str(data))
    done = postgres._run_program("pg_basebackup", *copy)
    assert done.returncode == 0, done.stdout
    (data / ".s.PGSQL.5432.lock").unlink(missing_ok=True)  # copied with the rest
    return postgres.start_embedded_server(home)
