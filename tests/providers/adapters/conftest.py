"""One simulator for all tests of adapters; each test finds it new."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ghostkit.testing.simulator import Simulator, running_simulator


@pytest.fixture(scope="session")
def running() -> Iterator[Simulator]:
    with running_simulator() as simulator:
        yield simulator


@pytest.fixture
def simulator(running: Simulator) -> Simulator:
    running.set_rules([])
    running.reset()
    return running
