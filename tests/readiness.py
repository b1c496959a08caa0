"""What /readyz of each web host said while things failed, beside what was true."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.hosts import SILENCE_SECONDS, Host, Hosts

MARGIN = 2.0  # seconds


@dataclass
class Look:
    host: str
    begun: float
    ended: float
    code: int
    checks: dict[str, Any]
    beats: list[dict[str, datetime]]  # before and after, read beside the pooler


@dataclass
class Watch:
    """`away`: when no host reached the database. `unsettled`: until the clusters of some hosts beat again.

    `dead`: the clusters of a host, and when its machine was off.
    """

    hosts: Hosts
    looks: list[Look] = field(default_factory=list)
    away: list[tuple[float, float]] = field(default_factory=list)
    unsettled: list[tuple[float, float]] = field(default_factory=list)
    dead: list[tuple[set[str], float, float]] = field(default_factory=list)

    @contextmanager
    def at_work(self, pause: float = 0.7) -> Iterator[None]:
        over = threading.Event()
        threads = [threading.Thread(target=self._ask, args=[host, over, pause]) for host in self.hosts.web]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join()

    def _ask(self, host: Host, over: threading.Event, pause: float) -> None:
        while not over.wait(pause):
            before, begun = self.hosts.read_beats(), time.monotonic()
            code, checks = host.ask_readyz()
            ended = time.monotonic()
            self.looks.append(Look(host.home.name, begun, ended, code, checks, [before, self.hosts.read_beats()]))

    @contextmanager
    def database_away(self) -> Iterator[None]:
        begun = time.monotonic()
        yield
        self.away.append((begun, time.monotonic()))

    @contextmanager
    def host_dead(self, host: Host) -> Iterator[None]:
        begun = time.monotonic()
        yield
        self.dead.append((host.clusters, begun, time.monotonic()))

    @contextmanager
    def unsettling(self, host: Host) -> Iterator[None]:
        """The clusters of `host` go through what the block does; afterwards, wait until each has beaten again."""
        begun = time.monotonic()
        yield
        self.hosts.await_beats(host)
        self.unsettled.append((begun, time.monotonic()))

    def lies(self) -> list[str]:
        """Each answer that was not so."""
        return [f"{look.host} {lie}: {look.code} {look.checks}" for look in self.looks for lie in self._lies_of(look)]

    def _lies_of(self, look: Look) -> Iterator[str]:
        if any(begun <= look.begun and look.ended <= ended for begun, ended in self.away):
            if look.code == 200:
                yield "found a database that was away"
        elif any(begun <= look.ended and look.begun <= ended for begun, ended in self.unsettled):
            return  # the answer may have come before or after the change
        elif look.code != 200:
            yield "found a failure where a host with workers was alive"
        else:
            yield from self._lies_about_workers(look)

    def _lies_about_workers(self, look: Look) -> Iterator[str]:
        workers = look.checks["workers"]
        silent = {name for name, age in workers["heartbeats"].items() if age >= SILENCE_SECONDS}
        before, after = look.beats
        if not before.keys() & after.keys() <= workers["heartbeats"].keys() <= before.keys() | after.keys():
            yield "knew other clusters than there were"
        if workers["status"] != ("warn" if silent else "ok"):
            yield "warned wrongly"
        for clusters, begun, ended in self.dead:
            is_missed = begun + SILENCE_SECONDS + MARGIN <= look.begun and look.ended <= ended
            if is_missed and not clusters <= silent:
                yield "missed no cluster of a host that was dead"
