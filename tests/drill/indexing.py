"""The drill's index: brought up to the book as `ghostkit index` does, and held against one made anew in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ghostkit import Book
    from ghostkit.rag.engine import RetrievalEngine

ASKED = ("courier letter", "Mira Vale", "the sea and the lamp", "gulls")


async def index(book: Book) -> None:
    """Index what the sections say now; ends the run if a search finds otherwise than in an index made anew."""
    from ghostkit.ledger import in_thread
    from ghostkit.rag.config import RAGConfig
    from ghostkit.rag.engine import RetrievalEngine
    from ghostkit.writing.retrieval.book_documents import documents_of

    book.rag = RAGConfig(embedding_model="hashing", chunk_size=200, chunk_overlap=20)
    await book.index()
    engine = await book.retrieval_engine()
    vectors = await engine.index()
    assert vectors is not None
    await in_thread(vectors.merge)  # a book this short would never need another base
    found = await _answers(engine)
    with _no_fault_points():  # the index made anew is the measure, and no part of the drill
        anew = RetrievalEngine(None, book.rag)
        await anew.update(await in_thread(documents_of, book.manuscript))
        wanted = await _answers(anew)
        await anew.aclose()
    if found != wanted:
        raise SystemExit("LOST: the index answers otherwise than one made anew")


@contextmanager
def _no_fault_points() -> Iterator[None]:
    from ghostkit import faults

    passed = faults.point
    faults.point = lambda name: None
    try:
        yield
    finally:
        faults.point = passed


async def _answers(engine: RetrievalEngine) -> list[list[tuple[str, float, int | None]]]:
    found = await engine.search_many(ASKED, top_k=10)
    return [[(hit.chunk.id, hit.score, hit.chunk.chapter_num) for hit in one.hits] for one in found]
