"""The room's face holds what it lists, stays light, and looks at nothing beyond its floor."""

from __future__ import annotations

import subprocess
import sys

import pytest

import ghostkit.book
import ghostkit.book.rendering

FACES = [ghostkit.book, ghostkit.book.rendering]


@pytest.mark.parametrize("face", FACES)
def test_everything_listed_is_there_and_sorted_as_ruff_has_it(face: object) -> None:
    names = face.__all__  # type: ignore[attr-defined]
    assert len(set(names)) == len(names)
    assert all(hasattr(face, name) for name in names)


@pytest.mark.parametrize("face", FACES)
def test_everything_imported_is_listed(face: object) -> None:
    public = {
        name
        for name, value in vars(face).items()
        if not name.startswith("_") and getattr(value, "__module__", "").startswith("ghostkit.book")
    }
    assert public <= set(face.__all__)  # type: ignore[attr-defined]


def test_the_book_comes_without_anything_heavy() -> None:
    code = "import sys; from ghostkit.book import Book; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"pydantic", "asyncio", "anyio", "sqlite3", "polars", "httpx", "jinja2", "ssl", "socket", "shutil"}
    assert heavy.isdisjoint(loaded)
    rooms = {name.split(".")[1] for name in loaded if name.startswith("ghostkit.")}
    assert rooms == {"book", "errors", "faults"}
