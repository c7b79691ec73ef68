"""One cache as the rest of ghostkit uses it: texts and embeddings by kind, counted hits and misses."""

from __future__ import annotations

import json
import math
import threading
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from ghostkit.cache import vectors
from ghostkit.cache.backends import create_backend
from ghostkit.cache.contract import KINDS, Cache, Holding, Kind
from ghostkit.cache.keys import check_key
from ghostkit.errors import InputError, StorageError, UnknownName


class CacheManager:
    """`CacheManager()` is what the settings say; what is given here goes before them.

    `backend` is a name or a `Cache`; `max_size` counts entries of each kind; `expire_s` is how long entries are good
    for where a call doesn't say. Methods may wait for a disk (`waits` says so): call them in a worker thread then.
    """

    def __init__(
        self,
        backend: str | Cache | None = None,
        *,
        max_size: int | None = None,
        cache_dir: Path | str | None = None,
        expire_s: float | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        from ghostkit.settings import get_settings

        if max_size is not None and (isinstance(max_size, bool) or not isinstance(max_size, int) or max_size < 1):
            raise InputError(f"max_size is {max_size!r}.", fix="Give a whole number of entries, 1 or more.")
        self._expire_s = None if expire_s is None else checked_expiry(expire_s)
        if backend is None or isinstance(backend, str):
            settings = get_settings()
            name = backend or settings.cache_backend
            if name == "memory":
                made = create_backend(name, max_size=max_size or settings.cache_max_size, clock=clock)
            elif name == "file":
                folder = Path(cache_dir or settings.cache_dir or ".cache").expanduser()
                most = settings.cache_max_mb * 1_000_000
                made = create_backend(name, folder=folder, max_size=max_size, max_bytes=most, clock=clock)
            elif name == "redis":
                where = {"host": settings.redis_host, "port": settings.redis_port, "url": settings.redis_url}
                made = create_backend(name, max_size=max_size, **where)
            else:
                made = create_backend(name, max_size=max_size)
            backend = made
        self.backend = backend
        self._counts: Counter[tuple[Kind, bool]] = Counter()
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        return self.backend.name

    @property
    def waits(self) -> bool:
        return self.backend.waits

    # ── texts ─────────────────────────────────────────────────────────────────────────────────────────────

    def get_text(self, kind: Kind, key: str) -> str | None:
        """The text under `key`; counts as a hit or a miss."""
        found = self.look_up(kind, key)
        self.count(kind, hit=found is not None)
        return found

    def look_up(self, kind: Kind, key: str) -> str | None:
        """Like `get_text`, uncounted: for who counts by the events it records."""
        data = self.backend.get(checked_kind(kind), check_key(key))
        if data is None:
            return None
        text = _text_of(data)
        if text is None:
            self.backend.delete(kind, key)
        return text

    def put_text(self, kind: Kind, key: str, text: str, expire_s: float | None = None) -> None:
        data = json.dumps({"text": text}).encode()
        self.backend.put(checked_kind(kind), check_key(key), data, self._expiry(expire_s))

    # ── embeddings ────────────────────────────────────────────────────────────────────────────────────────

    def get_embedding(self, key: str) -> array[float] | None:
        """The vector under `key` as float32; counts as a hit or a miss."""
        data = self.backend.get("embeddings", check_key(key))
        found = None if data is None else vectors.unpack(data)
        if data is not None and found is None:
            self.backend.delete("embeddings", key)
        self.count("embeddings", hit=found is not None)
        return found

    def put_embedding(self, key: str, vector: Iterable[float], expire_s: float | None = None) -> None:
        self.backend.put("embeddings", check_key(key), vectors.pack(vector), self._expiry(expire_s))

    # ── what is in it ─────────────────────────────────────────────────────────────────────────────────────

    def count(self, kind: Kind, *, hit: bool) -> None:
        with self._lock:
            self._counts[kind, hit] += 1

    def stats(self) -> dict[str, Any]:
        """`backend`, `hits`, `misses`, `hit_rate` (0 to 1), `entries` and `bytes`; the same of each of `kinds`.

        Where the backend can't be reached it holds nothing that anybody could use, and `trouble` says why.
        """
        kinds, trouble = {}, ""
        for kind in KINDS:
            try:
                held = self.backend.holding(kind)
            except StorageError as error:
                held, trouble = Holding(), error.message
            kinds[kind] = self._stats_of(kind, held)
        found = {"backend": self.name, **summed(kinds.values()), "kinds": kinds}
        return {**found, "trouble": trouble} if trouble else found

    def _stats_of(self, kind: Kind, held: Holding) -> dict[str, Any]:
        with self._lock:
            hits, misses = self._counts[kind, True], self._counts[kind, False]
        return {**rated(hits, misses), "entries": held.entries, "bytes": held.bytes}

    def keys(self, kind: Kind, pattern: str = "*") -> list[str]:
        return self.backend.keys(checked_kind(kind), pattern)

    def clear(self, pattern: str | None = None, *, kind: Kind | None = None) -> int:
        """Forget what matches the glob (everything without one), of one kind or of all; how many entries went."""
        wanted = KINDS if kind is None else (checked_kind(kind),)
        return sum(self.backend.clear(one, "*" if pattern is None else pattern) for one in wanted)

    def purge(self, texts: Sequence[str]) -> int:
        """Forget every generation and summary that holds one of `texts`; how many entries went."""
        wanted = [text for text in texts if text.strip()]
        gone = 0
        for kind in ("generations", "summaries"):
            for key in self.backend.keys(kind):
                data = self.backend.get(kind, key)
                held = _text_of(data) if data is not None else None
                if held is not None and any(text in held for text in wanted):
                    gone += self.backend.delete(kind, key)
        return gone

    def close(self) -> None:
        self.backend.close()

    def _expiry(self, given: float | None) -> float:
        if given is not None:
            return checked_expiry(given)
        if self._expire_s is not None:
            return self._expire_s
        from ghostkit.settings import get_settings

        return float(get_settings().cache_expire_default)


def checked_kind(kind: str) -> Kind:
    for known in KINDS:
        if kind == known:
            return known
    raise UnknownName(f"There is no kind of cache called {kind!r}.", fix=f"There is: {', '.join(KINDS)}.")


def checked_expiry(seconds: float) -> float:
    """Seconds as a float; raises `InputError` for what no entry can be kept for."""
    number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not number or not 0 < seconds < math.inf:
        raise InputError(f"A cache entry can't be kept for {seconds!r} seconds.", fix="Give a number above 0.")
    return float(seconds)


def rated(hits: int, misses: int) -> dict[str, Any]:
    """`hits`, `misses` and their `hit_rate`, 0 where nothing was looked up."""
    looked_up = hits + misses
    return {"hits": hits, "misses": misses, "hit_rate": hits / looked_up if looked_up else 0.0}


def summed(parts: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The sums of several statistics."""
    rows = list(parts)
    total = {name: sum(row[name] for row in rows) for name in ("hits", "misses", "entries", "bytes")}
    rates = rated(total["hits"], total["misses"])
    return {**rates, "entries": total["entries"], "bytes": total["bytes"]}


def _text_of(data: bytes) -> str | None:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    text = found.get("text") if isinstance(found, dict) else None
    return text if isinstance(text, str) else None
