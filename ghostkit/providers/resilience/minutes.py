"""The user's own limits: at most so many in any minute."""

from __future__ import annotations

from collections import deque
from typing import Final

MINUTE_S: Final = 60.0
SLACK_S: Final = 0.5
"""Added to the minute: a request that was slow on its way arrives closer to the next than it left."""


class Entry:
    """What one call took out of a minute; `amount` may be put right while it counts."""

    __slots__ = ("amount", "at", "counts")

    def __init__(self, at: float, amount: int) -> None:
        self.at = at
        self.amount = amount
        self.counts = True


class SlidingMinute:
    """At most `limit` in any 60 seconds, exactly: the starts of the last minute are remembered one by one.

    Stricter than a token bucket of the same size, which lets up to twice its size through in its first minute; so it
    keeps within whatever window or bucket the vendor counts with. More than the whole limit at once goes alone, when
    the minute before it is empty.
    """

    __slots__ = ("_entries", "limit", "used")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self._entries: deque[Entry] = deque()

    def ready_at(self, amount: int, now: float) -> float:
        """The earliest moment from `now` at which `amount` fits, if nothing else is taken until then."""
        self._forget(now)
        excess = self.used + min(amount, self.limit) - self.limit
        if excess <= 0:
            return now
        for entry in self._entries:
            excess -= entry.amount
            if excess <= 0:
                return entry.at + MINUTE_S + SLACK_S
        return now

    def take(self, amount: int, now: float) -> Entry:
        entry = Entry(now, amount)
        self._entries.append(entry)
        self.used += amount
        return entry

    def correct(self, entry: Entry, amount: int) -> None:
        """The call took `amount`, not what was thought; does nothing once its minute has passed."""
        if entry.counts:
            self.used += amount - entry.amount
            entry.amount = amount

    def _forget(self, now: float) -> None:
        while self._entries and self._entries[0].at + MINUTE_S + SLACK_S <= now:
            entry = self._entries.popleft()
            entry.counts = False
            self.used -= entry.amount
