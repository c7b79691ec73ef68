"""Random histories: what is said to be out of date is what an independent oracle finds, and nothing is ever lost."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from ghostkit.writing import changes

from . import stale_sequences as sequences

BOOKS = [0, 3, 4, 7, 9, 11]
"""Among them one of non-fiction, one of ten chapters, and windows of one to three chapters."""


def numbers(count: int) -> list[int]:
    return [book + sequences.BASES * n for n in range(count // len(BOOKS)) for book in BOOKS]


def test_what_is_out_of_date_is_what_the_oracle_finds() -> None:
    tally = sequences.run(20, numbers(72))
    assert not tally.failures, "\n".join(tally.failures)
    assert tally.histories == 72
    assert min(tally.grades[grade] for grade in ("stale", "maybe", "noted")) > 100
    assert {"hand_edit", "structure", "rewrite", "restore", "accept", "people"} <= tally.acts.keys()


def test_a_broken_rule_is_noticed_and_the_history_cut_down(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(self: Any, *given: Any) -> Any:
        return iter(())

    monkeypatch.setattr(changes.Changes, "_follows", never)
    tally = sequences.run(20, numbers(72), most_failures=1)
    assert len(tally.failures) == 1
    told = tally.failures[0]
    assert "Mismatch" in told
    assert "--seed 20 --only" in told
    assert told.partition("]")[0].count("'") <= 4, "at most two acts are left of up to eight"


def test_a_history_is_the_same_each_time() -> None:
    first, second = sequences.acts_of(1, 5), sequences.acts_of(1, 5)
    assert first == second
    tallies = [sequences.run(1, [5]) for _ in range(2)]
    assert tallies[0].grades == tallies[1].grades != Counter()
