"""A fault that is tried, by its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.faults.scene import Scene


@dataclass(frozen=True, slots=True)
class Fault:
    """`run` makes the fault happen, and returns what it saw once the portal has recovered.

    `gap`: the longest time in seconds in which no click at all may be answered with success. `answer`: the longest that
    a click may wait for any answer. `disk`: the portal lives on a disk of this size, such as `700m`.
    """

    run: Callable[[Scene], str]
    gap: float = 5
    answer: float = 5
    disk: str = ""

    @property
    def name(self) -> str:
        return self.run.__name__

    @property
    def promise(self) -> str:
        """The docstring of `run`."""
        return " ".join((self.run.__doc__ or "").split())
