"""The whole portal as an operator runs it: processes, a port, a folder of its own."""

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
from django.conf import settings

from config.supervision.leftovers import marked_processes

RUN = [sys.executable, "manage.py", "run", "--no-demo"]


class Portal:
    """One folder and one port, from which the portal can be started repeatedly."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.pid_file = home / "postgres" / "postmaster.pid"
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        inherited = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "MAKEFLAGS", "MAKELEVEL"}}
        self.environment = inherited | {
            "REPRISE_HOME": str(home),
            "PORT": str(self.port),
            "HEARTBEAT_SECONDS": "3",
        }

    @contextmanager
    def running(self, *command: str) -> Iterator[subprocess.Popen[bytes]]:
        log = self.home / f"output-{time.monotonic_ns()}"
        with log.open("w") as output:  # not a pipe: leftovers would keep it open
            process = subprocess.Popen(
                command or RUN,
                cwd=settings.BASE_DIR,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_heed_interrupts,
            )
        try:
            wait_until(lambda: "Reprise is running" in log.read_text() or process.poll() is not None, seconds=180)
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

    def answers(self, path: str, words: str = "") -> bool:
        """Whether `path` answers with success and contains `words`."""
        try:
            return words in self.get(path)
        except OSError:
            return False

    def processes(self, word: str) -> list[psutil.Process]:
        """The descendants with `word` in the command line that are visible at this moment.

        A process that is just replacing its program shows neither its command line nor the mark.
        """
        return [process for process in marked_processes(self.home) if word in _command_line(process)]

    def main_process(self, word: str) -> psutil.Process:
        """The first child that leads its own group; waits, because the portal is up before its clusters."""
        wait_until(lambda: bool(self._leaders(word)))
        return self._leaders(word)[0]

    def _leaders(self, word: str) -> list[psutil.Process]:
        return [process for process in self.processes(word) if _group(process) == process.pid]

    def query(self, statement: str) -> list[tuple[object, ...]]:
        folder = self.pid_file.read_text().splitlines()[4]
        with psycopg.connect(f"postgresql://postgres@/postgres?host={folder}") as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def postmaster(self) -> psutil.Process:
        return psutil.Process(int(self.pid_file.read_text().split()[0]))

    def has_other_database(self, killed: psutil.Process) -> bool:
        """Whether PostgreSQL was restarted. The killed one's file stays a moment and goes before the new one."""
        try:
            return self.postmaster() != killed
        except (OSError, IndexError, psutil.Error):
            return False

    def assert_all_gone(self) -> None:
        assert marked_processes(self.home) == []
        assert not self.pid_file.exists()
        assert [p.pid for p in psutil.process_iter(["cmdline"]) if str(self.home) in (p.info["cmdline"] or [])] == []
        with socket.create_server(("127.0.0.1", self.port)):
            pass


def wait_until(condition: Callable[[], bool], seconds: float = 60, pause: float = 0.1) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(pause)


def _heed_interrupts() -> None:
    # Background processes of a shell ignore Ctrl-C, and everything they start inherits that.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:  # gone
        return []


def _group(process: psutil.Process) -> int | None:
    try:
        return os.getpgid(process.pid)
    except ProcessLookupError:
        return None
