"""Redis as task queue and as cache, by settings. While it does not respond, the portal does without it."""

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

Answer = TypeVar("Answer")
logger = logging.getLogger(__name__)
# Once more, at once, because the server may have closed the idle connection of before.
OPTIONS: dict[str, Any] = {"socket_connect_timeout": 1.0, "socket_timeout": 2.0, "retry": Retry(NoBackoff(), 1)}
# After a failure nobody asks for so long, in seconds: a silent server would hold up each request for two of them.
REST = 5.0


def connect(url: str) -> Redis:
    """A client for `redis://`, `rediss://` or `unix://`; it connects at the first use, and again after a fork."""
    return Redis.from_url(url, **OPTIONS)


def responds(url: str) -> bool:
    with connect(url) as client:
        try:
            return bool(client.ping())
        except RedisError:
            return False


class Fallback:
    """What is done with Redis, and what is done instead while it does not respond."""

    def __init__(self, use: str) -> None:
        self.use = use
        self.rests_until = 0.0  # time.monotonic()

    @property
    def is_resting(self) -> bool:
        return time.monotonic() < self.rests_until

    def ask(self, question: Callable[[], Answer], otherwise: Answer) -> Answer:
        """What `question` returns, or else `otherwise`."""
        if self.is_resting:
            return otherwise
        try:
            return question()
        except RedisError as error:
            self.rests_until = time.monotonic() + REST
            logger.warning("Redis does not work as %s: %s", self.use, error)
            return otherwise
