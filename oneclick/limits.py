"""How often one client may knock, counted in the cache."""

import time

from django.core.cache import cache
from django.http import HttpRequest

WINDOW = 60


def client_address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def wait_for(name: str, per_minute: int) -> int:
    """Count one knock under `name`; the seconds to wait when it was one too many, else 0."""
    now = time.time()
    window = int(now // WINDOW)
    key = f"knocks:{name}:{window}"
    cache.add(key, 0, WINDOW)
    try:
        knocks = cache.incr(key)
    except ValueError:
        # The entry fell out of the cache between the two calls.
        return 0
    return int((window + 1) * WINDOW - now) + 1 if knocks > per_minute else 0
