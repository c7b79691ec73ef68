"""A disk that is full or failing: one clear sentence, nothing lost, and the book goes on once there is room."""

from __future__ import annotations

import json
import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ghostkit import faults
from ghostkit.testing.fault_driver import Fault, Outcome
from tests.conftest import Require
from tests.drill.drill import Drill, Kill, Trial, refusal
from tests.drill.findings import after_kill, at_the_end
from tests.drill.scenario import bill_of

THOROUGH = os.environ.get("GHOSTKIT_DRILL") == "ci"
WRITES = (".before_commit", ".before_flush", ".before_end", ".before_release", ".before_backup")
"""Besides every stage of every file: points that stand right before a write to the ledger or a copy of it."""
CHECKPOINTS = ("checkpoint.", "file.checkpoint")
"""Written by a handler, which harms nobody when it fails."""

pytestmark = [pytest.mark.drill, pytest.mark.slow]


@pytest.fixture(scope="module")
def drill() -> Iterator[Drill]:
    drill = Drill(jobs=2)
    try:
        drill.prepare()
        yield drill
    finally:
        drill.close()


def write_sites() -> list[str]:
    """All of them; in the thin version one seeded stage of each kind of file."""
    sites = [point for point in faults.POINTS if point.endswith(WRITES)]
    chance = random.Random(7)
    for kind in faults.FILE_KINDS:
        stages = [point for point in faults.POINTS if point.startswith(f"file.{kind}.")]
        sites += stages if THOROUGH else [chance.choice(stages)]
    return sites


def test_a_disk_that_refuses_any_one_write_is_told_of_and_the_book_goes_on(drill: Drill) -> None:
    trials = []
    sites = write_sites()
    for point in sites if THOROUGH else sites[::6]:
        chance = random.Random(point)
        actions: tuple[faults.Action, ...] = ("enospc", "eio")
        for action in actions if THOROUGH else (chance.choice(actions),):
            hit = chance.randint(1, drill.counts[point])
            fault = Fault(point=point, hit=hit, action=action)
            refused = Kill(faults=(fault,), beside_the_run=point.startswith(CHECKPOINTS))
            trials.append(Trial(name=f"{action}-{point}-{hit}", kills=(refused,)))
    tally = drill.run(trials)
    assert tally.trials == len(trials)
    assert tally.failures == [], json.dumps(tally.failures[:8], indent=1)


@pytest.mark.parametrize("point", ["cache.before", "cache.written", "cache.done"])
def test_a_disk_that_refuses_a_cache_entry_does_not_stop_the_book(drill: Drill, tmp_path: Path, point: str) -> None:
    book, driver = tmp_path / "book", drill.driver
    fault = Fault(point=point, hit=random.Random(point).randint(1, drill.counts[point]), action="enospc")
    outcome = driver.run([str(book)], fault)
    assert (outcome.returncode, outcome.fired) == (0, (str(fault),)), outcome.output
    assert drill.undisturbed is not None
    assert at_the_end(book, tmp_path, drill.undisturbed, [])[1] == []
    told = [json.loads(line) for line in (book / "logs" / "errors.jsonl").read_text("utf-8").splitlines()]
    assert [entry for entry in told if "Could not write the cache entry" in json.dumps(entry)]


# ── a disk that really is full ────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def small_disk(tmp_path: Path, require: Require) -> Iterator[Path]:
    """A folder `book` on a file system of its own, whose size `resize` changes."""
    folder = tmp_path / "book"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "ghostkit-drill", str(folder)], capture_output=True, check=False
    )
    require("tmpfs", done.returncode == 0, "a small file system can't be mounted here (that needs root)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def resize(folder: Path, kibibytes: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={kibibytes}k", str(folder)], check=True)


def test_a_full_disk_stops_the_book_clearly_and_it_goes_on_as_room_is_made(drill: Drill, small_disk: Path) -> None:
    step = 16 if THOROUGH else 48
    workshop, driver = small_disk.parent, drill.driver
    refused, earlier = 0, []
    for size in range(step, 4096, step):
        resize(small_disk, size)
        outcome = driver.run([str(small_disk)])
        if outcome.returncode == 0:
            break
        refused += 1
        assert told_clearly(outcome, small_disk) == [], f"at {size} KiB"
        found, record = after_kill(small_disk, workshop)
        assert found == [], f"at {size} KiB"
        earlier += [record] if record else []
    assert refused >= 5
    resize(small_disk, 8192)
    assert driver.run([str(small_disk)]).returncode == 0
    assert drill.undisturbed is not None
    assert at_the_end(small_disk, workshop, drill.undisturbed, earlier)[1] == []


def test_a_file_that_may_not_grow_stops_the_book_clearly_and_it_goes_on_once_it_may(
    drill: Drill, tmp_path: Path
) -> None:
    """SQLite's own write fails, at one place after another, as on a failing disk."""
    book, driver = tmp_path / "book", drill.driver
    refused, earlier = 0, []
    for size in range(8, 400, 8 if THOROUGH else 40):
        outcome = driver.run([str(book)], environment={"GHOSTKIT_DRILL_FILE_LIMIT": str(size * 1024)})
        if outcome.returncode == 0:
            break
        refused += 1
        assert told_clearly(outcome, book) == [], f"at {size} KiB"
        found, record = after_kill(book, tmp_path)
        assert found == [], f"at {size} KiB"
        earlier += [record] if record else []
    assert refused >= 3
    assert driver.run([str(book)]).returncode == 0
    assert drill.undisturbed is not None
    assert at_the_end(book, tmp_path, drill.undisturbed, earlier)[1] == []
    assert bill_of(book).exists()


def told_clearly(outcome: Outcome, book: Path) -> list[str]:
    return [wrong for wrong in refusal(outcome, book) if "did not fire" not in wrong]
