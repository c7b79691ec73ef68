"""`RetrievalEngine`: one folder's store, vectors and retriever for one `RAGConfig`, opened when first needed."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio

from ghostkit.rag.config import RAGConfig, RAGMode
from ghostkit.rag.embedding.threads import in_thread
from ghostkit.rag.indexer import Documents, Indexer, IndexReport, OnProgress, OthersStay
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
        self._opening: anyio.Event | None = None
        self._users = 0

    @property
    def in_use(self) -> bool:
        """Whether an update or a search is under way, so that closing it now would end that with an error."""
        return self._users > 0

    @property
    def wants_vectors(self) -> bool:
        """Whether anything is searched by meaning: `basic` never loads an embedder."""
        return self.config.mode in (RAGMode.HYBRID, RAGMode.FULL) and self.config.fusion != "keyword"

    async def update(self, documents: Documents, *, others_stay: OthersStay = False) -> IndexReport:
        """Bring the index up to `documents`: see `Indexer.update`."""
        async with self._using() as opened:
            return await opened.indexer.update(documents, others_stay=others_stay)

    async def search(self, query: str, *, scope: Scope = EVERYTHING, top_k: int | None = None) -> Retrieval:
        """See `Retriever.search`."""
        async with self._using() as opened:
            return await opened.retriever.search(query, scope=scope, top_k=top_k)

    async def search_by_words(self, query: str, *, scope: Scope = EVERYTHING, top_k: int | None = None) -> Retrieval:
        """As `search`, by words alone: for when nobody can be asked for the query's vector."""
        from ghostkit.rag.retrieval import Retriever

        async with self._using() as opened:
            words = Retriever(opened.store, None, None, self.config.with_changes(fusion="keyword"))
            return await words.search(query, scope=scope, top_k=top_k)

    async def search_many(
        self, queries: Sequence[str], *, scope: Scope = EVERYTHING, top_k: int | None = None
    ) -> list[Retrieval]:
        async with self._using() as opened:
            return await opened.retriever.search_many(queries, scope=scope, top_k=top_k)

    async def store(self) -> ChunkStore:
        return (await self._open()).store

    async def embedder_info(self) -> EmbedderInfo | None:
        """Which embedder is used; None where words alone are searched."""
        embedder = (await self._open()).embedder
        return await embedder.info() if embedder is not None else None

    async def index(self) -> VectorIndex | None:
        return (await self._open()).index

    @asynccontextmanager
    async def _using(self) -> AsyncIterator[_Opened]:
        self._users += 1
        try:
            yield await self._open()
        finally:
            self._users -= 1

    async def _open(self) -> _Opened:
        """Once, however many tasks are the first: a model may take seconds and gigabytes, a vendor's probe money."""
        while self._opened is None:
            if self._opening is not None:
                await self._opening.wait()
                continue
            self._opening = opening = anyio.Event()
            try:
                self._opened = await self._made()
            finally:
                self._opening = None
                opening.set()
        return self._opened

    async def _made(self) -> _Opened:
        store, vectors, embedder = await in_thread(self._files)
        index = None
        try:
            if embedder is not None:
                info = await embedder.info()
                index = await in_thread(_open_index, self._home, store, vectors, info)
            return await in_thread(self._assembled, store, vectors, embedder, index)
        except BaseException:
            vectors.close()
            store.close()
            raise

    @property
    def _home(self) -> Path | None:
        return self.folder / self.config.index_id if self.folder else None

    def _files(self) -> tuple[ChunkStore, VectorStore, Embedder | None]:
        """In a thread: libraries are loaded, files opened, and folders looked through for models."""
        from ghostkit.rag.embedding.vector_store import VectorStore
        from ghostkit.rag.store import ChunkStore

        store = ChunkStore.open(self._home / CHUNKS if self._home else None)
        try:
            vectors = VectorStore(self.folder / VECTORS if self.folder else None)
            return store, vectors, self._embedder(vectors) if self.wants_vectors else None
        except BaseException:
            store.close()
            raise

    def _assembled(
        self, store: ChunkStore, vectors: VectorStore, embedder: Embedder | None, index: VectorIndex | None
    ) -> _Opened:
        from ghostkit.rag.chunking import chunker_for
        from ghostkit.rag.retrieval import Retriever

        indexer = Indexer(
            store,
            chunker_for(self.config),
            index=index,
            embedder=embedder,
            with_headers=bool(self.config.contextual_headers),
            on_progress=self._progress,
        )
        retriever = Retriever(store, index, embedder, self.config)
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
    await opened.retriever.aclose()
    if opened.embedder is not None:
        await opened.embedder.aclose()
    await in_thread(_close_files, opened)


def _close_files(opened: _Opened) -> None:
    if opened.index is not None:
        opened.index.close()
    opened.vectors.close()
    opened.store.close()
