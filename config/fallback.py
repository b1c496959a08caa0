"""Servers that the portal does without while they do not work."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")
logger = logging.getLogger(__name__)
# After a failure nobody asks for so long, in seconds: a silent server would hold up each request until its time-out.
REST = 5.0


class Fallback:
    """What is done with a server, and what is done instead while it raises `errors`. Each process has its own."""

    def __init__(self, name: str, *errors: type[Exception]) -> None:
        self.name, self.errors = name, errors
        self.rests_until = 0.0  # time.monotonic()

    @property
    def is_resting(self) -> bool:
        return time.monotonic() < self.rests_until

    def rest(self, reason: object) -> None:
        self.rests_until = time.monotonic() + REST
        logger.warning("%s: going without for %.0f s: %s", self.name, REST, reason)

    def ask(self, question: Callable[[], Answer], otherwise: Answer) -> Answer:
        """What `question` returns, or else `otherwise`."""
        if self.is_resting:
            return otherwise
        try:
            return question()
        except self.errors as error:
            self.rest(error)
            return otherwise
