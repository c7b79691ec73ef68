"""The states of a run, and the one table of how they may change."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from ghostkit.errors import IllegalTransition


class RunState(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    INCOMPLETE = "incomplete"
    CANCELLED = "cancelled"
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def ended(self) -> bool:
        return not RUN_TRANSITIONS[self]


R = RunState

RUN_TRANSITIONS: Mapping[RunState, frozenset[RunState]] = {
    R.PENDING: frozenset({R.RUNNING, R.CANCELLED, R.FAILED}),
    R.RUNNING: frozenset({R.PAUSED, R.DONE, R.INCOMPLETE, R.CANCELLED, R.FAILED, R.INTERRUPTED}),
    R.PAUSED: frozenset({R.RUNNING, R.CANCELLED, R.FAILED, R.INTERRUPTED, R.DONE, R.INCOMPLETE}),
    R.DONE: frozenset(),
    R.INCOMPLETE: frozenset(),
    R.CANCELLED: frozenset(),
    R.FAILED: frozenset(),
    R.INTERRUPTED: frozenset(),
}


def check_transition(now: RunState, then: RunState) -> None:
    """Raise `IllegalTransition` unless the table allows it."""
    if then not in RUN_TRANSITIONS[now]:
        raise IllegalTransition(f"A run can't go from {now} to {then}.", fix="Start another run with book.write().")
