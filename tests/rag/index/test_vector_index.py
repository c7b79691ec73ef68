"""The index finds what its store holds, whatever is in base and delta, for any view, from several processes' files."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ghostkit.errors import EmbedderError
from ghostkit.rag.document import text_digest
from ghostkit.rag.index import LIMITS, VectorIndex
from ghostkit.rag.scope import Scope

from .world import DIMENSION, INFO, QUICK, World, chunked, close_to, keep_vectors, oracle, vector_of


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


QUESTIONS = np.array([vector_of(text) for text in ("w3x2 noo", "w1x1 n", "nothing like it", "w5x6 nnnnnnn")])


def same_as_anew(world: World, index: VectorIndex | None = None, scope: Scope | None = None) -> None:
    """Equal to an index made just now, bit for bit; and to the oracle."""
    with world.store.view(scope or Scope()) as view:
        fresh = VectorIndex.open(None, world.store, world.vectors, world.info, world.limits)
        for question in QUESTIONS:
            found = (index or world.index).search(view, question, 9)
            assert found == fresh.search(view, question, 9)
            assert close_to(found, oracle(view, question, 9))


def test_what_was_put_in_is_found_by_cosine_best_first(world: World) -> None:
    world.put("d", ["north one", "south two", "north three"])
    with world.store.view() as view:
        found = world.index.search(view, vector_of("north one"), 2)
        assert [view.chunks([one])[0].content for one, _ in found] == ["north one", "north three"]
    assert found[0][1] == pytest.approx(1.0, abs=1e-6)


def test_an_edit_a_deletion_and_a_move_leave_what_a_rebuild_would_find(world: World) -> None:
    world.fill(6)
    world.put("d002", ["w2x1 no", "something else", "..."], 3)
    world.store.apply([], gone=["d004"])
    same_as_anew(world)
    status = world.index.status()
    assert (status.delta, status.tombstones) == (2, 19)
    world.index.merge()
    assert world.index.status().tombstones == world.index.status().delta == 0
    same_as_anew(world)


def test_a_search_sees_what_its_view_sees_without_being_told_to_catch_up(world: World) -> None:
    world.fill(2)
    keep_vectors(world.vectors, ["brand new"])
    world.store.apply([chunked("late", ["brand new"], 9)])
    with world.store.view() as view:
        assert world.index.search(view, vector_of("brand new"), 1)[0][1] == pytest.approx(1.0, abs=1e-6)


def test_an_older_view_finds_what_it_saw_even_after_a_merge_took_it_away(world: World) -> None:
    world.fill(4)
    with world.store.view() as before:
        wanted = world.index.search(before, QUESTIONS[0], 12)
        world.store.apply([], gone=["d003"])
        world.index.merge()
        assert world.index.search(before, QUESTIONS[0], 12) == wanted
    with world.store.view() as after:
        assert world.index.search(after, QUESTIONS[0], 12) != wanted


def test_a_scope_finds_the_best_of_what_it_sees(world: World) -> None:
    world.fill(9)
    world.put("d001", ["w1x1 n", "w1x1 n"], 2)
    for scope in (
        Scope(before=(4, 1)), Scope(chapters=(2, 3)), Scope(documents=frozenset({"d001", "d007"})),
        Scope(without=frozenset({"d003"})), Scope(before=(1, 1)),
    ):  # fmt: skip
        same_as_anew(world, scope=scope)


def test_two_hundred_of_ten_thousand_are_searched_exactly(tmp_path: Path) -> None:
    world = World(None, limits=replace(LIMITS, kind="ivf", approximate_from=1, exact_scope=300, least_recall=0.0))
    pytest.importorskip("faiss")
    world.fill(50, 40)
    assert world.index.status().kind == "ivf"
    same_as_anew(world, scope=Scope(chapters=(3, 7)))
    world.close()


def test_many_searches_at_once_are_the_single_ones_bit_for_bit(world: World) -> None:
    world.fill(5)
    world.put("d001", ["w1x1 n", "w1x1 n", "..."], 2)
    with world.store.view() as view:
        together = world.index.search_many(view, QUESTIONS, 20)
        assert together == [world.index.search(view, question, 20) for question in QUESTIONS]


def test_chunks_without_a_vector_are_told_and_found_as_soon_as_there_is_one(world: World) -> None:
    world.fill(3)
    world.put("new", ["not yet embedded", "w1x1 no", "not yet embedded"], embedded=False)
    with world.store.view() as view:
        assert world.index.missing(view) == [text_digest("not yet embedded")]
        assert world.index.status().missing == 2
        keep_vectors(world.vectors, ["not yet embedded"])
        assert world.index.missing(view) == []
        assert world.index.search(view, vector_of("not yet embedded"), 1)[0][1] == pytest.approx(1.0, abs=1e-6)
    same_as_anew(world)


def test_a_vector_that_is_no_direction_counts_as_missing(world: World) -> None:
    world.put("bad", ["twice as long"], embedded=False)
    world.vectors.put_many(INFO.key, "passage", [text_digest("twice as long")], 2 * QUESTIONS[:1])
    with world.store.view() as view:
        assert world.index.missing(view) == [text_digest("twice as long")]
        assert world.index.search(view, QUESTIONS[0], 3) == []


def test_a_question_of_zeros_finds_nothing_and_a_chunk_of_zeros_scores_nothing(world: World) -> None:
    world.put("d", ["...", "north one"])
    with world.store.view() as view:
        assert world.index.search(view, np.zeros(DIMENSION, np.float32), 5) == []
        found = dict(world.index.search(view, -vector_of("north one"), 5))
    assert sorted(found.values())[1] == 0.0


@pytest.mark.parametrize("limit", [0, -1])
def test_asked_for_none_it_finds_none(world: World, limit: int) -> None:
    world.fill(1)
    with world.store.view() as view:
        assert world.index.search_many(view, QUESTIONS, limit) == [[]] * len(QUESTIONS)


@pytest.mark.parametrize(
    ("question", "said"),
    [(np.ones(DIMENSION + 1), "makes 24 numbers"), (np.full(DIMENSION, np.nan), "NaN"), (np.ones((2, 2)), "makes 24")],
)
def test_a_question_that_can_not_be_asked_is_refused_in_a_sentence(
    world: World, question: np.ndarray, said: str
) -> None:
    world.fill(1)
    with world.store.view() as view, pytest.raises(EmbedderError, match=said):
        world.index.search(view, question.astype(np.float32), 3)


def test_an_empty_book_has_an_empty_index(world: World) -> None:
    world.index.catch_up()
    with world.store.view() as view:
        assert world.index.search(view, QUESTIONS[0], 3) == []
        assert world.index.missing(view) == []
    assert (world.index.status().vectors, world.index.status().bytes_on_disk) == (0, 0)


def test_an_index_opened_again_reads_its_base_and_asks_the_cache_for_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.fill(4)
    again = world.opened()
    monkeypatch.setattr(world.vectors, "get_many", None)
    with world.store.view() as view:
        assert again.search(view, QUESTIONS[0], 5) == world.index.search(view, QUESTIONS[0], 5)
    status = again.status()
    assert (status.base, status.rebuilt_because, status.kind, status.recall) == (40, "", "flat", 1.0)
    assert status.bytes_mapped == 40 * (4 * DIMENSION + 8)


def test_a_base_made_by_another_process_is_taken_over(world: World) -> None:
    world.fill(2)
    other = world.opened()
    other.catch_up()
    world.fill(4)
    world.index.merge()
    other.catch_up()
    assert (other.status().base, other.status().delta) == (40, 0)
    assert len(list(world.home.glob("base-*.vectors"))) == 1
    same_as_anew(world, other)


def test_while_another_process_merges_nobody_waits(world: World) -> None:
    from filelock import FileLock

    world.fill(2)
    with FileLock(world.home / "lock"):
        world.fill(6)
        assert world.index.status().delta == 40
        same_as_anew(world)
    world.index.catch_up()
    assert world.index.status().delta == 0


def test_a_disk_that_refuses_a_base_leaves_everything_to_be_found(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ghostkit import faults

    monkeypatch.setenv("GHOSTKIT_FAULT", "rag.index.base_written:1:enospc")
    faults.load()
    world.fill(3)
    assert "No space left" in world.index.status().notes[0]
    same_as_anew(world)
    world.index.catch_up()
    assert (world.index.status().notes, world.index.status().base) == ((), 30)
    assert len(list(world.home.iterdir())) == 4, "the refused base's file is gone with the next one"
    monkeypatch.undo()
    faults.load()


def test_a_folder_deleted_under_a_running_index_is_made_again(world: World) -> None:
    import shutil

    world.fill(3)
    shutil.rmtree(world.home)
    world.index.catch_up()
    assert (world.home / "manifest.json").exists()
    same_as_anew(world)


def test_a_store_begun_anew_means_an_index_made_anew(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.fill(3)
    world.close()
    for path in tmp_path.glob("chunks.sqlite*"):
        path.unlink()
    again = World(tmp_path)
    again.put("other", ["w3x2 noo"])
    assert "begun anew" in again.index.status().rebuilt_because
    same_as_anew(again)
    again.close()


def test_searches_and_changes_in_many_threads_answer_whole_versions(world: World) -> None:
    world.fill(4)
    wrong: list[object] = []
    done = threading.Event()

    def search() -> None:
        while not done.is_set():
            try:
                with world.store.view() as view:
                    found = world.index.search(view, QUESTIONS[0], 100)
                    seen = set(view.ids_of(view.rows))
                if {one for one, _ in found} != seen:
                    wrong.append((len(found), len(seen)))
            except Exception as error:
                wrong.append(error)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(25):
        texts = [f"w{number} n", "w3x2 noo", f"w{number}"]
        keep_vectors(world.vectors, texts)  # first, or a search may see chunks that have none yet
        world.put(f"d{number % 6:03}", texts, number % 6 + 1)
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_search_does_not_wait_for_a_merge_that_takes_long(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads what is new from the cache of vectors meanwhile."""
    world.fill(4)
    merging, go_on = threading.Event(), threading.Event()
    really = world.index._keeper.merged

    def slowly(snapshot: object) -> object:
        merging.set()
        assert go_on.wait(20)
        return really(snapshot)  # type: ignore[arg-type]

    monkeypatch.setattr(world.index._keeper, "merged", slowly)
    thread = threading.Thread(target=world.index.merge)
    thread.start()
    assert merging.wait(20)
    keep_vectors(world.vectors, ["quite new"])
    world.store.apply([chunked("late", ["quite new"]), chunked("d001", ["w3x2 noo"], 2)])
    same_as_anew(world)
    assert thread.is_alive()
    go_on.set()
    thread.join()
    same_as_anew(world)


def test_a_book_of_which_everything_went_has_an_empty_base(world: World) -> None:
    world.fill(2)
    world.store.apply([], gone=["d000", "d001"])
    world.index.merge()
    again = world.opened()
    with world.store.view() as view:
        assert again.search(view, QUESTIONS[0], 3) == []
    assert (again.status().base, again.status().rebuilt_because) == (0, "")
    world.fill(1)
    same_as_anew(world)


def test_small_books_never_load_faiss_or_torch(tmp_path: Path) -> None:
    import subprocess

    code = (
        "import sys\nfrom pathlib import Path\nfrom tests.rag.index.world import World, vector_of\n"
        f"world = World(Path({str(tmp_path)!r}))\nworld.fill(3)\n"
        "found = world.index.search(world.store.view(), vector_of('w1x1 n'), 5)\n"
        "print(len(found), 'faiss' in sys.modules, 'torch' in sys.modules)"
    )
    root = Path(__file__).parents[3]
    told = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True).stdout
    assert told.split() == ["5", "False", "False"]


def test_quick_limits_are_those_of_the_house_but_for_the_merge() -> None:
    assert replace(QUICK, merge_least=LIMITS.merge_least) == LIMITS
