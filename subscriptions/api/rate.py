"""How many requests a client address may make in a minute, counted in the cache the processes share."""

import time
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

WINDOW = 60


@dataclass(frozen=True, slots=True)
class Quota:
    limit: int
    used: int
    reset: int
    """Seconds until the count starts anew."""

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


def count(name: str, address: str, limit: int) -> Quota:
    """Count one more request of `address` to what `name` stands for."""
    window, elapsed = divmod(int(time.time()), WINDOW)
    key = f"rate:{name}:{address}:{window}"
    if cache.add(key, 1, timeout=WINDOW):
        return Quota(limit, 1, WINDOW - elapsed)
    try:
        used = cache.incr(key)
    except ValueError:  # the cache dropped the counter between the two calls
        used = 1
    return Quota(limit, used, WINDOW - elapsed)


def client_address(request: HttpRequest) -> str:
    """The client's IP; behind a proxy the one the proxy saw, for the rest of its header may be forged."""
    forwarded = request.headers.get("x-forwarded-for", "") if settings.BEHIND_HTTPS else ""
    return forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")
