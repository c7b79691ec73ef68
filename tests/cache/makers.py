"""What every test of caches needs: a clock that moves when told, and each backend under one roof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ghostkit.cache import Cache, FileCache, MemoryCache


@dataclass
class Clock:
    """Seconds; moved by hand."""

    now: float = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


Make = Callable[[int], Cache]
"""A new, empty cache of this many entries a kind."""


def make(name: str, folder: Path, clock: Clock) -> Make:
    """The factory of a backend; each call makes a cache of its own."""
    made = 0

    def of(max_size: int) -> Cache:
        nonlocal made
        made += 1
        if name == "memory":
            return MemoryCache(max_size, clock=clock)
        return FileCache(folder / f"cache-{made}", max_size=max_size, clock=clock)

    return of
