"""What every kind of run says for itself: what it sends next, by which request, and what is noted of it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import Exists, OuterRef, QuerySet

from integrations.base import Answer, Road
from integrations.models import Connection, ProfileError, ProfileRun, SentProfile
from integrations.sandbox.private_keys import leads_to_sandbox
from subscriptions.models import Customer


@dataclass(frozen=True, slots=True)
class Item:
    """A profile or a past event. `key` is the one that the run's cursor counts, `identifier` an address or a number.

    `fault` says why it cannot be sent.
    """

    key: int
    customer: int
    identifier: str
    content: bytes = b""
    status: str = ""
    fault: str = ""
    row: Any = None


class RunKind(ABC):
    road: ClassVar[Road]
    most: ClassVar[int]
    """The most items of a request."""
    scopes: ClassVar[str]
    """What a key must be allowed, for staff."""

    def blocked_until(self, run: ProfileRun) -> datetime | None:
        """When to look again, if the run may not begin yet."""
        return None

    def requests(self, items: Sequence[Item]) -> int:
        """How many requests `send` makes at most."""
        return 1

    @abstractmethod
    def read_items(self, run: ProfileRun, limit: int) -> list[Item]:
        """The next items after the cursor, by key, without those that have an error; in a bounded number of queries."""

    @abstractmethod
    def send(self, run: ProfileRun, items: Sequence[Item]) -> Answer:
        """Make the requests; no transaction may be open."""

    @abstractmethod
    def note(self, run: ProfileRun, items: Sequence[Item], answer: Answer) -> None:
        """Keep what must be known of accepted items, in the transaction that moves the cursor."""


def reachable_customers(connection: Connection) -> QuerySet[Customer]:
    """The customers whom the connection may be told of: no erased ones, and test customers in the sandbox only."""
    erased = SentProfile.objects.filter(connection=connection, customer=OuterRef("pk"), erased_at__isnull=False)
    customers = connection.merchant.customers.filter(~Exists(erased), erased_at=None)
    # Test customers never reach a live account.
    return customers if leads_to_sandbox(connection) else customers.filter(is_test=False)


def errors_of_run(run: ProfileRun) -> Exists:
    """Whether a row has an error in this run already."""
    return Exists(ProfileError.objects.filter(run=run, key=OuterRef("pk")))
