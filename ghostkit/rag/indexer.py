"""`Indexer`: documents are cut, kept and embedded; only what changed is done again.

The store changes in one transaction, and vectors are whatever of its chunks the vector store lacks: so an update that
was killed anywhere is finished by the next one, and nothing is embedded twice.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ghostkit.rag.document import Chunk, Document, text_digest
from ghostkit.rag.embedding.threads import in_thread
from ghostkit.rag.headers import embedded_text

if TYPE_CHECKING:
    from ghostkit.rag.chunking import Chunker
    from ghostkit.rag.embedding.contract import Embedder
    from ghostkit.rag.index import VectorIndex
    from ghostkit.rag.store import ChunkedDocument, ChunkStore, KnownDocument

BATCH = 512
"""Texts handed to an embedder at a time; it cuts them into batches of its own."""

OthersStay = bool | Callable[["KnownDocument"], bool]
"""Whether what an update doesn't name stays in the index, or which of it does."""

OnProgress = Callable[[str, int, int], None]
"""(stage: `chunking` or `embedding`, done, of how many)"""

Documents = Sequence[Document] | Callable[[], Sequence[Document]]
"""What is to be indexed, or what tells it when its turn has come; that runs in a worker thread."""


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
        self._one_at_a_time = threading.Lock()

    async def update(self, documents: Documents, *, others_stay: OthersStay = False) -> IndexReport:
        """Make `documents` what the index holds; those it holds besides go, unless `others_stay`.

        Of a text that changes meanwhile, give a function: of two tasks, the later one then never takes in older words.

        Raises `ProviderError` or `EmbedderError` where vectors can't be made: the words are indexed by then, and
        the vectors made so far are kept.
        """
        began = time.perf_counter()
        report, texts = await in_thread(self._in_one_go, documents, others_stay)
        embedded = await self._embed(texts)
        seconds = time.perf_counter() - began
        notes = (*report.notes, *self._trouble())
        return replace(report, embedded=embedded, seconds=seconds, embedder=await self._embedder_key(), notes=notes)

    def _trouble(self) -> tuple[str, ...]:
        """What went wrong with a cache beside the vectors since the last time; nothing was lost by it."""
        told = str(getattr(self._embedder, "trouble", ""))
        if told:
            self._embedder.trouble = ""  # type: ignore[union-attr]
        return (told,) if told else ()

    async def _embedder_key(self) -> str:
        return (await self._embedder.info()).key if self._embedder is not None else ""

    def _in_one_go(self, documents: Documents, others_stay: OthersStay) -> tuple[IndexReport, list[str]]:
        """The words, and what is to be embedded: on a busy machine each wait for a thread costs milliseconds."""
        return self._take_in(documents, others_stay), self._texts_without_vectors()

    # ── words ─────────────────────────────────────────────────────────────────────────────────────────────

    def _take_in(self, documents: Documents, others_stay: OthersStay) -> IndexReport:
        with self._one_at_a_time:
            return self._taken_in(documents() if callable(documents) else documents, others_stay)

    def _taken_in(self, documents: Sequence[Document], others_stay: OthersStay) -> IndexReport:
        known = self.store.known()
        plan = _compare(documents, known, others_stay, self._with_headers)
        before = count = self._count()
        began_at = version = self.store.version()
        if plan.changed or plan.moved or plan.gone:
            chunked = list(self._chunked(plan.changed))
            version = self.store.apply(chunked, placed=plan.moved, gone=plan.gone)
            count = self._count()
        changes = self.store.changes_since(began_at) if plan.changed else None
        added, removed = (len(changes[0]), len(changes[1])) if changes else (0, 0)
        return IndexReport(
            documents=len(documents),
            changed=len(plan.changed),
            moved=len(plan.moved),
            gone=len(plan.gone),
            chunks=count,
            added=added,
            removed=removed or max(before - count, 0),
            version=version,
            notes=tuple(filter(None, (self.store.healed,))),
        )

    def _count(self) -> int:
        with self.store.view() as view:
            return view.count

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
        return await self._embed(await in_thread(self._texts_without_vectors))

    async def _embed(self, texts: Sequence[str]) -> int:
        if self.index is None or self._embedder is None or not texts:
            return 0
        for at in range(0, len(texts), BATCH):
            self._on_progress("embedding", at, len(texts))
            await self._embedder.embed(texts[at : at + BATCH], "passage")  # kept by whoever embeds: see KeptEmbedder
        self._on_progress("embedding", len(texts), len(texts))
        await in_thread(self.index.catch_up)
        return len(texts)

    def _texts_without_vectors(self) -> list[str]:
        """Each once. Only the chunks that lack a vector are read."""
        if self.index is None or self._embedder is None:
            return []
        self.index.catch_up()
        with self.store.view() as view:
            rows = self.index.missing_rows(view)
            if not len(rows):
                return []
            texts = (self._embedded(chunk) for chunk in view.chunks(view.ids_of(rows)))
            missing = set(view.digests_of(rows))
            by_digest = {text_digest(text): text for text in texts}
            return [text for digest, text in by_digest.items() if digest in missing]


def _compare(
    documents: Sequence[Document], known: Mapping[str, KnownDocument], others_stay: OthersStay, with_headers: bool
) -> _Plan:
    plan = _Plan()
    for document in documents:
        there = known.get(document.id)
        same = there is not None and text_digest(document.text) == there.text_digest
        if there is None or not same or (with_headers and _renamed(document, there)):
            plan.changed.append(document)
        elif not there.stands_as(document):
            plan.moved.append(document)
    if others_stay is not True:
        others = sorted(known.keys() - _ids(documents))
        plan.gone = [one for one in others if not (others_stay and others_stay(known[one]))]
    return plan


def _renamed(document: Document, there: KnownDocument) -> bool:
    return (document.title, document.heading) != (there.title, there.heading)


def _ids(documents: Sequence[Document]) -> Collection[str]:
    return {document.id for document in documents}
