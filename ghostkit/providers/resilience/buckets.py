"""The vendor's limits, as its headers tell them: a bucket that refills."""

from __future__ import annotations

from typing import Final

_MINUTE_S: Final = 60.0


class VendorBucket:
    """A model of the bucket that the vendor keeps for us; empty of knowledge until its headers tell.

    Refills by (limit - remaining) / reset, which is exact where the reset is the time until it is full (OpenAI,
    Anthropic), whether the limit is for a minute or a day. What was started after the call whose headers came is not
    in them yet and is taken off. Nothing is believed for longer than `trust_s`: headers may be wrong, and the vendor
    has the last word by answering.
    """

    __slots__ = ("_at", "_level", "_newest", "_rate", "_taken", "_told_at", "limit", "trust_s")

    def __init__(self, trust_s: float) -> None:
        self.trust_s = trust_s
        self.limit: int | None = None
        self._level = 0.0
        self._rate = 0.0
        self._at = 0.0
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
        # A millionth of a token is rounding, not a reason to wait.
        if missing <= 1e-6:
            return now
        return min(now + missing / self._rate, forgotten)

    def level(self, now: float) -> float:
        """What is in it now; below 0 when it owes."""
        if self.limit is not None:
            self._level = min(float(self.limit), self._level + max(now - self._at, 0.0) * self._rate)
            self._at = now
        return self._level

    def take(self, amount: int, now: float) -> int:
        """Take out, on credit where it must be; returns the mark to give to `told` with this call's headers."""
        self.level(now)
        self._level -= amount
        self._taken += amount
        return self._taken

    def give_back(self, amount: int, now: float) -> None:
        """What was taken too much; a negative amount takes the rest."""
        self._level = self.level(now) + amount

    def told(self, mark: int, limit: int | None, remaining: int | None, reset_s: float | None, now: float) -> None:
        """The headers of the call with this `mark` have come. Those of a call before the newest are stale."""
        if remaining is None or mark < self._newest:
            return
        self._newest = mark
        self.limit = max(limit or 0, remaining, 1) if limit is not None or self.limit is None else self.limit
        spent = self.limit - remaining
        if spent > 0 and reset_s is not None and reset_s > 0:
            self._rate = spent / reset_s
        else:
            self._rate = self.limit / _MINUTE_S
        self._level = float(remaining - (self._taken - mark))
        self._at = self._told_at = now
