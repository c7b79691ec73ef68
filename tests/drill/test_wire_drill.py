"""The drill again, over real SDKs and a vendor's service of its own: bill = ledger + in doubt, always."""

from __future__ import annotations

import json
import os
import random

import pytest

from tests.drill.drill import Drill, at_random, every_point, first_last_and_one

# Read before a fixture takes ghostkit's variables away.
THOROUGH = os.environ.get("GHOSTKIT_DRILL") == "ci"
SEED = int(os.environ.get("GHOSTKIT_DRILL_SEED", "1"))
MODELS = ("openai:drill", "anthropic:drill", "gemini:drill", "cohere:drill", "openrouter:drill", "ollama:drill")
ON_THE_WIRE = ("intent.", "send.", "stream.", "result.", "event.")

pytestmark = [pytest.mark.drill, pytest.mark.slow]


@pytest.mark.skipif(not THOROUGH, reason="a minute a vendor: CI does it, or GHOSTKIT_DRILL=ci")
@pytest.mark.parametrize("model", MODELS)
def test_a_book_of_a_vendors_killed_around_its_calls_loses_nothing_and_pays_nothing_twice(model: str) -> None:
    drill = Drill(jobs=2, model=model)
    try:
        drill.prepare()
        points = [t for t in every_point(drill.counts, first_last_and_one, SEED) if t.name.startswith(ON_THE_WIRE)]
        points = random.Random(f"{SEED}:{model}").sample(points, 12)
        tally = drill.run([*points, *at_random(drill.counts, 8, SEED)])
    finally:
        drill.close()
    assert tally.failures == [], json.dumps(tally.failures[:5], indent=1)
    assert tally.kills >= len(points)
    assert tally.in_doubt, "no kill came between a call and its record"
