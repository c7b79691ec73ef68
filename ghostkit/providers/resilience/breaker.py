"""The circuit breaker: after failures in a row nothing is sent for a while, then one call tries.

    closed ──failures in a row──▶ open ──cool-down over, one call let through──▶ half-open
      ▲                             ▲                                               │
      │                             └──────────── it failed ────────────────────────┤
      └────────────────────────────────────────── it was answered ──────────────────┘

A probe that was cancelled says nothing: the next call takes its place. What calls say that began before the last
change of state is passed over.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from ghostkit.errors import ProviderError


class BreakerState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


COUNTED_KINDS: Final = frozenset({"server", "overloaded", "timeout"})
"""Kinds of failure that speak against the vendor's health. A refusal or a 429 is an answer: the vendor is well."""


def speaks_against(error: ProviderError) -> bool:
    return error.kind in COUNTED_KINDS


class Breaker:
    """Pure: every method is given the time, none waits. `failures` counts those in a row."""

    __slots__ = ("_epoch", "_probing", "cool_down_s", "failures", "since", "state", "threshold")

    def __init__(self, threshold: int, cool_down_s: float, now: float) -> None:
        self.threshold = threshold
        self.cool_down_s = cool_down_s
        self.state = BreakerState.CLOSED
        self.since = now
        self.failures = 0
        self._epoch = 0
        self._probing = False

    def refused_for_s(self, now: float) -> float | None:
        """None: a call may go. Else the seconds after which it is worth asking again (0: when the probe has ended)."""
        if self.state is BreakerState.CLOSED or not self.threshold:
            return None
        if self.state is BreakerState.OPEN:
            left = self.since + self.cool_down_s - now
            return left if left > 0 else None
        return 0.0 if self._probing else None

    def begin(self, now: float) -> int:
        """A call goes; its permit. Only after `refused_for_s` said None."""
        if self.state is not BreakerState.CLOSED and self.threshold:
            if self.state is BreakerState.OPEN:
                self._become(BreakerState.HALF_OPEN, now)
            self._probing = True
        return self._epoch

    def answered(self, permit: int, now: float) -> int:
        """The vendor has begun to answer, which closes it: a long answer need not end before others may go.

        One further failure opens it again. Returns the permit under which this call goes on.
        """
        if permit != self._epoch or self.state is not BreakerState.HALF_OPEN:
            return permit
        self._become(BreakerState.CLOSED, now)
        self.failures = max(self.threshold - 1, 0)
        return self._epoch

    def succeeded(self, permit: int, now: float) -> None:
        if permit != self._epoch:
            return
        if self.state is not BreakerState.CLOSED:
            self._become(BreakerState.CLOSED, now)
        self.failures = 0

    def failed(self, permit: int, now: float) -> None:
        if permit != self._epoch:
            return
        self.failures += 1
        probe = self.state is BreakerState.HALF_OPEN
        if self.threshold and (probe or self.failures >= self.threshold):
            self._become(BreakerState.OPEN, now)

    def abandoned(self, permit: int) -> None:
        """The call was cancelled: nothing is known, and another may try."""
        if permit == self._epoch and self._probing:
            self._probing = False
            self._epoch += 1

    def _become(self, state: BreakerState, now: float) -> None:
        self.state, self.since = state, now
        self._epoch += 1
        self._probing = False
