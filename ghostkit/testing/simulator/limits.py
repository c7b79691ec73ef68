"""Real limits: buckets that fill up again, and a number of requests at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from ghostkit.testing.simulator.asks import LimitState, Problem
from ghostkit.testing.simulator.rules import Limits


class Bucket:
    """`per_minute` of something, at most `room` of it at once; it fills evenly."""

    def __init__(self, per_minute: float, room: float, now: float) -> None:
        self.per_s = per_minute / 60
        self.room = room
        self._level = room
        self._at = now

    def level(self, now: float) -> float:
        self._level = min(self.room, self._level + (now - self._at) * self.per_s)
        self._at = now
        return self._level

    def wait_s(self, amount: float, now: float) -> float:
        """Seconds until `amount` can be taken; one that is larger than the bucket may be taken when it is full."""
        missing = min(amount, self.room) - self.level(now)
        return max(missing, 0.0) / self.per_s

    def take(self, amount: float, now: float) -> None:
        self._level = self.level(now) - amount

    def full_in_s(self, now: float) -> float:
        return (self.room - self.level(now)) / self.per_s


@dataclass(kw_only=True, slots=True)
class _Kept:
    limits: Limits
    requests: Bucket | None
    tokens: Bucket | None
    running: int = 0


class LimitKeeper:
    """The limits of all rules; one bucket a rule, whatever vendors and models it matches."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[int, _Kept] = {}

    def enter(self, places: list[tuple[int, Limits]], tokens: int) -> Problem | None:
        """Take a request's share of all limits, or say which one is used up and for how long."""
        now = self._clock()
        kept = [self._of(place, limits, now) for place, limits in places]
        for one in kept:
            problem = _refusal(one, tokens, now)
            if problem is not None:
                return problem
        for one in kept:
            one.running += 1
            if one.requests is not None:
                one.requests.take(1, now)
            if one.tokens is not None:
                one.tokens.take(tokens, now)
        return None

    def leave(self, places: list[tuple[int, Limits]]) -> None:
        for place, _ in places:
            if place in self._kept:
                self._kept[place].running -= 1

    def state(self, places: list[tuple[int, Limits]]) -> LimitState:
        """What the headers say: of the first rule, or of limits so wide that nobody meets them."""
        state = LimitState()
        now = self._clock()
        kept = next((self._kept[place] for place, _ in places if place in self._kept), None)
        if kept is not None and kept.requests is not None:
            state.requests_limit = kept.limits.rpm or 0
            state.requests_remaining = max(int(kept.requests.level(now)), 0)
            state.requests_reset_s = kept.requests.full_in_s(now)
        if kept is not None and kept.tokens is not None:
            state.tokens_limit = kept.limits.tpm or 0
            state.tokens_remaining = max(int(kept.tokens.level(now)), 0)
            state.tokens_reset_s = kept.tokens.full_in_s(now)
        return state

    def _of(self, place: int, limits: Limits, now: float) -> _Kept:
        if place not in self._kept:
            requests = Bucket(limits.rpm, limits.burst or limits.rpm, now) if limits.rpm else None
            tokens = Bucket(limits.tpm, limits.tpm, now) if limits.tpm else None
            self._kept[place] = _Kept(limits=limits, requests=requests, tokens=tokens)
        return self._kept[place]


def _refusal(kept: _Kept, tokens: int, now: float) -> Problem | None:
    form = kept.limits.retry_after_form
    if kept.limits.at_once is not None and kept.running >= kept.limits.at_once:
        return Problem(status=429, what="requests at once")
    for bucket, amount, what in ((kept.requests, 1, "requests"), (kept.tokens, tokens, "tokens")):
        wait = bucket.wait_s(amount, now) if bucket is not None else 0.0
        if wait > 0:
            return Problem(
                status=429,
                what=what,
                retry_after_s=None if form == "none" else round(wait + 0.0005, 3),
                retry_after_form="seconds" if form == "none" else form,
            )
    return None
