"""The system that is told of events, where it fails."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.faults.scene import Scene


def storm(scene: Scene) -> str:
    """The receiver answers 503 to everything for 40 s: five faults in a row, then one request a minute to try; clicks
    notice nothing, and all events arrive within three minutes of its return.
    """
    with scene.running():
        scene.let_receiver_fail("503")
        time.sleep(40)
        tried = scene.count_attempts(status=503)
        scene.let_receiver_recover()
    return f"{tried} events were tried meanwhile; {scene.told_deliveries()}"


def silent_receiver(scene: Scene) -> str:
    """The receiver takes requests and answers nothing for 40 s: a request ends after 15 s, clicks notice nothing, and
    all events arrive within three minutes of its return.
    """
    with scene.running():
        scene.let_receiver_fail("timeout")
        time.sleep(40)
        scene.let_receiver_recover()
    return f"{scene.count_attempts(status=None)} attempts without an answer; {scene.told_deliveries()}"


def day_without_receiver(scene: Scene) -> str:
    """The receiver answers 503 for 23 hours, of simulated time, while clicks go on: they notice nothing, nothing is
    given up, and all events arrive within an hour of its return.
    """
    with scene.running(**scene.movable_clock()):
        scene.let_receiver_fail("503")
        time.sleep(5)
        for hour in range(1, 24):
            scene.set_clock(hour)
            scene.sweep()
            time.sleep(2)
        tried = scene.count_attempts(status=503)
        scene.let_receiver_recover()
        scene.set_clock(24)
        scene.sweep()
    return f"{tried} attempts in that day; {scene.told_deliveries()}"
