"""Redis as task queue and as cache, by settings. While it does not respond, the portal does without it."""

from typing import Any

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

# Once more, at once, because the server may have closed the idle connection of before.
OPTIONS: dict[str, Any] = {"socket_connect_timeout": 1.0, "socket_timeout": 2.0, "retry": Retry(NoBackoff(), 1)}


def connect(url: str) -> Redis:
    """A client for `redis://`, `rediss://` or `unix://`; it connects at the first use, and again after a fork."""
    return Redis.from_url(url, **OPTIONS)


def responds(url: str) -> bool:
    with connect(url) as client:
        try:
            return bool(client.ping())
        except RedisError:
            return False
