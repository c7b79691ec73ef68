"""A ledger of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ghostkit.ledger import SqliteLedger


@pytest.fixture(params=["file", "memory"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqliteLedger]:
    """One that holds the lease."""
    path = tmp_path / "ledger.sqlite" if request.param == "file" else None
    made = SqliteLedger(path, synchronous="OFF")  # the tests of the file itself are elsewhere; here it need not sync
    made.acquire_lease({"goal": "a test"})
    yield made
    made.release_lease()
    made.close()
