"""The time of the cores that each part of the portal takes."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from tests.portal import Portal

OURS = "the trial itself"


class Processor:
    """`shares` has one row per hour of the day: how many cores each part kept busy."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.shares: list[dict[str, float]] = []
        self.last, self.spent = time.monotonic(), self._spent()

    def look(self, hour: float) -> None:
        """Note the hours that are over by `hour`. Seldom, because it costs as much as a page."""
        if int(hour) > len(self.shares) and len(self.shares) < 24:
            now, spent = time.monotonic(), self._spent()
            self.shares.append({name: (spent[name] - self.spent[name]) / (now - self.last) for name in spent})
            self.last, self.spent = now, spent

    def rows(self) -> list[tuple[str, str]]:
        """Of the whole day, and of the hour that had most to do."""
        mean = {name: sum(share[name] for share in self.shares) / len(self.shares) for name in self.shares[0]}
        busiest = max(self.shares, key=lambda share: sum(share.values()))
        hour = self.shares.index(busiest)
        return [
            ("cores busy, of " + str(os.cpu_count()), _told(mean)),
            (f"likewise, in the busiest hour, {hour} to {hour + 1} o'clock", _told(busiest)),
        ]

    def _spent(self) -> dict[str, float]:
        """In seconds, with the processes that have ended meanwhile."""
        server = self.portal.postmaster()
        ours = psutil.Process()
        groups = {
            "web": self.portal.processes("granian"),
            "workers": self.portal.processes("qcluster"),
            "PostgreSQL": [server, *server.children()],
            OURS: [ours, *(child for child in ours.children() if "manage.py" not in child.cmdline())],
        }
        return {name: sum(_used(process) for process in processes) for name, processes in groups.items()}


def _used(process: psutil.Process) -> float:
    try:
        return float(sum(process.cpu_times()[:4]))  # its own and that of its children that have ended
    except psutil.Error:  # gone
        return 0.0


def _told(shares: dict[str, float]) -> str:
    parts = ", ".join(f"{name} {share:.2f}" for name, share in shares.items())
    return f"{sum(shares.values()):.2f}: {parts}"
