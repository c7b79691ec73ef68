"""Killed anywhere between vectors, store, base and manifest, the index heals when it is opened next."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ghostkit.rag.index import VectorIndex

from .killed import killed_at
from .world import INFO, World, vector_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")

THOROUGH = os.environ.get("GHOSTKIT_RETRIEVAL") == "full"
POINTS = (
    "rag.store.before_commit",
    "rag.store.after_commit",
    "rag.index.vectors_written",
    "rag.index.base_written",
    "rag.index.before_manifest",
    "rag.index.after_manifest",
)
QUESTIONS = [vector_of(text) for text in ("w3x2 noo", "killed one", "killed two")]


def answers(world: World, index: VectorIndex) -> list[list[tuple[str, float]]]:
    with world.store.view() as view:
        return [index.search(view, question, 25) for question in QUESTIONS]


@pytest.mark.parametrize("point", POINTS if THOROUGH else POINTS[3:])
def test_a_killed_process_leaves_an_index_that_heals_on_opening(tmp_path: Path, point: str) -> None:
    before = World(tmp_path)
    before.fill(3)
    before.close()
    assert killed_at(point, tmp_path, "d001", ["killed one", "killed two", "w1x2 noo"])

    after = World(tmp_path)
    committed = point != "rag.store.before_commit"
    assert after.store.view().count == (23 if committed else 30)
    fresh = VectorIndex.open(None, after.store, after.vectors, INFO)
    assert answers(after, after.index) == answers(after, fresh)
    assert after.index.status().rebuilt_because == "", "the base that is there is whole: nothing need be made anew"
    after.index.merge()
    assert answers(after, after.index) == answers(after, fresh)
    assert sorted(path.suffix for path in after.home.glob("base-*")) == [".rows", ".vectors"], "no leftovers"
    after.close()


def test_the_first_base_of_all_killed_half_way_is_no_base(tmp_path: Path) -> None:
    assert killed_at("rag.index.base_written", tmp_path, "d", ["killed one", "..."])
    after = World(tmp_path)
    assert answers(after, after.index)[1][0][1] == pytest.approx(1.0, abs=1e-6)
    after.index.catch_up()
    assert (after.index.status().base, after.index.status().rebuilt_because) == (2, "")
    after.close()


def test_an_index_that_is_ahead_of_a_store_that_lost_its_last_change_is_made_anew(tmp_path: Path) -> None:
    """What a power cut may do to SQLite's last transaction: row numbers are then given a second time."""
    import shutil

    world = World(tmp_path)
    world.fill(2)
    world.close()
    earlier = tmp_path / "earlier"
    shutil.copy(tmp_path / "chunks.sqlite", earlier)
    world = World(tmp_path)
    world.put("lost", ["killed one", "killed two"])
    world.index.merge()
    world.close()
    for path in tmp_path.glob("chunks.sqlite*"):
        path.unlink()
    shutil.move(earlier, tmp_path / "chunks.sqlite")

    after = World(tmp_path)
    after.put("another", ["w3x2 noo", "quite another"])
    fresh = VectorIndex.open(None, after.store, after.vectors, INFO)
    assert answers(after, after.index) == answers(after, fresh)
    assert "doesn't know the version" in after.index.status().rebuilt_because
    after.close()
