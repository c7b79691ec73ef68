"""`RetrievalEngine`: one folder's store, vectors and retriever for one `RAGConfig`, opened when first needed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ghostkit.ledger.threads import in_thread
from ghostkit.rag.config import RAGConfig, RAGMode
from ghostkit.rag.document import Document
from ghostkit.rag.indexer import Indexer, IndexReport, OnProgress
from ghostkit.rag.retrieval.result import Retrieval
from ghostkit.rag.scope import EVERYTHING, Scope

if TYPE_CHECKING:
    from ghostkit.cache import CacheManager
    from ghostkit.rag.embedding.contract import Embedder, EmbedderInfo
    from ghostkit.rag.embedding.vector_store import VectorStore
    from ghostkit.rag.index import VectorIndex
    from ghostkit.rag.retrieval import Retriever
    from ghostkit.rag.store import ChunkStore

VECTORS = "vectors.sqlite"
CHUNKS = "chunks.sqlite"


@dataclass
class _Opened:
    store: ChunkStore
    vectors: VectorStore
    embedder: Embedder | None
    index: VectorIndex | None
    indexer: Indexer
    retriever: Retriever


class RetrievalEngine:
    """What is searched, and how. Nothing is opened, loaded or made before it is needed.

    `folder` is where it is kept (a project's `rag/`); None keeps everything in memory. `embedding_services` are asked
    for vendors' embeddings. `languages` are those of the texts, for `embedding_model="auto"`.
    """

    def __init__(
        self,
        folder: Path | None,
        config: RAGConfig,
        *,
        embedding_services: Any = None,
        cache: CacheManager | None = None,
        languages: frozenset[str] = frozenset(),
        on_progress: OnProgress | None = None,
    ) -> None:
        self.folder = folder
        self.config = config
        self.on_progress = on_progress
        self._services = embedding_services
        self._cache = cache
        self._languages = languages
        self._opened: _Opened | None = None

    @property
    def wants_vectors(self) -> bool:
        """Whether anything is searched by meaning: `basic` never loads an embedder."""
        return self.config.mode in (RAGMode.HYBRID, RAGMode.FULL) and self.config.fusion != "keyword"

    async def update(self, documents: Sequence[Document], *, others_stay: bool = False) -> IndexReport:
        """Bring the index up to `documents`: see `Indexer.update`."""
        opened = await self._open()
        return await opened.indexer.update(documents, others_stay=others_stay)

    async def search(self, query: str, *, scope: Scope = EVERYTHING, top_k: int | None = None) -> Retrieval:
        """See `Retriever.search`."""
        opened = await self._open()
        return await opened.retriever.search(query, scope=scope, top_k=top_k)

    async def search_by_words(self, query: str, *, scope: Scope = EVERYTHING, top_k: int | None = None) -> Retrieval:
        """As `search`, by words alone: for when nobody can be asked for the query's vector."""
        from ghostkit.rag.retrieval import Retriever

        opened = await self._open()
        words = Retriever(opened.store, None, None, self.config.with_changes(fusion="keyword"))
        return await words.search(query, scope=scope, top_k=top_k)

    async def search_many(
        self, queries: Sequence[str], *, scope: Scope = EVERYTHING, top_k: int | None = None
    ) -> list[Retrieval]:
        opened = await self._open()
        return await opened.retriever.search_many(queries, scope=scope, top_k=top_k)

    async def store(self) -> ChunkStore:
        return (await self._open()).store

    async def embedder_info(self) -> EmbedderInfo | None:
        """Which embedder is used; None where words alone are searched."""
        embedder = (await self._open()).embedder
        return await embedder.info() if embedder is not None else None

    async def index(self) -> VectorIndex | None:
        return (await self._open()).index

    async def _open(self) -> _Opened:
        if self._opened is None:
            made = await self._made()
            if self._opened is None:
                self._opened = made
            else:  # another task was faster
                await _close(made)
        return self._opened

    async def _made(self) -> _Opened:
        from ghostkit.rag.chunking import chunker_for
        from ghostkit.rag.embedding.vector_store import VectorStore
        from ghostkit.rag.retrieval import Retriever
        from ghostkit.rag.store import ChunkStore

        config, home = self.config, self.folder / self.config.index_id if self.folder else None
        store = await in_thread(ChunkStore.open, home / CHUNKS if home else None)
        vectors = await in_thread(VectorStore, self.folder / VECTORS if self.folder else None)
        embedder = self._embedder(vectors) if self.wants_vectors else None
        index = None
        if embedder is not None:
            info = await embedder.info()
            index = await in_thread(_open_index, home, store, vectors, info)
        indexer = Indexer(
            store,
            chunker_for(config),
            index=index,
            embedder=embedder,
            with_headers=bool(config.contextual_headers),
            on_progress=self._progress,
        )
        retriever = Retriever(store, index, embedder, config)
        return _Opened(
            store=store, vectors=vectors, embedder=embedder, index=index, indexer=indexer, retriever=retriever
        )

    def _progress(self, stage: str, done: int, total: int) -> None:
        if self.on_progress is not None:
            self.on_progress(stage, done, total)

    def _embedder(self, vectors: VectorStore) -> Embedder:
        from ghostkit.rag.embedding import KeptEmbedder, create_embedder

        made = create_embedder(
            self.config.embedding_model,
            function=self.config.embedder,
            services=self._services,
            languages=self._languages,
        )
        return KeptEmbedder(made, vectors, cache=self._cache)

    async def aclose(self) -> None:
        """Close what was opened; the engine may be used again."""
        opened, self._opened = self._opened, None
        if opened is not None:
            await _close(opened)

    def close(self) -> None:
        """As `aclose`, where nobody can wait; an embedder's connections are left to the loop that they belong to."""
        opened, self._opened = self._opened, None
        if opened is not None:
            _close_files(opened)


def _open_index(home: Path | None, store: ChunkStore, vectors: VectorStore, info: EmbedderInfo) -> VectorIndex:
    from ghostkit.rag.index import VectorIndex

    named = hashlib.sha256(info.key.encode()).hexdigest()[:12]
    return VectorIndex.open(home / f"vectors-{named}" if home else None, store, vectors, info)


async def _close(opened: _Opened) -> None:
    if opened.embedder is not None:
        await opened.embedder.aclose()
    await in_thread(_close_files, opened)


def _close_files(opened: _Opened) -> None:
    if opened.index is not None:
        opened.index.close()
    opened.vectors.close()
    opened.store.close()
