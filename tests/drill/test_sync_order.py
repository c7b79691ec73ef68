"""Each thing is on disk before the next depends on it; seen in a real trace, and missed when a sync is left out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Require
from tests.drill.scenario import ENVIRONMENT
from tests.drill.sync_order import CALLS, SABOTAGES, Call, read_trace, violations

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.drill, pytest.mark.slow]


def trace(folder: Path, sabotage: str = "") -> list[Call]:
    """The calls of writing the first two sections into `folder`."""
    log = folder.parent / "trace"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GHOSTKIT_")}
    command = [sys.executable, "-m", "tests.drill.sync_order", str(folder), sabotage]
    done = subprocess.run(
        ["strace", "-f", "--seccomp-bpf", "-y", "-s", "5000", "-o", str(log), "-e", f"trace={CALLS}", *command],
        cwd=ROOT,
        env={**kept, **ENVIRONMENT, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return read_trace(log.read_text("utf-8", "replace"))


@pytest.fixture(scope="module")
def _strace(require: Require) -> None:
    found = shutil.which("strace")
    works = (
        found
        and subprocess.run(
            [found, "-f", "--seccomp-bpf", "-o", os.devnull, "true"], capture_output=True, check=False
        ).returncode
        == 0
    )
    require("strace", works, "strace is not installed, or not allowed to trace here")


@pytest.mark.usefixtures("_strace")
def test_log_then_request_and_result_then_file_and_file_then_name_then_folder(tmp_path: Path) -> None:
    folder = tmp_path / "book"
    found = violations(trace(folder), folder)
    seen = dict(one.split(": ") for one in found.pop("seen"))
    assert found == {"request": [], "result": [], "file": [], "folder": []}
    assert seen.keys() == found.keys()
    assert int(seen["result"]) >= 2
    assert int(seen["request"]) >= 5


@pytest.mark.usefixtures("_strace")
@pytest.mark.parametrize("sabotage", SABOTAGES)
def test_a_sync_left_out_is_seen(tmp_path: Path, sabotage: str) -> None:
    folder = tmp_path / "book"
    found = violations(trace(folder, sabotage), folder)
    told = {"ledger": ["request", "result"], "file": ["file"], "folder": ["folder"]}[sabotage]
    assert all(found[rule] for rule in told), found
    assert not any(found[rule] for rule in found.keys() - {*told, "seen"}), found
