"""`Indexer`: documents are cut, kept and embedded; only what changed is done again.

The store changes in one transaction, and vectors are whatever of its chunks the vector store lacks: so an update that
was killed anywhere is finished by the next one, and nothing is embedded twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ghostkit.ledger.threads import in_thread
from ghostkit.rag.document import Chunk, Document, text_digest
from ghostkit.rag.headers import embedded_text

if TYPE_CHECKING:
    from ghostkit.rag.chunking import Chunker
    from ghostkit.rag.embedding.contract import Embedder
    from ghostkit.rag.index import VectorIndex
    from ghostkit.rag.store import ChunkedDocument, ChunkStore, KnownDocument

BATCH = 512
"""Texts handed to an embedder at a time; it cuts them into batches of its own."""

OnProgress = Callable[[str, int, int], None]
"""(stage: `chunking` or `embedding`, done, of how many)"""


@dataclass(frozen=True, kw_only=True)
class IndexReport:
    """What an update did. `added` and `removed` count chunks; `embedded` texts whose vectors were missing."""

    documents: int = 0
    changed: int = 0
    moved: int = 0
    gone: int = 0
    chunks: int = 0
    added: int = 0
    removed: int = 0
    embedded: int = 0
    seconds: float = 0.0
    embedder: str = ""
    version: int = 0
    notes: tuple[str, ...] = ()

    @property
    def did_something(self) -> bool:
        return bool(self.changed or self.moved or self.gone or self.embedded)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {**vars(self), "notes": list(self.notes), "seconds": round(self.seconds, 3)}


@dataclass(kw_only=True)
class _Plan:
    """Which documents there is something to do for."""

    changed: list[Document] = field(default_factory=list)
    moved: list[Document] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)


class Indexer:
    """Brings a store, and the vector index over it, up to a set of documents."""

    def __init__(
        self,
        store: ChunkStore,
        chunker: Chunker,
        *,
        index: VectorIndex | None = None,
        embedder: Embedder | None = None,
        with_headers: bool = False,
        on_progress: OnProgress | None = None,
    ) -> None:
        self.store = store
        self.index = index
        self._chunker = chunker
        self._embedder = embedder
        self._with_headers = with_headers
        self._on_progress = on_progress or (lambda stage, done, total: None)

    async def update(self, documents: Sequence[Document], *, others_stay: bool = False) -> IndexReport:
        """Make `documents` what the index holds; those it holds besides go, unless `others_stay`.

        Raises `ProviderError` or `EmbedderError` where vectors can't be made: the words are indexed by then, and
        the vectors made so far are kept.
        """
        began = time.perf_counter()
        report = await in_thread(self._take_in, documents, others_stay)
        embedded = await self.embed_missing()
        seconds = time.perf_counter() - began
        return replace(report, embedded=embedded, seconds=seconds, embedder=await self._embedder_key())

    async def _embedder_key(self) -> str:
        return (await self._embedder.info()).key if self._embedder is not None else ""

    # ── words ─────────────────────────────────────────────────────────────────────────────────────────────

    def _take_in(self, documents: Sequence[Document], others_stay: bool) -> IndexReport:
        known = self.store.known()
        plan = _compare(documents, known, others_stay, self._with_headers)
        before = self.store.view().count
        began_at = version = self.store.version()
        if plan.changed or plan.moved or plan.gone:
            chunked = list(self._chunked(plan.changed))
            version = self.store.apply(chunked, placed=plan.moved, gone=plan.gone)
        view = self.store.view()
        changes = self.store.changes_since(began_at)
        added, removed = (len(changes[0]), len(changes[1])) if changes and plan.changed else (0, 0)
        return IndexReport(
            documents=len(documents),
            changed=len(plan.changed),
            moved=len(plan.moved),
            gone=len(plan.gone),
            chunks=view.count,
            added=added,
            removed=removed or max(before - view.count, 0),
            version=version,
            notes=tuple(filter(None, (self.store.healed,))),
        )

    def _chunked(self, documents: Sequence[Document]) -> Iterator[ChunkedDocument]:
        from ghostkit.rag.chunking import chunk_many
        from ghostkit.rag.store import ChunkedDocument

        self._on_progress("chunking", 0, len(documents))
        for document, chunks in zip(documents, chunk_many(documents, self._chunker), strict=True):
            digests = [text_digest(self._embedded(chunk)) for chunk in chunks]
            yield ChunkedDocument(document=document, chunks=chunks, digests=digests)
        self._on_progress("chunking", len(documents), len(documents))

    def _embedded(self, chunk: Chunk) -> str:
        return embedded_text(chunk, with_header=self._with_headers)

    # ── vectors ───────────────────────────────────────────────────────────────────────────────────────────

    async def embed_missing(self) -> int:
        """Embed every chunk that has no vector yet; says how many texts."""
        if self.index is None or self._embedder is None:
            return 0
        await in_thread(self.index.catch_up)
        texts = await in_thread(self._texts_without_vectors)
        for at in range(0, len(texts), BATCH):
            self._on_progress("embedding", at, len(texts))
            await self._embedder.embed(texts[at : at + BATCH], "passage")  # kept by whoever embeds: see KeptEmbedder
        if texts:
            self._on_progress("embedding", len(texts), len(texts))
            await in_thread(self.index.catch_up)
        return len(texts)

    def _texts_without_vectors(self) -> list[str]:
        assert self.index is not None
        view = self.store.view()
        missing = set(self.index.missing(view))
        if not missing:
            return []
        texts = {}
        for chunk in self.store.all_chunks():
            text = self._embedded(chunk)
            digest = text_digest(text)
            if digest in missing:
                texts[digest] = text
        return list(texts.values())


def _compare(
    documents: Sequence[Document], known: Mapping[str, KnownDocument], others_stay: bool, with_headers: bool
) -> _Plan:
    plan = _Plan()
    for document in documents:
        there = known.get(document.id)
        if there is None or not _same_text(document, there) or (with_headers and _renamed(document, there)):
            plan.changed.append(document)
        elif not there.stands_as(document):
            plan.moved.append(document)
    if not others_stay:
        plan.gone = sorted(known.keys() - _ids(documents))
    return plan


def _same_text(document: Document, there: KnownDocument) -> bool:
    """A revision's text never changes, so an equal number spares the hash."""
    if document.revision is not None and document.revision == there.revision:
        return True
    return text_digest(document.text) == there.text_digest


def _renamed(document: Document, there: KnownDocument) -> bool:
    return (document.title, document.heading) != (there.title, there.heading)


def _ids(documents: Sequence[Document]) -> Collection[str]:
    return {document.id for document in documents}
