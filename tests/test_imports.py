"""Imports point down, and importing ghostkit costs next to nothing."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Require

ROOT = Path(__file__).parents[1]
HEAVY = [
    "torch", "polars", "duckdb", "pyarrow", "jinja2", "anywidget", "ipywidgets", "IPython", "pydantic", "httpx",
    "openai", "anthropic", "rich", "click", "structlog", "markdown_it", "nh3", "numpy", "filelock", "sqlite3", "anyio",
]  # fmt: skip
"""What `import ghostkit` alone must not bring in."""
HEAVY_FOR_A_BOOK = [m for m in HEAVY if m not in ("anyio", "sqlite3", "filelock", "pydantic")]
ROUNDS = 5


def loaded(code: str) -> set[str]:
    program = f"{code}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(json.loads(out.stdout))


def seconds(code: str) -> float:
    """The time of `code` inside a fresh process, the quickest of a few: others only ever make it slower."""
    program = f"import time; t = time.perf_counter()\n{code}\nprint(time.perf_counter() - t)"
    runs = [
        float(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout)
        for _ in range(ROUNDS)
    ]
    print(f"\n{code!r}: median {statistics.median(runs) * 1000:.0f} ms, least {min(runs) * 1000:.0f} ms of {ROUNDS}")
    return min(runs)


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        ("import ghostkit", HEAVY),
        ("import ghostkit.events", HEAVY),
        ("from ghostkit.settings import get_settings", HEAVY),
        ("from ghostkit import Book", HEAVY_FOR_A_BOOK),
        ("from ghostkit import Book, Run, background, registry, sync", HEAVY_FOR_A_BOOK),
    ],
)
def test_heavy_things_stay_out_until_they_are_used(code: str, unwanted: list[str]) -> None:
    assert sorted(loaded(code) & set(unwanted)) == []


def test_importing_is_as_quick_as_promised() -> None:
    """150 ms and 400 ms over bare python; the gate is set against imports of the standard library measured beside."""
    yardstick = seconds("import asyncio, json, sqlite3, logging, email.message, http.client, concurrent.futures")
    bare = seconds("import ghostkit")
    book = seconds("from ghostkit import Book")
    assert bare < max(0.150, 3 * yardstick)
    assert book < max(0.400, 8 * yardstick)


def test_every_name_of_the_face_is_there() -> None:
    import ghostkit

    for name in ghostkit.__all__:
        assert getattr(ghostkit, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Boook'"):
        ghostkit.Boook  # noqa: B018
    assert set(dir(ghostkit)) >= set(ghostkit.__all__)


def test_imports_point_down(require: Require) -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    require("import-linter", linter.exists(), "import-linter is not installed")
    ended = subprocess.run([str(linter), "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout
