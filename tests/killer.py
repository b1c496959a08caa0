"""Kills workers with -9: those of a running portal at random, and one of the tests in the middle of its work."""

import multiprocessing
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psutil
from django.db import connections

from tests.portal import Portal, wait_until


class Killer(threading.Thread):
    """Kills a busy worker with -9 now and then; `killed` counts them."""

    def __init__(
        self, portal: Portal, chance: random.Random, pause: tuple[float, float] = (0.5, 2), most: int | None = None
    ) -> None:
        """`pause`: the shortest and the longest time between two looks, in seconds. `most`: kills, None for no end."""
        super().__init__(daemon=True)
        self.portal, self.chance, self.pause, self.most = portal, chance, pause, most
        self.killed = 0
        self.over = threading.Event()

    def run(self) -> None:
        while self.killed != self.most and not self.over.wait(self.chance.uniform(*self.pause)):
            if busy := self.busy():
                with suppress(psutil.NoSuchProcess):
                    self.chance.choice(busy).kill()
                    self.killed += 1

    def busy(self) -> list[psutil.Process]:
        """Workers are children of a cluster's sentinel; a busy one uses the processor."""
        before = {worker: _used(worker) for worker in self.workers()}
        time.sleep(0.05)
        return [worker for worker, used in before.items() if _used(worker) > used]

    def workers(self) -> list[psutil.Process]:
        found = [process for process in self.portal.processes("qcluster") if cluster_depth(process) == 2]
        return found

    @contextmanager
    def at_work(self) -> Iterator[None]:
        self.start()
        try:
            yield
        finally:
            self.over.set()
            self.join()


def kill_in_the_middle(
    task: Callable[[int], None], key: int, is_half_done: Callable[[], bool], later: float = 0
) -> None:
    """Let a process of its own do `task(key)`, and kill it so many seconds after `is_half_done`."""
    connections.close_all()
    worker = multiprocessing.get_context("fork").Process(target=_work, args=[task, key])
    worker.start()
    try:
        wait_until(is_half_done, pause=0.002)
        time.sleep(later)
    finally:
        worker.kill()
        worker.join()
    assert worker.exitcode == -signal.SIGKILL, "the worker was finished before"


def _work(task: Callable[[int], None], key: int) -> None:
    """With Playwright's event loop, which ends with the fork, Django keeps another connection: it is still open here.

    It is the tests' own and must be neither used nor closed.
    """
    inherited = [(each, each.connection) for each in connections.all(initialized_only=True)]
    for each, _ in inherited:
        each.connection = None
    task(key)


def _used(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
        return float(times.user + times.system)
    except psutil.Error:
        return 0.0


def cluster_depth(process: psutil.Process) -> int:
    """Of a cluster's main process 0, of its sentinel 1, of workers, monitor and pusher 2."""
    try:
        return sum("qcluster" in parent.cmdline() for parent in process.parents())
    except psutil.Error:
        return -1
