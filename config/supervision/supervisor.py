"""Keeps a set of processes alive until it is asked to stop."""

import fcntl
import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from config.supervision import parent
from config.supervision.child import Child

logger = logging.getLogger(__name__)
STEP_SECONDS = 0.25  # seconds between two checks
STOP_GRACE = 20.0  # seconds in which a child may finish its work


def on_stop_signals(handler: Callable[[int, FrameType | None], None]) -> None:
    """Call `handler` on Ctrl-C, on SIGTERM, and when the terminal closes unless nohup is in effect."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)


class AlreadyRunning(Exception):
    """Another supervisor holds the lock; the text tells its process id."""


@contextmanager
def single_instance_lock(lock: Path) -> Iterator[None]:
    """Hold `lock`, a file in the folder `run` of REPRISE_HOME, while the block runs.

    The kernel releases it however the process ends.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a+") as file:
        file.seek(0)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(
                f"Reprise is already running from {lock.parent.parent} (process {file.read().strip()}). "
                "Stop it first, or choose another folder with REPRISE_HOME."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


class Supervisor:
    """From its creation on, stop signals and the end of the make that started it request a stop."""

    def __init__(self) -> None:
        self.children: list[Child] = []
        self.stop_requested = False
        self.make = os.getppid() if os.environ.get("REPRISE_UNDER_MAKE") else None
        if self.make:
            parent.stop_with_parent(self.make)
        on_stop_signals(self._request_stop)

    def _request_stop(self, number: int, frame: FrameType | None) -> None:
        self.stop_requested = True

    @property
    def stopping(self) -> bool:
        self.stop_requested = self.stop_requested or bool(self.make and parent.is_parent_stopping(self.make))
        return self.stop_requested

    def step(self) -> bool:
        """Keep all children alive for one step; False once a stop is requested."""
        if self.stopping:
            return False
        for child in self.children:
            child.keep_alive()
        time.sleep(STEP_SECONDS)
        return True

    def run(self, check: Callable[[], None], every: float) -> None:
        """Keep the children alive until a stop is requested, and call `check` each `every` seconds."""
        next_check = time.monotonic() + every
        while self.step():
            if time.monotonic() >= next_check:
                check()
                next_check = time.monotonic() + every

    def stop(self) -> None:
        for child in self.children:
            child.request_stop(STOP_GRACE)
        while any(child.process for child in self.children):
            for child in self.children:
                child.reap()
            time.sleep(STEP_SECONDS / 5)
