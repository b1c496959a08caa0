"""Rate limits: requests counted per minute, in the cache that all processes share."""

import time
from dataclasses import dataclass

from django.core.cache import cache

WINDOW = 60  # seconds


@dataclass(frozen=True, slots=True)
class Quota:
    limit: int
    used: int
    reset: int
    """Seconds until the count starts again."""

    @property
    def exceeded(self) -> bool:
        return self.used > self.limit

    @property
    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(0, self.limit - self.used)),
            "RateLimit-Reset": str(self.reset),
        }


def count_request(name: str, key: str, limit: int) -> Quota:
    """Count one more request under `name` by `key`, such as the client's address; `limit` is per minute."""
    window, elapsed = divmod(int(time.time()), WINDOW)
    counter = f"rate:{name}:{key}:{window}"
    if cache.add(counter, 1, timeout=WINDOW):
        return Quota(limit, 1, WINDOW - elapsed)
    try:
        used = cache.incr(counter)
    except ValueError:  # the cache dropped the counter between the two calls
        used = 1
    return Quota(limit, used, WINDOW - elapsed)
