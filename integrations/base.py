"""What an integration is to the outbox: one class that sends one delivery and says how it went."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from integrations.models import Delivery


class Outcome(Enum):
    DONE = auto()
    SKIPPED = auto()
    """There is nobody to tell; `detail` says why."""
    RETRY = auto()
    """A temporary fault: server error, time-out, cut line."""
    THROTTLED = auto()
    """Too fast; no attempt counts."""
    DEAD = auto()
    """The receiver will never take this one; others may go on."""
    PAUSE = auto()
    """The connection itself is wrong (credentials, retired version); nothing more is sent until it is mended."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` is the HTTP status, None when no answer came; `retry_after` in seconds."""

    outcome: Outcome
    status: int | None = None
    detail: str = ""
    retry_after: float | None = None


class Integration(Protocol):
    per_minute: int
    """How many requests the client allows itself for each connection."""
    first_wait: int
    longest_wait: int
    """Seconds to wait after the first temporary fault in a row; doubled each time up to the longest."""
    give_up_after: int
    """Seconds after which a delivery that only met temporary faults counts as failed for good."""

    def send(self, delivery: Delivery) -> Answer:
        """Send one delivery, outside any transaction; never raises for what the other side does.

        `delivery.event`, its customer and merchant, and `delivery.connection` are loaded.
        """
        ...
