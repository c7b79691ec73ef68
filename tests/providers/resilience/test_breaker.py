"""The circuit breaker against its table, every history of five acts."""

from __future__ import annotations

from itertools import product

import pytest

from ghostkit import errors
from ghostkit.errors import ProviderError
from ghostkit.providers.resilience import Breaker, BreakerState
from ghostkit.providers.resilience.breaker import speaks_against

CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN
COOL_DOWN_S = 30.0
THRESHOLD = 2

ACTS = ("begin", "answered", "succeeded", "failed", "abandoned", "stale", "cool down")
"""What can happen; "stale" is a failure of a call that began before the last change of state."""


class Table:
    """The transition table, written apart from the breaker: (state, failures, whether a probe is out)."""

    def __init__(self) -> None:
        self.state, self.failures, self.probe, self.cooled = CLOSED, 0, False, False

    def may_begin(self) -> bool:
        return (
            self.state is CLOSED or (self.state is OPEN and self.cooled) or (self.state is HALF_OPEN and not self.probe)
        )

    def act(self, act: str) -> None:
        if act == "begin" and self.may_begin() and self.state is not CLOSED:
            self.state, self.probe = HALF_OPEN, True
        elif act == "cool down":
            self.cooled = True
        elif self.state is HALF_OPEN and self.probe:
            if act == "failed":
                self.state, self.probe, self.cooled = OPEN, False, False
                self.failures += 1
            elif act == "succeeded":
                self.state, self.probe, self.failures = CLOSED, False, 0
            elif act == "answered":
                self.state, self.probe, self.failures = CLOSED, False, THRESHOLD - 1
            elif act == "abandoned":
                self.probe = False
        elif self.state is CLOSED and act == "failed":
            self.failures += 1
            if self.failures >= THRESHOLD:
                self.state, self.cooled = OPEN, False
        elif self.state is CLOSED and act == "succeeded":
            self.failures = 0


@pytest.mark.parametrize("first", ACTS)
def test_every_history_follows_the_table(first: str) -> None:
    seen = set()
    for rest in product(ACTS, repeat=5):
        table, now = Table(), 100.0
        breaker = Breaker(THRESHOLD, COOL_DOWN_S, now)
        stale: list[int] = []
        permit: int | None = breaker.begin(now)  # a call of the closed state, to have something to tell of
        for act in (first, "failed", *rest):
            before = breaker.state
            if act == "begin":
                refused = breaker.refused_for_s(now)
                assert (refused is None) == table.may_begin(), (rest, act)
                if refused is None:
                    permit = breaker.begin(now)
            elif act == "cool down":
                now += COOL_DOWN_S
            elif act == "stale":
                for old in stale:
                    breaker.failed(old, now)
                    breaker.succeeded(old, now)
                    breaker.abandoned(old)
                    assert breaker.answered(old, now) == old
            elif permit is not None:
                if act == "answered":
                    permit = breaker.answered(permit, now)
                else:
                    getattr(breaker, act)(*([permit] if act == "abandoned" else [permit, now]))
            table.act(act)
            if breaker.state is not before:
                assert breaker.since == now
                if permit is not None and act != "begin" and act != "answered":
                    stale.append(permit)
                    permit = None if breaker.state is not CLOSED else breaker.begin(now)
            assert (breaker.state, breaker.failures) == (table.state, table.failures), (first, rest, act)
            seen.add((before, act, breaker.state))
    assert {(CLOSED, "failed", OPEN), (OPEN, "begin", HALF_OPEN)} <= seen
    assert {(HALF_OPEN, "failed", OPEN), (HALF_OPEN, "succeeded", CLOSED), (HALF_OPEN, "answered", CLOSED)} <= seen
    moves = {(before, after) for before, _, after in seen if before is not after}
    assert moves == {(CLOSED, OPEN), (OPEN, HALF_OPEN), (HALF_OPEN, OPEN), (HALF_OPEN, CLOSED)}


def test_it_is_refused_for_what_is_left_of_the_cool_down_and_while_a_probe_is_out() -> None:
    breaker = Breaker(1, COOL_DOWN_S, 0.0)
    breaker.failed(breaker.begin(0.0), 10.0)
    assert breaker.refused_for_s(10.0) == 30.0
    assert breaker.refused_for_s(39.5) == 0.5
    assert breaker.refused_for_s(40.0) is None
    assert breaker.state is OPEN, "time alone changes nothing: a call must come"
    probe = breaker.begin(41.0)
    assert (breaker.state, breaker.since, breaker.refused_for_s(50.0)) == (HALF_OPEN, 41.0, 0.0)
    breaker.abandoned(probe)
    assert breaker.refused_for_s(50.0) is None


def test_a_probe_that_was_answered_is_on_trial() -> None:
    breaker = Breaker(5, COOL_DOWN_S, 0.0)
    for permit in [breaker.begin(0.0)] * 5:
        breaker.failed(permit, 0.0)
    probe = breaker.answered(breaker.begin(30.0), 31.0)
    assert breaker.state is CLOSED
    breaker.failed(probe, 32.0)
    assert breaker.state is OPEN


def test_a_threshold_of_zero_never_opens() -> None:
    breaker = Breaker(0, COOL_DOWN_S, 0.0)
    for _ in range(100):
        breaker.failed(breaker.begin(0.0), 0.0)
    assert (breaker.state, breaker.refused_for_s(0.0)) == (CLOSED, None)


def test_one_that_is_open_when_it_is_switched_off_closes_with_the_next_success() -> None:
    breaker = Breaker(1, COOL_DOWN_S, 0.0)
    breaker.failed(breaker.begin(0.0), 0.0)
    breaker.threshold = 0
    assert breaker.refused_for_s(0.0) is None
    breaker.succeeded(breaker.begin(0.0), 1.0)
    assert breaker.state is CLOSED


@pytest.mark.parametrize(
    "kind",
    [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, ProviderError)],
)
def test_only_what_speaks_against_the_vendors_health_counts(kind: type[ProviderError]) -> None:
    unwell = {
        "ProviderError", "ServerError", "Unreachable", "BadAnswer", "StreamTruncated", "Overloaded", "CircuitOpen",
        "ProviderTimeout",
    }  # fmt: skip
    assert speaks_against(kind("It failed.")) == (kind.__name__ in unwell)
