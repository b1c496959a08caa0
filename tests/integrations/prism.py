"""Prism, a server that answers by an official description and refuses what the description does not take."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

COMMAND = ("npx", "--yes", "--prefer-offline", "@stoplight/prism-cli@5", "mock", "--errors")
IS_REQUIRED = os.environ.get("REPRISE_CONTRACTS_REQUIRED") == "1"
# The first run on a machine fetches Prism. Elsewhere than in CI, a machine without the network soon goes on.
PATIENCE = 180 if IS_REQUIRED else 60
NPM = {"npm_config_fetch_retries": "3" if IS_REQUIRED else "0", "npm_config_update_notifier": "false"}


@contextmanager
def running_prism(description: Path, log: Path) -> Iterator[str]:
    """The address of a Prism that serves `description`; the test is skipped where Prism cannot run.

    With `REPRISE_CONTRACTS_REQUIRED=1` it fails instead.
    """
    if not shutil.which("npx"):
        _give_up("Prism needs Node, which is not installed")
    port = _find_free_port()
    with log.open("w") as output:
        command = [*COMMAND, "-p", str(port), str(description)]
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True, env=os.environ | NPM)
    try:
        _wait_until_listening(process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        with suppress(ProcessLookupError):  # it never started
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_until_listening(process: subprocess.Popen, log: Path) -> None:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        if "Prism is listening" in log.read_text():
            return
        if process.poll() is not None:
            _give_up(f"Prism does not start: {log.read_text()[-500:]}")
        time.sleep(0.1)
    _give_up(f"Prism did not start in {PATIENCE} s")


def _give_up(reason: str) -> None:
    if IS_REQUIRED:
        pytest.fail(reason)
    pytest.skip(reason)


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
