"""What the outbox requires of an integration: a class that turns deliveries into requests, and reads the answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import Protocol, runtime_checkable

from common.web.printable import printable_line
from integrations.models import Attempt, Connection, Delivery

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
    """The receiver will never accept this request; others may go on."""
    UNKNOWN = auto()
    """Nobody knows whether the receiver has it, and another try could do harm."""
    PAUSE = auto()
    """The connection itself is wrong (credentials, retired version); nothing more is sent until staff correct it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` is the HTTP status, None if no answer came; `retry_after` is in seconds.

    `detail` becomes one line of at most 2048 characters: the receiver's own words may be of any length, and hold
    characters that PostgreSQL refuses. `refused` says which deliveries of a bulk request the receiver named as wrong:
    their places in the parcel, with the reason. `quota_left` is the number of requests that it still allows.
    `remote_id` is the ID of the customer's profile at the receiver, or of the account for a test. `road` is the
    endpoint whose answer this is, where a parcel has several, and "" where nothing was sent. `lacking` are the scopes
    that a test found missing, though events can be sent.
    """

    outcome: Outcome
    status: int | None = None
    detail: str = ""
    retry_after: float | None = None
    refused: dict[int, str] = field(default_factory=dict)
    quota_left: int | None = None
    remote_id: str = ""
    road: str | None = None
    lacking: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "detail", printable_line(self.detail, DETAIL_LENGTH))


@dataclass(frozen=True, slots=True)
class Road:
    """An endpoint with its own limits, in requests for one account; None where there is none."""

    name: str
    per_second: int
    per_minute: int | None = None


@dataclass(slots=True)
class Parcel:
    """One or more deliveries that leave together.

    `send` makes the requests, one on each of `roads`; it runs in a thread of its own, must not use the database, and
    never raises for what the receiver does. `notes` are what staff should know of a delivery that is accepted,
    `statuses` the subscriber statuses that are sent, and `addresses` the e-mail addresses and phone numbers, or "",
    of the profiles, each by the delivery's key.
    """

    deliveries: Sequence[Delivery]
    roads: tuple[Road, ...]
    send: Callable[[], Answer]
    notes: dict[int, str] = field(default_factory=dict)
    statuses: dict[int, str] = field(default_factory=dict)
    addresses: dict[int, tuple[str, str]] = field(default_factory=dict)


@dataclass(slots=True)
class Prepared:
    """Deliveries as requests, those that are not sent, and those of which the portal can make no request.

    The two latter with the reason.
    """

    parcels: list[Parcel] = field(default_factory=list)
    skipped: list[tuple[Delivery, str]] = field(default_factory=list)
    failed: list[tuple[Delivery, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Setup:
    """What staff read where they connect an account. `scopes` are what the key must allow, each with its purpose.

    `key_change` is what they must know before they replace the key.
    """

    key: str
    key_help: str
    address_help: str = "Leave empty for the usual address."
    scopes: dict[str, str] = field(default_factory=dict)
    about: str = ""
    key_change: str = ""


@dataclass(frozen=True, slots=True)
class ShownRequest:
    """A request as staff see it: rebuilt, with its secrets masked. `body` is JSON or other text."""

    method: str
    path: str
    body: str = ""


class Integration(Protocol):
    setup: Setup
    in_flight: int
    """The most requests of one connection that may be on their way at the same time."""
    most_in_bulk: int
    """The most deliveries of a bulk request; 1 where the receiver takes no bulk."""
    keeps_order: bool
    """Each customer's events must arrive in their order, so a delivery waits for the customer's earlier ones."""

    def prepare(self, connection: Connection, deliveries: Sequence[Delivery], *, bulk: bool) -> Prepared:
        """The requests for `deliveries`, in a bounded number of queries.

        Their events are loaded, their customers are not.

        Without `bulk`, each parcel holds one delivery.
        """
        ...

    def next_attempt(self, delivery: Delivery, answer: Answer, now: datetime) -> datetime | None:
        """When to try again after a temporary fault; None to give up. `attempts_made` counts the failed one."""
        ...

    def note_delivered(self, connection: Connection, sent: Sequence[tuple[Parcel, Answer]]) -> None:
        """Keep what must be known of accepted parcels, in the transaction that notes them as delivered."""
        ...

    def rebuild_requests(self, delivery: Delivery, attempts: Sequence[Attempt]) -> list[ShownRequest]:
        """The requests of the delivery's attempts, made of the facts that are kept, in a bounded number of queries.

        The delivery's event, customer and connection are loaded.
        """
        ...

    def test(self, connection: Connection) -> Answer:
        """DONE with the account's name if key and address work, or else what is wrong; `remote_id` is the account."""
        ...


@runtime_checkable
class SendsSamples(Protocol):
    """An integration whose receiver knows a kind of event only once it has one."""

    def send_samples(self, connection: Connection, email: str, kinds: Sequence[str]) -> Answer:
        """Send one event of each of `kinds` about `email`, so that none of them starts anything."""
        ...
