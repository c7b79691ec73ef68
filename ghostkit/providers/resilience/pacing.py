"""Space between the starts of requests to one host, and the pause a vendor asks for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from ghostkit.providers.resilience.waiting import Waiter, first_awake

RETURN_GAP_S: Final = 0.25
"""After a pause the starts are up to this far apart, at random, so that not all come back at once; after a short one
up to a quarter of it."""


class HostLine:
    """The calls that are ready but for the space to the one before, first come first served over all models."""

    __slots__ = ("line", "next_start")

    def __init__(self) -> None:
        self.line: deque[Waiter] = deque()
        self.next_start = float("-inf")

    def turn_at_once(self) -> float | None:
        """For one that does not stand in line: the moment it may start; None if others are before it."""
        return None if self.line else self.next_start

    def turn_at(self, waiter: Waiter) -> float | None:
        """The moment it may start, which may be past; None: others are before it, and it will be woken."""
        if not waiter.in_host_line:
            waiter.in_host_line = True
            self.line.append(waiter)
        return self.next_start if first_awake(self.line, waiter) is waiter else None

    def started(self, now: float, spacing_s: float) -> None:
        self.next_start = max(self.next_start, now + spacing_s)

    def leave(self, waiter: Waiter) -> None:
        waiter.in_host_line = False
        self.line.remove(waiter)


class Pause:
    """Pure. `until` is the end of a pause for everybody; after it, starts are a random gap apart for a while."""

    __slots__ = ("_gap_s", "_not_before", "_ramp_until", "_random", "until")

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self.until = float("-inf")
        self._gap_s = 0.0
        self._not_before = float("-inf")
        self._ramp_until = float("-inf")

    def ask(self, wait_s: float, now: float) -> None:
        """The vendor wants to be left alone for `wait_s`. A pause is never made shorter."""
        if wait_s <= 0 or now + wait_s <= self.until:
            return
        self.until = now + wait_s
        # Other processes were told the same moment: ours come a little later, each by its own chance.
        self._gap_s = min(RETURN_GAP_S, wait_s / 4)
        self._not_before = self.until + self._random() * self._gap_s
        self._ramp_until = self.until + min(max(wait_s / 5, 8 * self._gap_s), 10.0)

    def ready_at(self) -> float:
        return max(self.until, self._not_before)

    def started(self, now: float) -> None:
        if now < self._ramp_until:
            self._not_before = now + self._random() * self._gap_s
