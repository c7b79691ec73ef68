"""A scenario in a process of its own: what was planned happens, and is told as it happened."""

from __future__ import annotations

import errno
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ghostkit import faults
from ghostkit.testing.fault_driver import Fault, FaultDriver

pytestmark = pytest.mark.drill


def passes(arguments: list[str]) -> int:
    """The scenario: pass every point named; the first argument says how to end."""
    for name in arguments[1:]:
        try:
            faults.point(name)
        except OSError as error:
            print(f"refused: {errno.errorcode[error.errno or 0]}")
    if arguments[0] == "raise":
        raise ValueError("a scenario may fail")
    if arguments[0] == "exit":
        sys.exit("said on leaving")
    if arguments[0] == "linger":
        time.sleep(60)  # only ever cut short: by the clock or by the time limit
    return int(arguments[0])


@pytest.fixture(params=[True, False], ids=["warm", "cold"])
def driver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FaultDriver]:
    with FaultDriver("tests.drill.test_fault_driver:passes", scratch=tmp_path, warm=request.param) as made:
        yield made


def test_a_run_says_how_it_ended_and_what_it_passed(driver: FaultDriver) -> None:
    outcome = driver.run(["7", "send.before", "send.after", "send.before"], count=True)
    assert (outcome.returncode, outcome.fired, outcome.killed) == (7, (), False)
    assert outcome.counts == {"send.before": 2, "send.after": 1}
    assert driver.run(["0", "send.before"]).counts == {}


def test_a_planned_kill_happens_at_its_passing_and_not_before(driver: FaultDriver) -> None:
    plan = Fault(point="send.before", hit=2)
    outcome = driver.run(["0", "send.before", "send.after", "send.before", "send.after"], plan, count=True)
    assert outcome.killed
    assert outcome.returncode == -signal.SIGKILL
    assert outcome.fired == ("send.before:2:kill",)
    assert outcome.counts["send.after"] == 1
    assert driver.run(["0", "send.before"], plan).returncode == 0


def test_a_refused_write_is_met_by_the_scenario(driver: FaultDriver) -> None:
    outcome = driver.run(["0", "send.before"], Fault(point="send.before", action="enospc"))
    assert outcome.output == "refused: ENOSPC\n"
    assert outcome.fired == ("send.before:1:enospc",)


def test_a_scenario_that_fails_leaves_its_words(driver: FaultDriver) -> None:
    assert "ValueError: a scenario may fail" in driver.run(["raise"]).output
    left = driver.run(["exit"])
    assert (left.returncode, left.output) == (1, "said on leaving\n")


def test_a_kill_by_the_clock_is_a_kill_and_a_time_limit_is_not(tmp_path: Path) -> None:
    target = "tests.drill.test_fault_driver:passes"
    with FaultDriver(target, scratch=tmp_path, timeout_s=0.2) as warm:
        assert warm.run(["linger"], kill_after_s=0.05).killed
        stuck = warm.run(["linger"])
        assert (stuck.timed_out, stuck.killed) == (True, False)


def test_a_child_starts_from_what_the_server_has_imported_and_from_nothing_another_child_did(tmp_path: Path) -> None:
    with FaultDriver("tests.drill.test_fault_driver:passes", scratch=tmp_path) as warm:
        assert warm.learn_imports(["0"]).returncode == 0
        plan = Fault(point="send.before")
        assert [warm.run(["0", "send.before"], plan).killed for _ in range(3)] == [True] * 3
        assert warm.run(["0", "send.before"]).returncode == 0
