"""How many calls at a time: one more after each window of successes, half as many when the vendor says it is too much.

Source: AIMD as in RFC 5681 (one decrease for all the losses of a window, as RFC 6582 has it), with the quick return to
just under the last ceiling, and the stay there, that RFC 9438 (CUBIC) argues for: plain halving would use three
quarters of what there is, and ask for too much at every third window.
"""

from __future__ import annotations

from typing import Final

SHRINK: Final = 0.5
NEARLY: Final = 0.9
"""Up to this share of the count that was too much, and one less, the way back is one step for each success."""
PLATEAU: Final = 0.25
"""Within one of that count a step takes four windows of successes."""


class Places:
    """Pure. `limit` is a float, of which whole places count; never below 1."""

    __slots__ = ("_begun", "_ceiling", "_fence", "in_flight", "limit", "most", "shrinks")

    def __init__(self, most: int) -> None:
        self.most = most
        self.limit = float(most)
        self.in_flight = 0
        self.shrinks = 0
        self._ceiling = float(most)
        self._begun = 0
        self._fence = 0

    @property
    def free(self) -> bool:
        return self.in_flight < int(self.limit)

    def allow(self, most: int) -> None:
        """Another maximum; what was learnt below it stays."""
        if most != self.most:
            unharmed = self.limit >= self.most
            self.most = most
            self.limit = float(most) if unharmed else min(self.limit, float(most))

    def take(self) -> int:
        """A place; returns the call's number, by which its verdict is judged later."""
        self.in_flight += 1
        self._begun += 1
        return self._begun

    def release(self) -> None:
        self.in_flight -= 1

    def succeeded(self, call: int) -> None:
        """Grow, if the places were in use: what was never needed has not been tried. Before `release`."""
        if call <= self._fence or self.limit >= self.most or 2 * self.in_flight < int(self.limit):
            return
        nearly = min(NEARLY * self._ceiling, self._ceiling - 1.0)
        if self.limit < nearly:
            step = min(1.0, nearly - self.limit)
        elif abs(self.limit - self._ceiling) <= 1.0:
            step = PLATEAU / self.limit
        else:
            step = 1.0 / self.limit
        self.limit = min(self.limit + step, float(self.most))

    def crowded(self, call: int) -> bool:
        """The vendor said that it is too much; True if that made the places fewer.

        All calls that were under way at the last decrease told of the same crowd: they count no further.
        """
        if call <= self._fence:
            return False
        self._fence = self._begun
        self._ceiling = self.limit
        self.limit = max(1.0, self.limit * SHRINK)
        self.shrinks += 1
        return True
