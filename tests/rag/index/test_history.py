"""After any history, words and vectors find what a fresh index of the same book finds, bit for bit.

Two hundred random operations by default; 10,000 where `GHOSTKIT_RETRIEVAL=full` is set.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ghostkit.rag.document import text_digest
from ghostkit.rag.scope import Scope

from .killed import killed_at
from .world import World, chunked, keep_vectors, vector_of

THOROUGH = os.environ.get("GHOSTKIT_RETRIEVAL") == "full"
OPERATIONS = 10_000 if THOROUGH else 200
CRASHES = 150 if THOROUGH else 2
COMPARED_EVERY = 5
WORDS = ("oak", "ash", "elm", "fir", "yew", "bay", "box", "may", "...")
NUDGES = ("a", "bb", "ccc", "dddd", "eeeee", "ffffff", "ggggggg")
POINTS = (
    "rag.store.before_commit", "rag.store.after_commit", "rag.index.vectors_written", "rag.index.base_written",
    "rag.index.before_manifest", "rag.index.after_manifest",
)  # fmt: skip


class Book:
    """What the index should hold, and the operations that change both."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.world = World(folder)
        self.texts: dict[str, list[str]] = {}
        self.chapters: dict[str, int | None] = {}
        self.crashes = 0

    def text(self) -> str:
        return " ".join([self.random.choice(WORDS), *self.random.choices(NUDGES, k=self.random.randint(0, 3))])

    def document(self) -> str:
        return f"d{self.random.randrange(14)}"

    def add(self) -> None:
        self.put(self.document(), [self.text() for _ in range(self.random.randint(1, 9))])

    def edit(self) -> None:
        if self.texts:
            name = self.random.choice(sorted(self.texts))
            texts = list(self.texts[name])
            texts[self.random.randrange(len(texts))] = self.text()
            self.put(name, texts)

    def put(self, name: str, texts: list[str]) -> None:
        self.texts[name] = texts
        self.chapters.setdefault(name, self.random.choice([None, *range(1, 9)]))
        self.world.store.apply([chunked(name, texts, self.chapters[name])])
        keep_vectors(self.world.vectors, texts)
        if self.random.random() < 0.7:
            self.world.index.catch_up()

    def delete(self) -> None:
        if self.texts:
            name = self.random.choice(sorted(self.texts))
            del self.texts[name], self.chapters[name]
            self.world.store.apply([], gone=[name])

    def move(self) -> None:
        if self.texts:
            name = self.random.choice(sorted(self.texts))
            self.chapters[name] = self.random.choice([None, *range(1, 9)])
            moved = chunked(name, self.texts[name], self.chapters[name]).document
            self.world.store.apply([], placed=[moved])

    def reopen(self) -> None:
        self.world.close()
        self.world = World(self.world.folder)

    def reopen_index(self) -> None:
        self.world.index = self.world.opened()

    def merge(self) -> None:
        self.world.index.merge()

    def crash(self) -> None:
        """Another process is killed while it puts in a document; what it committed counts."""
        assert self.world.folder is not None
        name, texts = self.document(), [self.text() for _ in range(3)]
        assert killed_at(self.random.choice(POINTS), self.world.folder, name, texts)
        self.crashes += 1
        known = self.world.store.known().get(name)
        if known is not None and known.text_digest == text_digest("\n".join(texts)):
            self.texts[name], self.chapters[name] = texts, None
        if self.random.random() < 0.5:
            self.reopen()

    def fresh(self) -> World:
        """The same book indexed at once, by a store and an index of no history."""
        world = World()
        world.store.apply([chunked(name, texts, self.chapters[name]) for name, texts in sorted(self.texts.items())])
        keep_vectors(world.vectors, sorted({text for texts in self.texts.values() for text in texts}))
        world.index.catch_up()
        return world

    def compare(self) -> None:
        fresh = self.fresh()
        chapter = self.random.randint(1, 8)
        questions = [self.text() for _ in range(3)]
        vectors = np.array([vector_of(question) for question in questions])
        limit = self.random.choice([1, 5, 40, 400])
        for scope in (Scope(), Scope(before=(chapter, 1)), Scope(chapters=(chapter, 8))):
            with self.world.store.view(scope) as mine, fresh.store.view(scope) as theirs:
                found = self.world.index.search_many(mine, vectors, limit)
                assert found == fresh.index.search_many(theirs, vectors, limit)
                assert found == [self.world.index.search(mine, vector, limit) for vector in vectors]
                for question in questions:
                    assert mine.keyword(question, limit) == theirs.keyword(question, limit)
        fresh.close()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")
def test_after_any_history_results_equal_a_fresh_rebuilds_bit_for_bit(tmp_path: Path) -> None:
    book = Book(tmp_path, seed=20_261_121)
    chances: list[tuple[Callable[[], None], float]] = [
        (book.add, 24), (book.edit, 30), (book.delete, 10), (book.move, 12), (book.reopen, 6), (book.reopen_index, 6),
        (book.merge, 10),
    ]  # fmt: skip
    acts, weights = zip(*chances, strict=True)
    crash_at = set(book.random.sample(range(20, OPERATIONS), CRASHES))
    bases = set()
    for number in range(OPERATIONS):
        act = book.crash if number in crash_at else book.random.choices(acts, weights)[0]
        act()
        if number % COMPARED_EVERY == 0 or act == book.crash:
            book.compare()
            bases.add((book.world.index.status().base, book.world.index.status().delta))
    assert (book.crashes, len(bases) > 20) == (CRASHES, True), "histories with many shapes of base and delta"
    book.world.close()
