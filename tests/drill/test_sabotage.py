"""The drill notices a broken engine: what it looks for would be found."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ghostkit.testing.fault_driver import Fault
from tests.drill.drill import Drill, Kill, Trial

pytestmark = [pytest.mark.drill, pytest.mark.slow]

SEEN = {
    "send_before_the_intent": ("intent.before_commit", "on the bill and not in the ledger"),
    "forget_what_was_open": ("stream.middle", "is open already"),
    "throw_an_answer_away": ("run.after_commit", "was answered 2 times with 0 in doubt"),
    "tear_files": ("file.section.renamed", "won't open"),
}


@pytest.fixture(scope="module")
def sound() -> Iterator[Drill]:
    drill = Drill(jobs=1)
    try:
        drill.prepare()
        yield drill
    finally:
        drill.close()


@pytest.mark.parametrize("sabotage", SEEN)
def test_what_is_broken_is_found(sound: Drill, sabotage: str) -> None:
    point, told = SEEN[sabotage]
    trial = Trial(name=sabotage, kills=(Kill(faults=(Fault(point=point, hit=2),)),))
    failures = sound.run([trial], environment={"GHOSTKIT_DRILL_SABOTAGE": sabotage}).failures
    assert len(failures) == 1
    assert told in str(failures[0]["wrong"])


def test_the_same_kills_harm_a_sound_engine_nothing(sound: Drill) -> None:
    points = {point for point, _ in SEEN.values()}
    trials = [Trial(name=point, kills=(Kill(faults=(Fault(point=point, hit=2),)),)) for point in points]
    tally = sound.run(trials)
    assert tally.failures == []
    assert tally.kills == len(points)
