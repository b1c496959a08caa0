"""Processes that are killed with -9."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.portal import wait_until

if TYPE_CHECKING:
    from benchmarks.faults.scene import Scene


def web(scene: Scene) -> str:
    """A web worker that is killed cuts the requests it had; the other goes on. With the whole web server killed, the
    portal answers again within 15 s. What was not answered has happened wholly or not at all, and a repeat finds out.
    """
    with scene.running():
        main = scene.portal.main_process("granian")
        for worker in main.children()[:1]:
            worker.kill()
        time.sleep(5)
        main.kill()
        wait_until(lambda: not scene.portal.answers("/healthz"), seconds=5, pause=0.02)
        begun = time.monotonic()
        wait_until(lambda: scene.portal.answers("/healthz"))
        back = time.monotonic() - begun
    return f"answered again {back:.1f} s after the whole server was killed"


def workers(scene: Scene) -> str:
    """All task workers are killed at once: clicks notice nothing, and their events arrive within two minutes."""
    with scene.running():
        killed = scene.kill_cluster_parts(depth=2)
    return f"{killed} processes killed; {scene.told_deliveries()}"


def scheduler(scene: Scene) -> str:
    """The guards of both clusters are killed, which also run the schedule: clicks notice nothing, new clusters run
    within a minute, events arrive within two.
    """
    with scene.running():
        before = scene.cluster_pids()
        killed = scene.kill_cluster_parts(depth=1)
        begun = time.monotonic()
        wait_until(lambda: before.isdisjoint(scene.cluster_pids()), seconds=120)
        back = time.monotonic() - begun
    return f"{killed} processes killed; both clusters beat again after {back:.0f} s; {scene.told_deliveries()}"


def database(scene: Scene) -> str:
    """PostgreSQL is killed: requests get 503 with Retry-After, it is started again within 10 s, and nothing is lost
    that was answered with 200.
    """
    with scene.running():
        server = scene.portal.postmaster()
        begun = time.monotonic()
        server.kill()
        wait_until(lambda: scene.portal.has_other_database(server))
        wait_until(lambda: scene.portal.answers("/readyz", '"database": {"status": "ok"}'))
        back = time.monotonic() - begun
    return f"PostgreSQL was back after {back:.1f} s; {scene.told_deliveries()}"
