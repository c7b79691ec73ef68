"""A small book with a past, and everything a projection says about it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ghostkit.analytics import Analytics
from ghostkit.analytics.schema import STORED

from .histories import Desk, make_book

FULL = os.environ.get("GHOSTKIT_RETRIEVAL") == "full"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = make_book(tmp_path / "book")
    yield made
    made.close()


def everything(analytics: Analytics, *, but: tuple[str, ...] = ()) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every stored table, in an order of its own."""
    return {
        table.name: sorted(analytics.frame(table.name).rows(), key=repr) for table in STORED if table.name not in but
    }
