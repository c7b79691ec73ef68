"""`RAGService`: retrieval by itself, for any texts, in four calls."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ghostkit.errors import InputError
from ghostkit.ledger import in_thread
from ghostkit.rag.config import RAGConfig
from ghostkit.rag.document import REFERENCE, Document
from ghostkit.rag.engine import RetrievalEngine
from ghostkit.rag.indexer import IndexReport
from ghostkit.rag.retrieval.result import Retrieval
from ghostkit.rag.scope import Scope
from ghostkit.writing.context import Summarise, view_of
from ghostkit.writing.retrieval.hybrid import HybridContext, HybridContextManager, documents_in

_FIELDS = ("id", "kind", "chapter", "section", "since_chapter", "title", "heading", "language", "tags")


class RAGService:
    """Index texts, search them, and prepare contexts from them.

        service = RAGService("projects/salt-road")
        await service.index_content(text, {"id": "notes", "title": "Notes", "author": "A. Writer"})
        found = await service.search("who holds the bell key?", top_k=3)

    `folder` is a project's, whose `rag/` it keeps its index in; None keeps it in memory. It is a context manager too.
    """

    def __init__(
        self,
        folder: str | Path | None = None,
        config: RAGConfig | None = None,
        *,
        max_tokens: int | None = None,
        summarize: Summarise | None = None,
        cache_manager: Any = None,
        embedding_services: Any = None,
    ) -> None:
        self.folder = Path(folder) if folder is not None else None
        self.config = config or RAGConfig()
        self.engine = RetrievalEngine(
            self.folder / "rag" if self.folder else None,
            self.config,
            embedding_services=embedding_services,
            cache=cache_manager,
        )
        self._manager = HybridContextManager(self.config, max_tokens, summarize=summarize, engine=self.engine)

    async def index_content(
        self, content: str | Document | Sequence[str | Document], metadata: Mapping[str, Any] | None = None
    ) -> IndexReport:
        """Add one text or several; one with an `id` that is there already takes its place.

        `metadata` may say id, title, kind, chapter, section, since_chapter, language and tags; what else it says can
        be filtered by.
        """
        if not isinstance(content, str | Document | Sequence):
            raise InputError(f"A {type(content).__name__} is no text.", fix="Give a string, a Document, or several.")
        contents = [content] if isinstance(content, str | Document) else list(content)
        given = metadata or {}
        if len(contents) > 1 and "id" in given:
            raise InputError("Several texts can't share one id.", fix="Give `Document`s with ids of their own.")
        return await self.engine.update([_document(one, given) for one in contents], others_stay=True)

    async def update_index(self, new_content: Any, metadata: Mapping[str, Any] | None = None) -> IndexReport:
        """Bring the index up to `new_content`; only what changed is done again.

        A book (live, a value, or the legacy dict) becomes all that is indexed: what it no longer has goes. A text or
        a `Document` is added or replaced, as by `index_content`.
        """
        if isinstance(new_content, str | Document | Sequence):
            return await self.index_content(new_content, metadata)
        documents = await in_thread(lambda: documents_in(new_content, view_of(new_content)))
        return await self.engine.update(documents)

    async def search(self, query: str, top_k: int | None = None, *, scope: Scope | None = None) -> Retrieval:
        """The passages that answer `query` best."""
        return await self.engine.search(query, scope=scope or Scope(), top_k=top_k)

    async def prepare_context(self, book: Any, chapter: int, query: str | None = None) -> HybridContext:
        """What chapter `chapter` of `book` should be written with: see `HybridContextManager.prepare_context`."""
        return await self._manager.prepare_context(book, chapter, self.folder, query)

    async def aclose(self) -> None:
        await self._manager.aclose()

    async def __aenter__(self) -> RAGService:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.aclose()


def _document(content: str | Document, metadata: Mapping[str, Any]) -> Document:
    known = {name: metadata[name] for name in _FIELDS if name in metadata}
    rest = {name: value for name, value in metadata.items() if name not in _FIELDS}
    if isinstance(content, Document):
        return replace(content, **known, metadata={**content.metadata, **rest}) if metadata else content
    if not isinstance(content, str):
        raise InputError(f"A {type(content).__name__} is no text.", fix="Give a string or a Document.")
    known.setdefault("id", "text-" + hashlib.sha256(content.encode()).hexdigest()[:16])
    known["tags"] = tuple(known.get("tags", ()))
    known.setdefault("kind", REFERENCE if known.get("chapter") is None else "manuscript")
    return Document(text=content, metadata=rest, **known)
