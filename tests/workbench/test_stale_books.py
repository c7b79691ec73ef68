"""A few random histories of whole books; `python -m tests.workbench.stale_books` plays hundreds."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import stale_books

pytestmark = pytest.mark.anyio


async def test_a_live_book_says_what_the_oracle_says_and_loses_nothing(tmp_path: Path) -> None:
    tally = stale_books.Tally()
    for number in range(5):
        await stale_books.play(tmp_path, 3, number, tally)
    assert tally.histories == 5
    assert tally.compared >= 30
    assert sum(tally.acts.values()) >= 15
    assert tally.grades["stale"] > 0
