"""Waits between the attempts of a delivery."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from integrations.base import Answer
from integrations.models import Delivery

MOST_DOUBLINGS = 16


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits `first` seconds after the first temporary fault, doubled each time up to `longest`, with jitter.

    A delivery that met only temporary faults for `give_up_after` seconds since its first attempt has failed.
    """

    first: float
    longest: float
    give_up_after: float
    jitter: float = 0.2

    def next_attempt(self, delivery: Delivery, answer: Answer, now: datetime) -> datetime | None:
        """The receiver's own `retry_after` goes before the plan, up to a day; None to give up."""
        first = delivery.first_attempt_at or now
        if now > first + timedelta(seconds=self.give_up_after):
            return None
        planned = min(self.longest, self.first * 2 ** min(max(delivery.attempts_made - 1, 0), MOST_DOUBLINGS))
        wait = min(answer.retry_after or planned, self.give_up_after)
        return now + timedelta(seconds=wait * random.uniform(1, 1 + self.jitter))
