"""What was asked a moment ago: least recently used goes first, nothing outlives its time or the index it came from."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True)
class CacheStats:
    """Counted since the cache was made."""

    hits: int
    misses: int
    entries: int
    evicted: int
    """For want of room."""
    expired: int
    dropped: int
    """Because the index changed."""


class QueryCache(Generic[Value]):
    """At most `size` values, each for `ttl_s` seconds; all are dropped when the version they belong to changes.

    Safe to use from several threads. A size of 0 keeps nothing.
    """

    def __init__(self, size: int, ttl_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._size, self._ttl_s, self._clock = size, ttl_s, clock
        self._kept: OrderedDict[Hashable, tuple[float, Value]] = OrderedDict()
        self._version = ""
        self._lock = threading.Lock()
        self._hits = self._misses = self._evicted = self._expired = self._dropped = 0

    def get(self, version: str, key: Hashable) -> Value | None:
        with self._lock:
            self._belong_to(version)
            found = self._kept.get(key)
            if found is not None and self._clock() >= found[0]:
                del self._kept[key]
                self._expired += 1
                found = None
            if found is None:
                self._misses += 1
                return None
            self._hits += 1
            self._kept.move_to_end(key)
            return found[1]

    def __contains__(self, key: Hashable) -> bool:
        """Of any version, whether it has expired or not; counts as no look-up."""
        with self._lock:
            return key in self._kept

    def put(self, version: str, key: Hashable, value: Value) -> None:
        if not self._size:
            return
        with self._lock:
            self._belong_to(version)
            self._kept[key] = (self._clock() + self._ttl_s, value)
            self._kept.move_to_end(key)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
                self._evicted += 1

    def stats(self) -> CacheStats:
        with self._lock:
            return CacheStats(
                hits=self._hits, misses=self._misses, entries=len(self._kept),
                evicted=self._evicted, expired=self._expired, dropped=self._dropped,
            )  # fmt: skip

    def _belong_to(self, version: str) -> None:
        if version != self._version:
            self._dropped += len(self._kept)
            self._kept.clear()
            self._version = version
