"""What the outbox requires of an integration: a class that sends one delivery and returns the outcome."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from common.web.printable import printable_line
from integrations.models import Delivery

DETAIL_LENGTH = 2048  # of the column of an attempt


class Outcome(Enum):
    DONE = auto()
    SKIPPED = auto()
    """This event is not sent to the receiver; `detail` says why."""
    RETRY = auto()
    """A temporary fault: server error, time-out, broken connection."""
    THROTTLED = auto()
    """The receiver asked to slow down; this does not count as an attempt."""
    DEAD = auto()
    """The receiver will never accept this delivery; others may go on."""
    PAUSE = auto()
    """The connection itself is wrong (credentials, retired version); nothing more is sent until staff correct it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` is the HTTP status, None if no answer came; `retry_after` is in seconds.

    `detail` becomes one line of at most 2048 characters: the receiver's own words may be of any length, and hold
    characters that PostgreSQL refuses.
    """

    outcome: Outcome
    status: int | None = None
    detail: str = ""
    retry_after: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "detail", printable_line(self.detail, DETAIL_LENGTH))


class Integration(Protocol):
    per_minute: int
    """The most requests per minute for one connection."""
    first_wait: int
    longest_wait: int
    """Seconds to wait after the first temporary fault in a row; doubled each time up to the longest."""
    give_up_after: int
    """Seconds after which a delivery that met only temporary faults becomes a dead letter."""

    def send(self, delivery: Delivery) -> Answer:
        """Send one delivery, outside any transaction; it never raises for what the receiver does.

        `delivery.event`, its customer and merchant, and `delivery.connection` are loaded.
        """
        ...
