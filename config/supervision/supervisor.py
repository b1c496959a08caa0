"""Keeps a set of children alive until it is told to stop."""

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
STEP = 0.25  # seconds between two looks
GRACE = 20.0  # seconds a child may take to finish what it does


def on_stop_signals(handler: Callable[[int, FrameType | None], None]) -> None:
    """Call `handler` on Ctrl-C, on SIGTERM, and when the terminal closes, unless nohup says to stay."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)


class AlreadyRuns(Exception):
    """Another supervisor holds the lock; the text is its process id."""


@contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Hold `lock` while the block runs. The kernel frees it however the process ends."""
    with lock.open("a+") as file:
        file.seek(0)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRuns(file.read().strip()) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


class Supervisor:
    """Once made, it takes the stop signals and the end of a make above it for the wish to stop."""

    def __init__(self) -> None:
        self.children: list[Child] = []
        self.told_to_stop = False
        self.make = os.getppid() if os.environ.get("REPRISE_UNDER_MAKE") else None
        if self.make:
            parent.die_with(self.make)
        on_stop_signals(self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.told_to_stop = True

    @property
    def stopping(self) -> bool:
        self.told_to_stop = self.told_to_stop or bool(self.make and parent.wants_to_stop(self.make))
        return self.told_to_stop

    def step(self) -> bool:
        """Keep all children alive for one more moment; False when it is time to stop."""
        if self.stopping:
            return False
        for child in self.children:
            child.keep_alive()
        time.sleep(STEP)
        return True

    def run(self, watch: Callable[[], None], every: float) -> None:
        """Keep the children alive until told to stop, calling `watch` every so many seconds."""
        next_watch = time.monotonic() + every
        while self.step():
            if time.monotonic() >= next_watch:
                watch()
                next_watch = time.monotonic() + every

    def stop(self) -> None:
        for child in self.children:
            child.ask_to_stop(GRACE)
        while any(child.process for child in self.children):
            for child in self.children:
                child.clear_away()
            time.sleep(STEP / 5)
