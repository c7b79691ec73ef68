"""A cache in this process's memory: quick, shared by its books, gone at its end."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from ghostkit.cache.contract import KINDS, Holding, Kind
from ghostkit.cache.keys import matches


class MemoryCache:
    """See `Cache`. At most `max_size` entries of each kind; `clock` gives seconds."""

    name = "memory"
    waits = False

    def __init__(self, max_size: int = 1000, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_size = max_size
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[Kind, OrderedDict[str, tuple[bytes, float | None]]] = {kind: OrderedDict() for kind in KINDS}

    def get(self, kind: Kind, key: str) -> bytes | None:
        with self._lock:
            found = self._kept[kind].get(key)
            if found is None:
                return None
            value, expires = found
            if expires is not None and self._clock() >= expires:
                del self._kept[kind][key]
                return None
            self._kept[kind].move_to_end(key)
            return value

    def put(self, kind: Kind, key: str, value: bytes, expire_s: float | None = None) -> None:
        with self._lock:
            kept = self._kept[kind]
            kept[key] = (bytes(value), None if expire_s is None else self._clock() + expire_s)
            kept.move_to_end(key)
            while len(kept) > self._max_size:
                kept.popitem(last=False)

    def delete(self, kind: Kind, key: str) -> bool:
        with self._lock:
            self._drop_expired(kind)
            return self._kept[kind].pop(key, None) is not None

    def keys(self, kind: Kind, pattern: str = "*") -> list[str]:
        with self._lock:
            self._drop_expired(kind)
            return sorted(key for key in self._kept[kind] if matches(key, pattern))

    def clear(self, kind: Kind, pattern: str = "*") -> int:
        with self._lock:
            self._drop_expired(kind)
            doomed = [key for key in self._kept[kind] if matches(key, pattern)]
            for key in doomed:
                del self._kept[kind][key]
            return len(doomed)

    def holding(self, kind: Kind) -> Holding:
        with self._lock:
            self._drop_expired(kind)
            kept = self._kept[kind].values()
            return Holding(entries=len(kept), bytes=sum(len(value) for value, _ in kept))

    def close(self) -> None:
        """Nothing is held open; what is kept stays kept."""

    def _drop_expired(self, kind: Kind) -> None:
        now = self._clock()
        expired = [key for key, (_, end) in self._kept[kind].items() if end is not None and now >= end]
        for key in expired:
            del self._kept[kind][key]
