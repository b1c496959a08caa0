"""One supervised process and everything it starts."""

import logging
import os
import signal
import subprocess
import time
from contextlib import suppress
from functools import partial

from config.supervision.parent import stop_with_parent

logger = logging.getLogger(__name__)
FIRST_RESTART_PAUSE, MAX_RESTART_PAUSE = 1.0, 30.0  # seconds between an exit and the next start
STEADY_SECONDS = 60.0  # seconds after which a child counts as healthy again


class Child:
    def __init__(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        self.name = name
        self.command = command
        self.environment = environment
        self.process: subprocess.Popen[bytes] | None = None
        # All times are of time.monotonic(), which never jumps.
        self.started = 0.0
        self.last_sign: object = None
        self.heard = 0.0
        self.pause = FIRST_RESTART_PAUSE / 2  # seconds
        self.next_start = 0.0
        self.kill_at: float | None = None

    def keep_alive(self) -> None:
        """Start the process if it is not running, after a pause that grows with each early exit; kill it if overdue."""
        self.reap()
        if self.process is None and time.monotonic() >= self.next_start:
            self._start()

    def silence(self, sign: object) -> float:
        """Seconds since the start or since `sign`, the latest sign of life, was first another one than before."""
        if sign != self.last_sign:
            self.last_sign, self.heard = sign, time.monotonic()
        return time.monotonic() - self.heard

    def request_stop(self, grace: float) -> None:
        """Signal the main process alone: a worker cluster hangs when its members are signalled as well.

        After `grace` seconds `reap` kills what is left.
        """
        if self.process and self.kill_at is None:
            # Not send_signal(), which would collect the exit of a process that has just ended; `reap` looks for it.
            os.kill(self.process.pid, signal.SIGTERM)
            self.kill_at = time.monotonic() + grace

    def reap(self) -> None:
        """Kill an overdue process. Once the main process has exited, kill what it left behind and forget it."""
        if self.process is None:
            return
        if self.kill_at and time.monotonic() > self.kill_at:
            logger.warning("%s does not stop; killing it", self.name)
            self._kill_group()
        # WNOWAIT leaves the exit uncollected, so no other process can get this id, or that of the group.
        if os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            self._kill_group()
            self._record_exit(self.process.wait())

    def _start(self) -> None:
        self.process = subprocess.Popen(
            self.command,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=partial(stop_with_parent, os.getpid()),
        )
        self.started = self.heard = time.monotonic()

    def _kill_group(self) -> None:
        if self.process:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def _record_exit(self, status: int) -> None:
        if self.kill_at is None:
            early = time.monotonic() - self.started < STEADY_SECONDS
            self.pause = min(self.pause * 2, MAX_RESTART_PAUSE) if early else FIRST_RESTART_PAUSE
            logger.error("%s ended (status %s); next start in %.0f s", self.name, status, self.pause)
            self.next_start = time.monotonic() + self.pause
        self.process = self.kill_at = None
