"""What every test of caches needs: a clock that moves when told, and each backend under one roof."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ghostkit.cache import Cache, FileCache, MemoryCache
from ghostkit.cache.redis import RedisCache


@dataclass
class Clock:
    """Seconds; moved by hand."""

    now: float = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


Make = Callable[[int], Cache]
"""A new, empty cache of this many entries a kind."""


SLOWLY = 1000
"""Real seconds to one of the clock's, so that the time a test takes is nothing beside those it moves by hand."""


class InTime:
    """A Redis cache whose entries grow older with the clock: Redis's own times to live are moved, and nothing else."""

    def __init__(self, cache: RedisCache, clock: Clock) -> None:
        self.cache, self.clock, self.seen = cache, clock, clock.now

    def __getattr__(self, name: str) -> Any:
        self._age()
        return getattr(self.cache, name)

    def put(self, kind: Any, key: str, value: bytes, expire_s: float | None = None) -> None:
        self._age()
        self.cache.put(kind, key, value, None if expire_s is None else expire_s * SLOWLY)

    def _age(self) -> None:
        passed_ms, self.seen = (self.clock.now - self.seen) * 1000 * SLOWLY, self.clock.now
        redis = self.cache._client
        for name in redis.scan_iter(match=f"{self.cache._namespace}:*") if passed_ms else ():
            left: Any = redis.pttl(name)
            if left > passed_ms:
                redis.pexpire(name, math.floor(left - passed_ms))
            elif left >= 0:
                redis.delete(name)


def make(name: str, folder: Path, clock: Clock, redis_url: Callable[[], str]) -> Make:
    """The factory of a backend; each call makes a cache of its own."""
    made = 0

    def of(max_size: int) -> Cache:
        nonlocal made
        made += 1
        if name == "memory":
            return MemoryCache(max_size, clock=clock)
        if name == "redis":
            made_here = RedisCache(url=redis_url(), namespace=f"{folder.name}-{made}", max_size=max_size)
            return InTime(made_here, clock)  # type: ignore[return-value]
        return FileCache(folder / f"cache-{made}", max_size=max_size, clock=clock)

    return of
