"""The machine: its disk and its clock."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.portal import wait_until

if TYPE_CHECKING:
    from benchmarks.faults.scene import Scene


def full_disk(scene: Scene) -> str:
    """The disk of the database is full for 15 s: a write gets 503, PostgreSQL may end; with room again it works within
    30 s, and nothing is lost that was answered with 200.
    """
    rest = scene.portal.home / "rest"
    with scene.running():
        with rest.open("wb") as file:
            try:
                while file.write(bytes(1 << 16)):
                    file.flush()
            except OSError:
                pass
        time.sleep(15)
        rest.unlink()
        begun = time.monotonic()
        wait_until(lambda: scene.portal.answers("/readyz", '"database": {"status": "ok"}'))
        back = time.monotonic() - begun
    return f"/readyz was content {back:.1f} s after there was room; {scene.told_deliveries()}"


def clock_forward(scene: Scene) -> str:
    """The clock of the portal's machine jumps an hour ahead, that of the database does not: clicks notice nothing, no
    cluster is restarted for the age of its heartbeat, and events arrive as before.
    """
    with scene.running(**scene.movable_clock()):
        before = scene.cluster_pids()
        scene.set_clock(1)
        time.sleep(40)
        assert before == scene.cluster_pids(), "a cluster was restarted without need"
    return f"no cluster was restarted; {scene.told_deliveries()}"


def clock_back(scene: Scene) -> str:
    """The clock of the portal's machine falls an hour back, just as all task workers are killed with their leases, and
    is put right after a minute: clicks notice nothing, new clusters run, the schedule goes on. What waited when the
    clock fell waits until it is right.
    """
    with scene.running(**scene.movable_clock()):
        before = scene.cluster_pids()
        scene.set_clock(-1)
        scene.kill_cluster_parts(depth=2)
        time.sleep(60)
        assert before.isdisjoint(scene.cluster_pids()), "the frozen clusters were not restarted"
        assert scene.is_schedule_early(), "the schedule stands still"
        scene.set_clock(0)
    return f"both clusters were restarted; {scene.told_deliveries()}"
