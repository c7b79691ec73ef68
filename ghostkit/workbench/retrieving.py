"""What of a live book is found, and what a section is given: the engine of its settings, and the record of both."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio

from ghostkit.errors import InputError, ProviderError
from ghostkit.events import Event, EventType
from ghostkit.ledger import in_thread
from ghostkit.rag.config import RAGConfig, RAGMode
from ghostkit.rag.scope import Scope
from ghostkit.settings import get_settings
from ghostkit.writing.manuscript import Manuscript

if TYPE_CHECKING:
    from ghostkit.book import ProjectFolder
    from ghostkit.events import EventManager
    from ghostkit.generation import Budget
    from ghostkit.generation.embedding import EmbeddingService
    from ghostkit.ledger import Ledger, Who
    from ghostkit.ports import ContextSource
    from ghostkit.rag.engine import RetrievalEngine
    from ghostkit.rag.indexer import IndexReport, OnProgress
    from ghostkit.rag.retrieval.result import Retrieval
    from ghostkit.workbench.section_context import SectionContext
    from ghostkit.workbench.services import Services

CLOSING_TAKES_S = 5.0
ENGINES_KEPT = 2
"""Of the settings asked for last; others that nobody uses just now are closed."""


def config_from_settings() -> RAGConfig:
    """The settings as they are now; `ENABLE_RAG=false` goes before `RAG_MODE`."""
    settings = get_settings()
    return RAGConfig.preset(
        settings.rag_preset,
        mode=settings.rag_mode if settings.enable_rag else RAGMode.DISABLED,
        embedding_model=settings.rag_embedding_model,
        top_k=settings.rag_top_k,
        similarity_threshold=settings.rag_similarity_threshold,
    )


@dataclass
class Engines:
    """The engines of a book by the id of their settings, and what asks vendors for them."""

    opened: dict[str, RetrievalEngine] = field(default_factory=dict)
    service: EmbeddingService | None = None


class BookSearch:
    """The part of a `Book` that searches it. `rag` holds the settings: assign a `RAGConfig` to try others."""

    folder: ProjectFolder
    services: Services
    manuscript: Manuscript
    ledger: Ledger
    events: EventManager
    _engines: Engines
    _rag: RAGConfig | None

    def who(self) -> Who:
        raise NotImplementedError

    @property
    def rag(self) -> RAGConfig:
        """How this book is cut, searched and read: as assigned, as given with the services, or as the settings say."""
        return self._rag or self.services.rag or config_from_settings()

    @rag.setter
    def rag(self, config: RAGConfig | Mapping[str, Any] | None) -> None:
        self._rag = RAGConfig.from_dict(config) if isinstance(config, Mapping) else config

    async def index(self, *, on_progress: OnProgress | None = None) -> IndexReport:
        """Bring the index up to the book and its sources; only what changed is cut and embedded again."""
        from ghostkit.rag.healing import again_if_begun_anew
        from ghostkit.writing.retrieval.source import indexed

        engine = await self.retrieval_engine()
        started = Event(type=EventType.RAG_INDEXING_STARTED, data={"source": "book and sources"}, source="retrieval")
        await self.events.emit_async(started)
        engine.on_progress = on_progress
        try:
            report = await again_if_begun_anew(partial(self._bring_up, engine))
        finally:
            engine.on_progress = None
        if report.did_something:
            await self._record(indexed(report.as_dict()))
        return report

    async def _bring_up(self, engine: RetrievalEngine) -> IndexReport:
        from ghostkit.generation.embedding import embedding_for
        from ghostkit.writing.retrieval.book_documents import documents_of

        with embedding_for("index"):
            return await engine.update(partial(documents_of, self.manuscript))

    async def search(
        self, query: str, *, top_k: int | None = None, as_of: str | int | None = None, scope: Scope | None = None
    ) -> Retrieval:
        """The passages that answer `query` best, from the book as it stands and its sources.

        `as_of` is a chapter or section (`5`, `"5.2"`): only what stands before it is searched, as on its behalf.
        Without it all of the book is. `scope` sets every filter. Each search is on record in the ledger. While a
        vendor of embeddings is down, the words alone are searched, with a note.
        """
        from ghostkit.generation.embedding import embedding_for
        from ghostkit.rag.healing import again_if_begun_anew
        from ghostkit.writing.retrieval.evidence import evidence_of

        engine = await self.retrieval_engine(searching=True)
        seen = scope or Scope(before=place_before(as_of))
        started = Event(type=EventType.RAG_RETRIEVAL_STARTED, data={"query": query}, source="retrieval")
        await self.events.emit_async(started)

        async def look() -> Retrieval:
            try:
                await self._bring_up(engine)
                with embedding_for("search"):
                    return await engine.search(query, scope=seen, top_k=top_k)
            except ProviderError as error:
                if not error.retryable:
                    raise
                found = await engine.search_by_words(query, scope=seen, top_k=top_k)
                note = f"Nobody could be asked for meanings ({error.message}); the words were searched."
                return replace(found, notes=(*found.notes, note))

        found = await again_if_begun_anew(look)
        data = evidence_of(
            found, slot="", retrieval_id=secrets.token_hex(8), settings=engine.config.differences(), as_of=seen.before
        )
        await self._record(Event(type=EventType.RAG_RETRIEVAL_COMPLETED, data=data, source="retrieval"))
        return found

    async def context_of(self, section: str, *, model: str | None = None) -> SectionContext:
        """The exact prompt that `section` (such as `5.2`) would get now, with the shares of its parts. Sends nothing.

        A vendor's embedder may be asked for the query's vector.
        """
        from ghostkit.workbench.section_context import section_context

        return await section_context(self, section, model)  # type: ignore[arg-type]  # it is a Book

    def context_source(self, *, looking: bool = False, asking_nobody: bool = False) -> ContextSource | None:
        """What gives sections more to read: the services' own, or retrieval as `rag` says now, and to the run's end.

        `looking` records nothing; a vendor may still be asked for vectors. With `asking_nobody`, for a forecast, which
        must cost nothing, words alone are searched where a vendor would be asked.
        """
        if self.services.context is not None:
            return self.services.context(self.folder)
        from ghostkit.writing.retrieval.source import BookRetrieval

        config = self.rag
        if config.mode not in (RAGMode.HYBRID, RAGMode.FULL):
            return None
        if asking_nobody and _asks_a_vendor(config):
            config = config.with_changes(fusion="keyword")
        size = self.services.options().sliding_window_size
        engine = partial(self.retrieval_engine, config)
        if looking:
            return BookRetrieval(self.manuscript, config, size, engine)
        return BookRetrieval(self.manuscript, config, size, engine, tell=self._record, hear=self.events.emit_async)

    async def _record(self, event: Event) -> None:
        for fresh in await in_thread(self.ledger.record, [event], self.who()):
            await self.events.emit_async(fresh)

    async def retrieval_engine(self, config: RAGConfig | None = None, *, searching: bool = False) -> RetrievalEngine:
        """The engine of `config` (None: the book's), opened once; it stays open while other settings are tried.

        With `searching` in every mode: people may always look.
        """
        config = config or self.rag
        if searching and config.mode not in (RAGMode.HYBRID, RAGMode.FULL):
            config = config.with_changes(mode=RAGMode.HYBRID)
        opened = self._engines.opened
        engine = opened.pop(config.config_id, None) or self._new_engine(config)
        opened[config.config_id] = engine
        for other in [one for one in list(opened)[:-ENGINES_KEPT] if not opened[one].in_use]:
            if (idle := opened.pop(other, None)) is not None:  # another task may have been here meanwhile
                await idle.aclose()
        return engine

    def _new_engine(self, config: RAGConfig) -> RetrievalEngine:
        from ghostkit.rag.engine import RetrievalEngine

        return RetrievalEngine(
            self.folder.rag,
            config,
            embedding_services=self._embedding_service(),
            cache=self.services.cache(self.folder),
            languages=frozenset({self.manuscript.book.language.split("-")[0]}),
        )

    def _embedding_service(self) -> EmbeddingService:
        from ghostkit.generation.embedding import EmbeddingService

        if self._engines.service is None:
            self._engines.service = EmbeddingService(
                ledger=self.ledger,
                who=self.who(),
                events=self.events,
                providers=self.services.providers,
                options=self.services.options,
            )
        return self._engines.service

    def close_engines(self) -> None:
        """Close the files that searching opened."""
        engines, self._engines = self._engines, Engines()
        for engine in engines.opened.values():
            engine.close()

    @asynccontextmanager
    async def paying_embeddings(self, budget: Budget, who: Who) -> AsyncIterator[None]:
        """Inside, a vendor's embeddings are paid from a run's budget and recorded as its; connections end with it."""
        service = self._embedding_service()
        before = service.budget, service.who
        service.budget, service.who = budget, who
        try:
            yield
        finally:
            service.budget, service.who = before
            with anyio.move_on_after(CLOSING_TAKES_S, shield=True):
                await service.aclose()


def _asks_a_vendor(config: RAGConfig) -> bool:
    from ghostkit.rag.embedding.vendor import is_vendor

    return config.embedder is None and is_vendor(config.embedding_model)


def place_before(as_of: str | int | None) -> tuple[int, int] | None:
    """(chapter, section) of `5` or `5.2`; raises `InputError` for anything else."""
    if as_of is None:
        return None
    chapter, _, section = str(as_of).partition(".")
    if not chapter.isdecimal() or (section and not section.isdecimal()) or int(chapter) < 1:
        raise InputError(f"{as_of!r} is no chapter or section.", fix="Give a number such as 5 or 5.2.")
    return int(chapter), int(section or 0)
