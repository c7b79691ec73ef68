"""Whatever was done to a store, and wherever it was killed, it answers as one that was filled just now."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from ghostkit.rag.document import Document
from ghostkit.rag.store import ChunkStore
from tests.rag.store.history import Change, carry_out, die_at, differences, plan

# Read before a fixture takes ghostkit's variables away.
FULL = os.environ.get("GHOSTKIT_RETRIEVAL") == "full"
OPERATIONS = 10_000 if FULL else 240
DEATHS = 60 if FULL else 4
POINTS = ("rag.store.before_commit", "rag.store.after_commit")


def operations_of(change: Change) -> int:
    written, moved, gone = change
    return len(written) + len(moved) + len(gone)


@pytest.mark.parametrize("seed", [1, 2])
def test_after_any_history_answers_equal_those_of_a_fresh_store_bit_for_bit(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    documents: dict[str, Document] = {}
    store = ChunkStore.open(tmp_path / "chunks.sqlite")
    done = compared = reopened = 0
    while done < OPERATIONS // 2:
        change = plan(chance, documents, chance.choice([1, 1, 2, 5, 30]))
        carry_out(store, change)
        done += operations_of(change)
        if chance.random() < 0.15:
            if chance.random() < 0.7:
                store.close()
            store = ChunkStore.open(tmp_path / "chunks.sqlite")
            reopened += 1
        if chance.random() < (0.2 if FULL else 0.5):
            compared += 1
            assert differences(store, list(documents.values()), chance) == [], f"after {done} operations"
    assert differences(store, list(documents.values()), chance) == []
    assert min(compared, reopened) > 0
    assert store.healed == ""
    store.close()


def test_killed_in_the_middle_of_a_change_it_has_all_of_it_or_nothing(tmp_path: Path) -> None:
    chance = random.Random(3)
    path = tmp_path / "chunks.sqlite"
    documents: dict[str, Document] = {}
    with ChunkStore.open(path) as store:
        carry_out(store, plan(chance, documents, 40))
    for number in range(DEATHS):
        point = POINTS[number % 2]
        before = dict(documents)
        change = plan(chance, documents, chance.choice([1, 5, 20]))
        if not operations_of(change):
            continue
        assert die_at(path, change, point, tmp_path), "the fault did not fire"
        with ChunkStore.open(path) as store:
            assert store.healed == ""
            there = before if point == POINTS[0] else documents
            assert differences(store, list(there.values()), chance) == [], f"killed at {point}"
            carry_out(store, change) if point == POINTS[0] else None
            assert differences(store, list(documents.values()), chance) == []


def test_a_change_that_fails_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    from ghostkit.errors import InputError
    from tests.rag.store.making import chunked

    chance = random.Random(4)
    documents: dict[str, Document] = {}
    with ChunkStore.open(tmp_path / "chunks.sqlite") as store:
        carry_out(store, plan(chance, documents, 20))
        version = store.version()
        new = Document(id="new", text="a whale of a lamp", chapter=1, section=1, language="en")
        with pytest.raises(InputError, match="not in the index"):
            store.apply([chunked(new)], placed=[Document(id="nowhere", text="")])
        clash = chunked(new)
        with pytest.raises(InputError, match="Two chunks have the id"):
            store.apply(
                [clash, type(clash)(document=Document(id="other", text=""), chunks=clash.chunks, digests=clash.digests)]
            )
        assert store.version() == version
        assert differences(store, list(documents.values()), chance) == []


def test_the_change_log_leads_from_any_version_to_now(tmp_path: Path) -> None:
    chance = random.Random(5)
    documents: dict[str, Document] = {}
    with ChunkStore.open(tmp_path / "chunks.sqlite") as store:
        seen = {0: set[int]()}
        ever: set[int] = set()
        for _ in range(25):
            before = set(store.view().rows.tolist())
            carry_out(store, plan(chance, documents, 4))
            now = set(store.view().rows.tolist())
            assert not (now - before) & ever, "a row number was used twice"
            ever |= now
            seen[store.version()] = now
        for version, rows in seen.items():
            changes = store.changes_since(version)
            assert changes is not None
            assert set(changes.removed.tolist()) == rows - now
            assert set(changes.added.tolist()) == now - rows
            assert sorted(changes.added.tolist()) == changes.added.tolist()
        assert store.changes_since(store.version() + 1) is None
        assert store.changes_since(5) is None


def test_the_change_log_forgets_what_is_long_past(monkeypatch: pytest.MonkeyPatch) -> None:
    from ghostkit.rag.store import writing

    monkeypatch.setattr(writing, "VERSIONS_KEPT", 3)
    chance = random.Random(6)
    documents: dict[str, Document] = {}
    with ChunkStore.open(None) as store:
        versions = []
        for _ in range(8):
            carry_out(store, plan(chance, documents, 10))
            versions.append(store.version())
        assert [store.changes_since(one) is not None for one in versions] == [False] * 5 + [True] * 3
        everything = store.changes_since(0)
        assert everything is not None
        assert everything.added.tolist() == store.view().rows.tolist()
        assert everything.removed.tolist() == []


def test_a_move_touches_no_chunk() -> None:
    from dataclasses import replace

    from ghostkit.rag.scope import Scope
    from tests.rag.store.making import chunked

    document = Document(id="a", text="whale " * 40, chapter=1, section=1, title="Old", language="en")
    with ChunkStore.open(None) as store:
        first = store.apply([chunked(document)])
        rows = store.view().rows.tolist()
        second = store.apply([], placed=[replace(document, chapter=7, title="New")])
        assert second > first
        assert store.view().rows.tolist() == rows
        changes = store.changes_since(first)
        assert changes is not None
        assert (len(changes.added), len(changes.removed)) == (0, 0)
        chunk = store.view().chunks([store.view().id_of(rows[0])])[0]
        assert (chunk.chapter_num, chunk.metadata.title) == (7, "New")
        assert store.view(Scope(before=(2, 1))).count == 0
        assert store.apply([], placed=[replace(document, chapter=7, title="New")]) == second, (
            "nothing to do, no version"
        )


def test_an_edit_leaves_the_rows_of_other_chunks_alone() -> None:
    from dataclasses import replace

    from tests.rag.store.making import chunked

    text = " ".join(f"word{at}" for at in range(120)) + " "
    document = Document(id="a", text=text, language="en")
    with ChunkStore.open(None) as store:
        version = store.apply([chunked(document)])
        store.apply([chunked(replace(document, text=text.replace("word50 ", "changed ")))])
        changes = store.changes_since(version)
        assert changes is not None
        assert (len(changes.added), len(changes.removed)) == (1, 1)
        chunk = store.view().chunks([store.view().keyword("word110", 1)[0][0]])[0]
        assert text.replace("word50 ", "changed ")[chunk.metadata.start : chunk.metadata.end] == chunk.content


def test_deleted_words_leave_no_trace_among_the_postings(tmp_path: Path) -> None:
    import sqlite3

    from tests.rag.store.making import chunked

    path = tmp_path / "chunks.sqlite"
    with ChunkStore.open(path) as store:
        store.apply([chunked(Document(id="a", text="xyzzy whale", language="en"))])
        store.apply([chunked(Document(id="b", text="whale", language="en"))], gone=["a"])
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT term FROM postings").fetchall() == [("whale",)]
    connection.close()
    assert b"xyzzy" not in path.read_bytes()
