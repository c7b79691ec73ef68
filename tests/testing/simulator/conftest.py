"""One simulator process for all tests of a worker, as good as new for each of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ghostkit.testing.simulator import Simulator, running_simulator

from .wire import Wire


@pytest.fixture(scope="session")
def _process() -> Iterator[Simulator]:
    with running_simulator() as simulator:
        yield simulator


@pytest.fixture
def simulator(_process: Simulator) -> Simulator:
    _process.reset()
    return _process


@pytest.fixture
def wire(simulator: Simulator) -> Iterator[Wire]:
    with Wire(simulator) as made:
        yield made
