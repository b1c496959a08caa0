"""The agent who asks, the limits of time of what agents do, and how it may end."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from django.db import OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected, LockNotAvailable, QueryCanceled

from common.db import execute
from common.web.printable import printable_line
from subscriptions.actors import Actor, ActorKind
from subscriptions.errors import Busy, DomainError, NotFound, Refused
from subscriptions.models import Merchant

DEADLINE = 10.0  # seconds from the beginning of the request, after which nothing is committed any more
LIMITS = "SELECT set_config('lock_timeout', '2s', true), set_config('statement_timeout', '4s', true)"
LATER_ERRORS = (LockNotAvailable, QueryCanceled, DeadlockDetected)
AGENT_NAME = "Gladly agent"  # Gladly does not say which

BUSY = "Somebody else is changing this customer's data. Nothing was changed; try again in a moment."
TOO_LATE = "This took too long. Nothing was changed; try again in a moment."
UNKNOWN = "This subscription was not found. Nothing was changed; reload the profile."
SWITCHED_OFF = "This action is switched off in the subscription portal. Nothing was changed."
NOT_ACTIVE = "This subscription is not active any more. Nothing was changed."
NOT_ON_ORDER = "This subscription is not on that order any more. Nothing was changed; reload the profile."
NOT_OPEN = "This order is on its way or locked, and can no longer be skipped. Nothing was changed."
# Refusals whose own sentences tell of what agents cannot do.
SENTENCES = {
    "subscription_not_active": NOT_ACTIVE,
    "order_not_open": NOT_OPEN,
    "subscription_not_in_order": NOT_ON_ORDER,
}


@dataclass(frozen=True, slots=True)
class AgentRequest:
    """Who asks: an agent of `merchant`, in a request that began at `started` on the monotonic clock."""

    merchant: Merchant
    correlation_id: str = ""
    started: float = field(default_factory=time.monotonic)

    @property
    def actor(self) -> Actor:
        """The correlation id stands on the activity as the actor's id."""
        return Actor(ActorKind.AGENT, printable_line(self.correlation_id, 64), AGENT_NAME)

    def require_time(self) -> None:
        if time.monotonic() - self.started > DEADLINE:
            raise Declined(Why.LATER, TOO_LATE)


class Why(Enum):
    INVALID = auto()
    """What the agent entered is wrong; `attr` says where."""
    LATER = auto()
    """It did not work just now, but may in a moment."""
    NOT_ALLOWED = auto()
    """It is not possible in the current state."""
    UNKNOWN = auto()
    """The merchant has no such row."""


class Declined(Exception):
    """It was not done, and nothing has changed. `sentence` is for the agent."""

    def __init__(self, why: Why, sentence: str, attr: str = "") -> None:
        super().__init__(sentence)
        self.why, self.sentence, self.attr = why, sentence, attr


@dataclass(frozen=True, slots=True)
class Done:
    """What the agent reads. `repeated`: it was done before, and nothing has changed now."""

    message: str
    detail: str
    repeated: bool = False


def not_allowed(refusal: DomainError) -> Declined:
    """The domain's refusal in the words of agents."""
    return Declined(Why.NOT_ALLOWED, SENTENCES.get(refusal.code, refusal.sentence))


@contextmanager
def limited_transaction(agent: AgentRequest) -> Iterator[None]:
    """A transaction that ends well before Gladly gives up, and is rolled back when it is late.

    Raises Declined for what the domain or the database refuses inside the block.
    """

    def run_in_time(run: Callable[..., Any], sql: Any, *statement: Any) -> Any:
        # A late block still has to be rolled back.
        if not str(sql).startswith(("ROLLBACK", "RELEASE")):
            agent.require_time()
        return run(sql, *statement)

    try:
        with transaction.atomic(), connection.execute_wrapper(run_in_time):
            execute(LIMITS)
            yield
            agent.require_time()
    except Busy as busy:
        raise Declined(Why.LATER, BUSY) from busy
    except NotFound as error:
        raise Declined(Why.UNKNOWN, UNKNOWN) from error
    except Refused as refusal:
        raise not_allowed(refusal) from refusal
    except OperationalError as error:
        if isinstance(error.__cause__, LATER_ERRORS):
            raise Declined(Why.LATER, TOO_LATE) from error
        raise
