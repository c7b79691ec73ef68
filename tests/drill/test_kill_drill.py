"""Killed anywhere, a book loses nothing, buys nothing twice, and comes out as if nothing had happened."""

from __future__ import annotations

import json
import os

import pytest

from ghostkit import faults
from tests.drill.drill import Drill, at_random, every_point, first_last_and_one, first_only

# Read before a fixture takes ghostkit's variables away.
THOROUGH = os.environ.get("GHOSTKIT_DRILL") == "ci"
SEED = int(os.environ.get("GHOSTKIT_DRILL_SEED", "1"))
RANDOM = 50

pytestmark = [pytest.mark.drill, pytest.mark.slow]


def test_a_book_killed_at_every_point_comes_out_as_if_undisturbed() -> None:
    drill = Drill(jobs=2)
    try:
        drill.prepare()
        assert len(faults.POINTS) >= 60
        assert drill.never_fired() == []
        trials = list(every_point(drill.counts, first_last_and_one if THOROUGH else first_only, SEED))
        trials += at_random(drill.counts, RANDOM if THOROUGH else 0, SEED)
        tally = drill.run(trials)
    finally:
        drill.close()
    assert tally.failures == [], json.dumps(tally.failures[:5], indent=1)
    assert set(faults.POINTS) <= set(tally.points_hit), "some points never killed"
    assert tally.trials == len(trials)
