"""Chance that is the same on every machine: SHA-256 for seeds, splitmix64 for draws."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

_Item = TypeVar("_Item")
_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15


def seed_of(*keys: object) -> int:
    """A 64-bit number from the text of `keys`; never Python's `hash()`, which changes from run to run."""
    digest = hashlib.sha256("\x1f".join(map(str, keys)).encode()).digest()
    return int.from_bytes(digest[:8], "big")


class Chance:
    """A stream of draws. `random.Random` would do, but its `shuffle` and `choice` are not promised to stay."""

    __slots__ = ("_state",)

    def __init__(self, *keys: object) -> None:
        self._state = seed_of(*keys)

    def bits(self) -> int:
        """The next 64 bits.

        Source: splitmix64, Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014.
        """
        self._state = state = (self._state + _GOLDEN) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        return state ^ (state >> 31)

    def below(self, bound: int) -> int:
        """A whole number from 0 up to, not including, `bound` (at least 1)."""
        return self.bits() % bound

    def fraction(self) -> float:
        """A number from 0 up to, not including, 1."""
        return (self.bits() >> 11) / (1 << 53)

    def pick(self, items: Sequence[_Item]) -> _Item:
        return items[self.bits() % len(items)]

    def shuffled(self, items: Sequence[_Item]) -> list[_Item]:
        """A new list in another order (Fisher and Yates)."""
        mixed = list(items)
        for last in range(len(mixed) - 1, 0, -1):
            other = self.bits() % (last + 1)
            mixed[last], mixed[other] = mixed[other], mixed[last]
        return mixed
