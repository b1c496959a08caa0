"""Django's Redis cache, which is empty while Redis does not respond."""

from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis import RedisError

from config.fallback import Fallback
from config.redis_server import OPTIONS

# Of each method, what it returns instead: nothing is found, and the first request of a minute is never one too many.
WITHOUT: dict[str, Any] = {
    "add": True,
    "set": None,
    "touch": False,
    "delete": False,
    "has_key": False,
    "incr": 1,
    "get_many": {},
    "set_many": [],
    "delete_many": None,
    "clear": False,
}


class SharedCache(RedisCache):
    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        params["OPTIONS"] = OPTIONS | params.get("OPTIONS", {})
        super().__init__(server, params)
        self.fallback = Fallback("Redis as cache", RedisError)

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        return self.fallback.ask(lambda: super(SharedCache, self).get(key, default, version), default)


def _replaced(name: str) -> Any:
    def method(self: SharedCache, *args: Any, **options: Any) -> Any:
        return self.fallback.ask(lambda: getattr(RedisCache, name)(self, *args, **options), WITHOUT[name])

    return method


for name in WITHOUT:
    setattr(SharedCache, name, _replaced(name))
