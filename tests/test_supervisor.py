"""The whole portal as a process tree: it comes up, heals, and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest
from django.conf import settings

from config.supervision.leftovers import marked

pytestmark = pytest.mark.slow
RUN = [sys.executable, "manage.py", "run", "--no-demo"]


class Portal:
    """One folder and port to run the portal from, time after time."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        inherited = {
            k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "MAKEFLAGS", "MAKELEVEL"}
        }
        self.environment = inherited | {
            "REPRISE_HOME": str(home),
            "PORT": str(self.port),
            "HEARTBEAT_SECONDS": "1",
        }

    @contextmanager
    def running(self, *command: str) -> Iterator[subprocess.Popen[bytes]]:
        log = self.home / "output"
        with log.open("w") as output:  # not a pipe: leftovers would keep it open
            process = subprocess.Popen(
                command or RUN,
                cwd=settings.BASE_DIR,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            said = f"Reprise is running at http://127.0.0.1:{self.port}"
            eventually(lambda: said in log.read_text() or process.poll() is not None, seconds=60)
            assert process.poll() is None, log.read_text()
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait(timeout=40)

    def refusal(self, **environment: str) -> str:
        tried = subprocess.run(
            RUN,
            cwd=settings.BASE_DIR,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert tried.returncode == 1
        return tried.stderr

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
            body: bytes = answer.read()
        return body.decode()

    def main_process(self, word: str) -> psutil.Process:
        """A child that leads its own group, its command line holding `word`."""
        return next(p for p in marked(self.home) if os.getpgid(p.pid) == p.pid and word in p.cmdline())

    def query(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(f"postgresql://postgres@/postgres?host={self.socket_folder()}") as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def socket_folder(self) -> str:
        return (self.home / "postgres" / "postmaster.pid").read_text().splitlines()[4]

    def assert_all_gone(self) -> None:
        assert marked(self.home) == []
        assert not (self.home / "postgres" / "postmaster.pid").exists()
        assert [
            p.pid for p in psutil.process_iter(["cmdline"]) if str(self.home) in (p.info["cmdline"] or [])
        ] == []
        with socket.create_server(("127.0.0.1", self.port)):
            pass


def eventually(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Portal:
    return Portal(tmp_path_factory.mktemp("portal"))


def test_it_runs_once_and_sigterm_ends_every_process_and_frees_the_port(
    portal: Portal, tmp_path: Path
) -> None:
    with portal.running() as supervisor:
        assert f"Reprise already runs from {portal.home} (process {supervisor.pid})" in portal.refusal()
        assert f"Port {portal.port} on 127.0.0.1 is not free" in portal.refusal(REPRISE_HOME=str(tmp_path))
        assert portal.get("/healthz") == "ok\n"
        assert portal.query("SHOW listen_addresses") == [("",)]
        eventually(lambda: len(portal.query("SELECT 1 FROM integrations_heartbeat")) == 2)
        supervisor.send_signal(signal.SIGTERM)
        assert supervisor.wait(timeout=40) == 0
    portal.assert_all_gone()


def test_a_start_after_kill_9_ends_the_leftovers_and_keeps_the_data(portal: Portal) -> None:
    with portal.running() as supervisor:
        portal.query("CREATE TABLE kept AS SELECT 7 AS number")
        cluster = portal.main_process("qcluster")
        orphans = cluster.children(recursive=True)
        assert orphans
        for process in (supervisor, cluster):
            process.kill()
        supervisor.wait()
        assert all(process.is_running() for process in orphans)
    with portal.running() as supervisor:
        assert not any(process.is_running() for process in orphans)
        assert portal.query("SELECT number FROM kept") == [(7,)]
        supervisor.send_signal(signal.SIGINT)
        assert supervisor.wait(timeout=40) == 0
    portal.assert_all_gone()


def test_a_killed_child_is_started_again(portal: Portal) -> None:
    with portal.running():
        before = {word: portal.main_process(word) for word in ("granian", "qcluster")}
        families = {p for process in before.values() for p in [process, *process.children(recursive=True)]}
        for process in before.values():
            process.kill()
        eventually(lambda: not any(process.is_running() for process in families))
        eventually(lambda: sum("qcluster" in p.cmdline() for p in marked(portal.home)) == 12)
        eventually(lambda: _answers(portal))
    portal.assert_all_gone()


def test_a_cluster_frozen_by_the_death_of_an_idle_worker_is_restarted(portal: Portal) -> None:
    with portal.running():
        cluster = portal.main_process("qcluster")
        sentinel = cluster.children()[0]
        eventually(lambda: len(sentinel.children()) == 4)
        for worker in sentinel.children()[:2]:
            worker.kill()
        eventually(lambda: not cluster.is_running())
        eventually(lambda: '"workers": {"status": "ok"' in portal.get("/readyz"))
    portal.assert_all_gone()


def test_the_embedded_database_is_brought_back(portal: Portal) -> None:
    with portal.running():
        postmaster = psutil.Process(int((portal.home / "postgres" / "postmaster.pid").read_text().split()[0]))
        postmaster.kill()
        eventually(lambda: _answers(portal, "/admin/login/"))
    portal.assert_all_gone()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_signal_to_make_alone_stops_everything(portal: Portal, number: signal.Signals) -> None:
    with portal.running("make", "--no-print-directory", "run", "RUN_ARGS=--no-demo") as make:
        make.send_signal(number)
        make.wait(timeout=40)
    eventually(lambda: not marked(portal.home))
    eventually(lambda: not (portal.home / "postgres" / "postmaster.pid").exists())
    portal.assert_all_gone()


def _answers(portal: Portal, path: str = "/healthz") -> bool:
    try:
        return bool(portal.get(path))
    except OSError:
        return False
