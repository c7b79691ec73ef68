"""Killed anywhere, a book loses nothing, buys nothing twice, and comes out as if nothing had happened."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator

import pytest

from ghostkit import faults
from tests.drill.drill import Drill, Trial, at_random, every_point, first_last_and_one, first_only

# Read before a fixture takes ghostkit's variables away.
THOROUGH = os.environ.get("GHOSTKIT_DRILL") == "ci"
SEED = int(os.environ.get("GHOSTKIT_DRILL_SEED", "1"))
RANDOM = 50

pytestmark = [pytest.mark.drill, pytest.mark.slow]


@pytest.fixture(scope="module")
def drill() -> Iterator[Drill]:
    drill = Drill(jobs=2)
    try:
        drill.prepare()
        yield drill
    finally:
        drill.close()


def test_every_point_there_is_lies_on_the_way_of_the_drill_s_book(drill: Drill) -> None:
    assert len(faults.POINTS) >= 60
    assert drill.never_fired() == []


def test_a_book_killed_at_every_point_comes_out_as_if_undisturbed(drill: Drill) -> None:
    """At every eighth point, unless GHOSTKIT_DRILL=ci: three hits of every one, and at random, take nine minutes."""
    trials = list(every_point(drill.counts, first_last_and_one if THOROUGH else first_only, SEED))
    trials = trials if THOROUGH else trials[SEED % 8 :: 8]
    points = {trial.kills[0].faults[0].point for trial in trials}
    trials += at_random(drill.counts, RANDOM if THOROUGH else 0, SEED)
    tally = drill.run(trials)
    assert tally.failures == [], json.dumps(tally.failures[:5], indent=1)
    assert points <= set(tally.points_hit), "some points never killed"
    assert points == set(faults.POINTS) or not THOROUGH
    assert tally.trials == len(trials)


def test_a_text_gone_on_with_after_a_kill_is_the_text_it_would_have_been(drill: Drill) -> None:
    """The policy `continue`: what was durable of a stream is sent back, and the rest added to it."""
    streaming = [trial for trial in every_point(drill.counts, first_last_and_one, SEED) if mid_stream(trial)]
    trials = [*streaming, *at_random(drill.counts, 15, SEED)]
    tally = drill.run(
        trials if THOROUGH else random.Random(SEED).sample(streaming, 4),
        environment={"GHOSTKIT_RESUME_POLICY": "continue"},
    )
    assert tally.failures == [], json.dumps(tally.failures[:5], indent=1)
    assert tally.in_doubt


def mid_stream(trial: Trial) -> bool:
    return trial.name.startswith(("stream.", "result."))
