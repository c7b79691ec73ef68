"""An update costs what changed, and not what there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ghostkit.rag.config import RAGConfig
from ghostkit.rag.document import Chunk, Document
from ghostkit.rag.engine import RetrievalEngine
from ghostkit.rag.store import StoreView

SENTENCES = [f"The ferry number {n} left the harbour at dawn with {n + 3} barrels of salt." for n in range(60)]


def book(sections: int = 12) -> list[Document]:
    return [
        Document(
            id=f"s{n}", text=" ".join(f"{n}: {one}" for one in SENTENCES), chapter=n // 4 + 1, section=n % 4 + 1,
            language="en", revision=n + 1,
        )
        for n in range(sections)
    ]  # fmt: skip


class Watched:
    """Counts the texts that are embedded, and the chunks that are read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.embedded: list[str] = []
        self.read = 0
        chunks = StoreView.chunks

        def counted(view: StoreView, ids: Sequence[str]) -> list[Chunk]:
            self.read += len(ids)
            return chunks(view, ids)

        def refused(view: StoreView) -> Any:
            raise AssertionError("every chunk of the book was read")

        def embed(texts: list[str]) -> Any:
            self.embedded += texts
            return np.array([[len(text), text.count("e"), 1.0] for text in texts], np.float32)

        monkeypatch.setattr(StoreView, "chunks", counted)
        monkeypatch.setattr(StoreView, "every_chunk", refused)
        self.engine = RetrievalEngine(None, RAGConfig(embedder=embed, chunk_size=400, chunk_overlap=50))

    def forget(self) -> None:
        self.embedded.clear()
        self.read = 0


@pytest.fixture
async def watched(monkeypatch: pytest.MonkeyPatch) -> Any:
    made = Watched(monkeypatch)
    await made.engine.update(book())
    made.forget()
    yield made
    await made.engine.aclose()


async def test_where_nothing_changed_no_chunk_is_read_or_embedded(watched: Watched) -> None:
    report = await watched.engine.update(book())
    assert (report.changed, report.embedded, watched.read, watched.embedded) == (0, 0, 0, [])
    assert not report.did_something


async def test_an_edit_reads_and_embeds_its_own_chunks_alone(watched: Watched) -> None:
    documents = book()
    text = documents[5].text.replace("barrels of salt", "crates of bells", 1)
    documents[5] = replace(documents[5], text=text, revision=99)
    report = await watched.engine.update(documents)
    assert report.changed == 1
    assert 1 <= report.embedded == watched.read == len(watched.embedded) <= 3 < report.chunks / 20
    assert all(one in text for one in watched.embedded)
    assert report.added == report.removed == report.embedded


async def test_a_move_embeds_nothing_and_shows_at_once(watched: Watched) -> None:
    documents = [replace(one, chapter=(one.chapter or 0) + 1) for one in book()]
    report = await watched.engine.update(documents)
    assert (report.moved, report.changed, report.embedded, watched.read) == (12, 0, 0, 0)


async def test_vectors_that_were_lost_are_made_again(watched: Watched) -> None:
    index = await watched.engine.index()
    assert index is not None
    vectors = index._vectors
    vectors.purge()
    index.close()
    report = await watched.engine.update(book())
    assert report.embedded == len(watched.embedded) == len(set(watched.embedded)) == report.chunks
    assert (await watched.engine.update(book())).embedded == 0
