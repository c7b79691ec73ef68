"""Index a judged collection once, and run each retriever on its queries."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ghostkit.errors import InputError
from ghostkit.ledger.threads import in_thread
from ghostkit.rag.config import RAGConfig
from ghostkit.rag.document import REFERENCE, Document, TextSpan
from ghostkit.rag.evaluation.collection import Collection
from ghostkit.rag.retrieval import Retriever

if TYPE_CHECKING:
    from ghostkit.rag.embedding import Embedder, VectorStore
    from ghostkit.rag.index import VectorIndex
    from ghostkit.rag.store import ChunkStore

RETRIEVERS: Final = ("keyword", "semantic", "hybrid")
_FUSION: Final = {"keyword": "keyword", "semantic": "semantic", "hybrid": "convex"}

LEAST_STEP: Final = 500
MOST_STEPS: Final = 20
"""Each step reads what is known already, so there must not be a number of them that grows with the collection."""

OnProgress = Callable[[str, int, int], None]
"""(stage, done, of how many)"""


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """What a retriever found. `rankings`: query id → document ids, best first. The time of a query is its own,
    embedding included, one after another."""

    retriever: str
    rankings: dict[str, list[str]]
    scores: dict[str, list[float]]
    ms: dict[str, float]
    notes: tuple[str, ...]

    @property
    def ms_per_query(self) -> float:
        return sum(self.ms.values()) / len(self.ms)


class Trial:
    """A collection, indexed in `folder` (None: in memory) with `embedder` (None: words alone).

    A document is one chunk, whole, as BEIR's published scores have it; an embedder reads as much as it can. What
    `folder` holds already is neither cut nor embedded again.
    """

    def __init__(
        self,
        collection: Collection,
        embedder: Embedder | None,
        *,
        folder: Path | None = None,
        on_progress: OnProgress | None = None,
    ) -> None:
        self.collection = collection
        self._embedder, self._folder = embedder, folder
        self._on_progress = on_progress or (lambda stage, done, total: None)
        self._store: ChunkStore | None = None
        self._vectors: VectorStore | None = None
        self._index: VectorIndex | None = None

    async def prepare(self) -> None:
        """Index what isn't yet. A kill or a cancellation loses one batch of vectors at most."""
        from ghostkit.rag.embedding import KeptEmbedder
        from ghostkit.rag.indexer import Indexer

        kept = None
        await in_thread(self._open)
        assert self._store is not None
        if self._embedder is not None:
            assert self._vectors is not None
            info = await self._embedder.info()
            self._index = await in_thread(self._open_index, info)
            kept = KeptEmbedder(self._embedder, self._vectors)
        documents = [Document(id=name, text=text, kind=REFERENCE) for name, text in self.collection.documents.items()]
        await self._index_words(documents)
        indexer = Indexer(self._store, whole, index=self._index, embedder=kept, on_progress=self._on_progress)
        await indexer.update(documents)

    async def _index_words(self, documents: Sequence[Document]) -> None:
        """In steps, so that a cancellation is heard between two of them."""
        from ghostkit.rag.indexer import Indexer

        assert self._store is not None
        words, step = Indexer(self._store, whole), max(LEAST_STEP, len(documents) // MOST_STEPS)
        for at in range(0, len(documents), step):
            self._on_progress("indexing", at, len(documents))
            await words.update(documents[at : at + step], others_stay=True)

    async def run(self, retriever: str, *, depth: int = 100, settings: RAGConfig | None = None) -> Ranked:
        """The first `depth` documents of each query, by one of `RETRIEVERS`.

        Nothing is left out (no threshold, no duplicates removed), as judgements are by document. `settings` replace
        the default ones where fusion itself is studied.
        """
        assert self._store is not None, "prepare() comes first"
        if _FUSION[retriever] != "keyword" and self._index is None:
            raise InputError(f"{retriever} needs an embedder.", fix="Give one, or choose the retriever keyword.")
        config = (settings or RAGConfig()).with_changes(
            fusion=settings.fusion if settings else _FUSION[retriever],
            top_k=depth, candidates=max(depth, (settings or RAGConfig()).candidates), similarity_threshold=-1.0,
            dedupe=False, merge_overlaps=False, query_cache_size=0,
        )  # fmt: skip
        engine = Retriever(self._store, self._index, self._embedder, config)
        queries = list(self.collection.queries.items())
        await engine.search(queries[0][1])  # not timed: what is loaded once is no query's time
        return await self._run(engine, retriever, queries)

    async def _run(self, engine: Retriever, name: str, queries: Sequence[tuple[str, str]]) -> Ranked:
        rankings: dict[str, list[str]] = {}
        scores: dict[str, list[float]] = {}
        ms: dict[str, float] = {}
        notes: dict[str, None] = {}
        for done, (query_id, text) in enumerate(queries):
            self._on_progress(name, done, len(queries))
            began = time.perf_counter()
            found = await engine.search(text)
            ms[query_id] = (time.perf_counter() - began) * 1000
            rankings[query_id] = [hit.chunk.metadata.document for hit in found.hits]
            scores[query_id] = [hit.score for hit in found.hits]
            notes |= dict.fromkeys(found.notes)
        self._on_progress(name, len(queries), len(queries))
        return Ranked(retriever=name, rankings=rankings, scores=scores, ms=ms, notes=tuple(notes))

    async def aclose(self) -> None:
        """Close the files; the embedder is its owner's."""
        for part in (self._index, self._vectors, self._store):
            close = getattr(part, "close", None)
            if close is not None:
                await in_thread(close)

    def _open(self) -> None:
        from ghostkit.rag.embedding import VectorStore
        from ghostkit.rag.store import ChunkStore

        folder = self._folder
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self._store = ChunkStore.open(folder / "chunks.sqlite" if folder else None)
        self._vectors = VectorStore(folder / "vectors.sqlite" if folder else None)

    def _open_index(self, info: object) -> VectorIndex:
        from ghostkit.rag.document import text_digest
        from ghostkit.rag.index import VectorIndex

        assert self._store is not None
        assert self._vectors is not None
        named = text_digest(info.key)[:12]  # type: ignore[attr-defined]
        folder = self._folder / f"vectors-{named}" if self._folder else None
        return VectorIndex.open(folder, self._store, self._vectors, info)  # type: ignore[arg-type]


def whole(text: str, language: str = "") -> Sequence[TextSpan]:
    """A chunker that doesn't cut."""
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    return [TextSpan(start=start, end=end)] if end > start else []
