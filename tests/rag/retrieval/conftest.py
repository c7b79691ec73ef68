"""A small book, indexed for real: the store, the vectors of `hashing`, and a retriever over both."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import anyio
import pytest

from ghostkit.rag.config import RAGConfig
from ghostkit.rag.document import REFERENCE, Chunk, ChunkMetadata, Document, TextSpan, chunk_ids, text_digest
from ghostkit.rag.embedding import HashingEmbedder, KeptEmbedder, VectorStore
from ghostkit.rag.index import VectorIndex
from ghostkit.rag.retrieval import Retriever
from ghostkit.rag.store import ChunkedDocument, ChunkStore

PLACES = ("salt pans", "ferry quay", "north weir", "bell tower", "counting house", "reed market")
ACTS = (
    "counted the sacks twice and wrote the number in the ledger",
    "waited for the ferry until the lanterns were lit",
    "asked the keeper what had become of the silver compass",
    "hid the letter under a loose stone by the door",
    "quarrelled with Bo about the price of salt",
)


def book(chapters: int = 6, sections: int = 2) -> list[Document]:
    """Sections that share words, and each has some of its own; a source stands beside them."""
    documents = [
        Document(
            id=f"s{chapter}{section}",
            text=" ".join(
                f"In chapter {chapter} Mira {ACTS[(chapter * section + turn) % len(ACTS)]}, at the "
                f"{PLACES[(chapter + turn) % len(PLACES)]}, and thought of {chapter * 100 + section * 10 + turn}."
                for turn in range(6)
            ),
            chapter=chapter,
            section=section,
            title=f"Section {section}",
            heading=f"Chapter {chapter}",
            language="en",
            tags=("early",) if chapter < 3 else (),
        )
        for chapter in range(1, chapters + 1)
        for section in range(1, sections + 1)
    ]
    source = Document(
        id="almanac", text="The almanac lists the tides at the ferry quay and the price of salt.", kind=REFERENCE,
        language="en", metadata={"author": "Tarn"},
    )  # fmt: skip
    return [*documents, source]


def cut(document: Document, size: int = 220, step: int = 170) -> list[Chunk]:
    """Overlapping windows; importance grows with the position."""
    text = document.text
    spans = [TextSpan(start=at, end=min(at + size, len(text))) for at in range(0, max(1, len(text) - 50), step)]
    ids = chunk_ids(document.id, [text[span.start : span.end] for span in spans])
    return [
        Chunk(
            id=made,
            content=text[span.start : span.end],
            metadata=ChunkMetadata(
                document=document.id, kind=document.kind, position=position, start=span.start, end=span.end
            ),
            chapter_num=document.chapter,
            section_num=document.section,
            importance_score=min(1.0, 0.2 + position / 10),
        )
        for position, (made, span) in enumerate(zip(ids, spans, strict=True))
    ]


@dataclass
class Shelf:
    """What a retriever needs. `retriever(**settings)` makes one."""

    store: ChunkStore
    vectors: VectorStore
    embedder: KeptEmbedder
    index: VectorIndex
    texts: dict[str, str]

    async def put(self, documents: Sequence[Document], gone: Sequence[str] = ()) -> None:
        chunked = [ChunkedDocument(document=one, chunks=cut(one), digests=[text_digest(c.content) for c in cut(one)])
                   for one in documents]  # fmt: skip
        self.store.apply(chunked, gone=gone)
        self.texts.update({one.id: one.text for one in documents})
        await self.embedder.embed([chunk.content for one in chunked for chunk in one.chunks], "passage")

    def retriever(self, clock: Any = time.monotonic, **settings: Any) -> Retriever:
        return Retriever(self.store, self.index, self.embedder, RAGConfig(**settings), clock=clock)

    def words_only(self, **settings: Any) -> Retriever:
        return Retriever(self.store, None, None, RAGConfig(**settings))


MakeShelf = Callable[[Sequence[Document]], Awaitable[Shelf]]


async def _made(documents: Sequence[Document]) -> Shelf:
    store, vectors, embedder = ChunkStore.open(None), VectorStore(None), HashingEmbedder()
    index = VectorIndex.open(None, store, vectors, await embedder.info())
    shelf = Shelf(store, vectors, KeptEmbedder(embedder, vectors), index, {})
    await shelf.put(documents)
    return shelf


def _close(shelf: Shelf) -> None:
    shelf.index.close()
    shelf.vectors.close()
    shelf.store.close()


@pytest.fixture
def make_shelf() -> Iterator[MakeShelf]:
    """A shelf of one's own, to be changed."""
    made: list[Shelf] = []

    async def make(documents: Sequence[Document]) -> Shelf:
        made.append(await _made(documents))
        return made[-1]

    yield make
    for shelf in made:
        _close(shelf)


@pytest.fixture(scope="session")
def shelf() -> Iterator[Shelf]:
    """`book()`, for tests that only ask."""
    made = anyio.run(_made, book())
    yield made
    _close(made)
