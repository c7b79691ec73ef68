"""The vendor's limits, as its headers tell them: a bucket that refills."""

from __future__ import annotations

from typing import Final

_MINUTE_S: Final = 60.0
_NEVER: Final = float("inf")
_ROUNDING: Final = 1e-6
"""A millionth of a token is no reason to wait."""


class VendorBucket:
    """A model of the bucket that the vendor keeps for us; empty of knowledge until its headers tell.

    Refills by (limit - remaining) / reset, which is exact where the reset is the time until it is full (OpenAI,
    Anthropic), whether the limit is for a minute or a day; by no more than the limit in a minute, where it holds less
    at a time than that; and is full at the reset, for those who count in windows. What was started after the call
    whose headers came is not in them yet and is taken off. Nothing is believed for longer than `trust_s`: headers may
    be wrong, and the vendor has the last word by answering.
    """

    __slots__ = (
        "_at",
        "_full_at",
        "_full_level",
        "_level",
        "_newest",
        "_rate",
        "_taken",
        "_told_at",
        "limit",
        "trust_s",
    )

    def __init__(self, trust_s: float) -> None:
        self.trust_s = trust_s
        self.limit: int | None = None
        self._level = 0.0
        self._rate = 0.0
        self._at = 0.0
        self._full_at = _NEVER
        self._full_level = 0.0
        self._told_at = 0.0
        self._taken = 0
        self._newest = -1

    def ready_at(self, amount: int, now: float) -> float:
        """The earliest moment from `now` at which `amount` is there; more than it holds waits until it is full."""
        if self.limit is None:
            return now
        forgotten = self._told_at + self.trust_s
        if now >= forgotten:
            return now
        missing = min(amount, self.limit) - self.level(now)
        if missing <= _ROUNDING:
            return now
        full_at = self._full_at if min(amount, self.limit) <= self._full_level + _ROUNDING else _NEVER
        return min(now + missing / self._rate, full_at, forgotten)

    def level(self, now: float) -> float:
        """What is in it now; below 0 when it owes."""
        if self.limit is not None:
            self._level = min(float(self.limit), self._level + max(now - self._at, 0.0) * self._rate)
            self._at = now
            if now >= self._full_at:
                self._level, self._full_at = max(self._level, self._full_level), _NEVER
        return self._level

    def take(self, amount: int, now: float) -> int:
        """Take out, on credit where it must be; returns the mark to give to `told` with this call's headers."""
        self._level = self.level(now) - amount
        self._full_level -= amount
        self._taken += amount
        return self._taken

    def give_back(self, amount: int, now: float) -> None:
        """What was taken too much; a negative amount takes the rest."""
        self._level = self.level(now) + amount
        self._full_level = min(self._full_level + amount, float(self.limit or 0))

    def told(self, mark: int, limit: int | None, remaining: int | None, reset_s: float | None, now: float) -> None:
        """The headers of the call with this `mark` have come. Those of a call before the newest are stale."""
        if remaining is None or mark < self._newest:
            return
        self._newest = mark
        self.limit = max(limit or 0, remaining, 1) if limit is not None or self.limit is None else self.limit
        spent = self.limit - remaining
        later = self._taken - mark
        self._rate, self._full_at = self.limit / _MINUTE_S, _NEVER
        if spent > 0 and reset_s is not None and reset_s > 0:
            self._rate, self._full_at = min(self._rate, spent / reset_s), now + reset_s
        self._full_level = float(self.limit - later)
        self._level = float(remaining - later)
        self._at = self._told_at = now
