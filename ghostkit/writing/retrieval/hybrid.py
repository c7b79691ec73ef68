"""`HybridContextManager`: what a chapter is written with, from any book: core, retrieved passages, summaries.

`BookContextManager` with retrieval beside it, and the window shared out by `RAGConfig`'s ratios.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ghostkit.errors import InputError
from ghostkit.ledger import in_thread
from ghostkit.rag.config import RAGConfig, RAGMode
from ghostkit.rag.context.allocator import Shares, allocate, ratios_of
from ghostkit.rag.context.passages import Passage, fitting, in_reading_order
from ghostkit.rag.document import MANUSCRIPT, Document
from ghostkit.rag.engine import RetrievalEngine
from ghostkit.rag.retrieval.result import Retrieval
from ghostkit.rag.scope import Scope
from ghostkit.writing.context import (
    BookContext,
    BookContextManager,
    BookView,
    ContextPart,
    Summarise,
    check_chapter,
    laid_out,
    view_of,
)
from ghostkit.writing.fitting import Priority, Reading, estimate_tokens, fit
from ghostkit.writing.retrieval.book_documents import documents_of
from ghostkit.writing.retrieval.source import show
from ghostkit.writing.retrieval.source_documents import SOURCES

if TYPE_CHECKING:
    from ghostkit.rag.store import KnownDocument


@dataclass(frozen=True, kw_only=True, repr=False)
class HybridContext(BookContext):
    """A context with its provenance: the retrieval it holds, and the tokens of each share."""

    shares: Shares = field(default_factory=Shares)
    budget_tokens: int = 0
    retrieval: Retrieval | None = None
    passages: tuple[Passage, ...] = ()
    """Those of the hits that there was room for, best first."""

    def __repr__(self) -> str:
        told = ", ".join(f"{name} {tokens:,}" for name, tokens in self.shares.as_dict().items())
        return f"<HybridContext: {told} of {self.budget_tokens:,} tokens, {len(self.passages)} passages>"

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "parts": [
                {"name": part.name, "priority": part.priority.name, "tokens": part.tokens, "text": part.text}
                for part in self.parts
            ],
            "shares": {**self.shares.as_dict(), "budget": self.budget_tokens},
            "hits": [hit.as_dict() for hit in self.retrieval.hits] if self.retrieval else [],
            "notes": list(self.notes),
        }


class HybridContextManager(BookContextManager):
    """Prepares contexts of at most `max_tokens`, of which `reserved_tokens` are kept for the answer.

    What it indexes is kept in the `rag/` of `book_dir`, or in memory without one. Chapters far away are read in full
    while their share of the window has room for that, and only then summed up by `summarize`.
    """

    def __init__(
        self,
        config: RAGConfig | None = None,
        max_tokens: int | None = None,
        *,
        window_size: int | None = None,
        reserved_tokens: int | None = None,
        summarize: Summarise | None = None,
        embedding_services: Any = None,
        cache: Any = None,
        engine: RetrievalEngine | None = None,
    ) -> None:
        """`engine` is searched whatever the book, with all that was added to it besides."""
        super().__init__(max_tokens, window_size=window_size, reserved_tokens=reserved_tokens, summarize=summarize)
        self.config = config or RAGConfig()
        self._embedding_services = embedding_services
        self._cache = cache
        self._engine = engine
        self._engines: dict[Path | str, RetrievalEngine] = {}

    async def prepare_context(  # type: ignore[override]  # two more things that only this one can use
        self,
        book: Any,
        current_chapter: int,
        book_dir: str | Path | None = None,
        query: str | None = None,
        window_size: int | None = None,
    ) -> HybridContext:
        """What chapter `current_chapter` (from 1) should be written with; `query` is what is looked up for it.

        Without a query the chapter's title and brief are looked up. Only what stands before the chapter is found.

        Raises:
            ContextTooLong: title, summary and instructions alone don't fit.
            InputError: there is no such chapter.
        """
        size = self.window_size if window_size is None else window_size
        view = self._viewed(book, current_chapter, size)
        room = self.max_tokens - self.reserved_tokens
        essential = self.essential_parts(view, room)
        plan, shortened = view.plan(current_chapter, size, (room - sum(p.tokens for p in essential)) // 2)
        fixed = (*essential, *plan)
        reading = await self._shared_reading(view, current_chapter, size, room)
        found = await self._found(book, view, current_chapter, book_dir, query, reading)
        return self._assembled(fixed, shortened, reading, found, room, current_chapter)

    def _viewed(self, book: Any, current: int, size: int) -> BookView:
        if size < 0:
            raise InputError(f"window_size is {size}.", fix="Give 0 or more chapters.")
        view = view_of(book)
        check_chapter(view, current)
        return view

    # ── summaries ─────────────────────────────────────────────────────────────────────────────────────────

    async def _shared_reading(self, view: BookView, current: int, size: int, room: int) -> Reading:
        """As the window says; with every chapter in full where those far away fit into the summaries' share."""
        if self.config.mode is RAGMode.DISABLED:
            return replace(await self._reading(_without_summaries(view), current, size), story=(), notes=())
        far = [n for n in range(1, current) if view.chapters[n - 1].text().strip()]
        raw = sum(estimate_tokens(view.chapters[n - 1].text()) for n in far)
        near = sum(estimate_tokens(view.chapters[n - 1].text()) for n in far if n >= current - size)
        share = int(room * self.config.summary_context_ratio)
        if raw - near <= share and raw <= room:
            return await self._reading(view, current, max(size, current))
        return await self._reading(view, current, size)

    # ── retrieved ─────────────────────────────────────────────────────────────────────────────────────────

    async def _found(
        self, book: Any, view: BookView, current: int, book_dir: str | Path | None, query: str | None, reading: Reading
    ) -> Retrieval | None:
        if self.config.mode not in (RAGMode.HYBRID, RAGMode.FULL):
            return None
        documents = await in_thread(documents_in, book, view)
        read = {chapter.number for chapter in reading.chapters} | {current}
        without = frozenset(document.id for document in documents if document.chapter in read)
        asked = (query or _query(view, current)).strip()
        there = (d.chapter is None or d.chapter < current for d in documents if d.id not in without)
        if not asked or not (self._engine is not None or any(there)):
            return None
        engine = self._engine or self._engine_for(book_dir, view)
        await engine.update(documents, others_stay=_was_added)
        before = (current, 0) if self.config.spoiler_safe else None
        return await engine.search(asked, scope=Scope(before=before, without=without))

    def _engine_for(self, book_dir: str | Path | None, view: BookView) -> RetrievalEngine:
        """One for a folder; without one, for a book of that title."""
        folder = Path(book_dir) / "rag" if book_dir is not None else None
        key = folder or view.title
        if key not in self._engines:
            self._engines[key] = RetrievalEngine(
                folder, self.config, embedding_services=self._embedding_services, cache=self._cache
            )
        return self._engines[key]

    async def aclose(self) -> None:
        """Close what was opened; the manager may be used again."""
        if self._engine is not None:
            await self._engine.aclose()
        while self._engines:
            _, engine = self._engines.popitem()
            await engine.aclose()

    # ── together ──────────────────────────────────────────────────────────────────────────────────────────

    def _assembled(
        self,
        fixed: tuple[ContextPart, ...],
        shortened: Sequence[str],
        reading: Reading,
        found: Retrieval | None,
        room: int,
        current: int,
    ) -> HybridContext:
        story = sum(told.tokens for told in reading.story)
        taken = sum(part.tokens for part in fixed)
        hits = found.hits if found else ()
        wanted = sum(estimate_tokens(show(hit.chunk)) for hit in hits)
        needs = Shares(core=taken + reading.tokens - story, retrieved=wanted, summaries=story)
        given = allocate(room, needs, ratios_of(self.config))
        kept, left_out = fitting(hits, given.retrieved, show, estimate_tokens)
        passages = tuple(
            ContextPart(name=f"retrieved:{one.hit.chunk.id}", priority=Priority.MEDIUM, text=one.text)
            for one in in_reading_order(kept)
        )
        used = sum(part.tokens for part in passages)
        read = fit(reading, room - taken - used, f"Chapter {current}", given.summaries)
        notes = [*shortened, *read.notes, *(found.notes if found else ())]
        if left_out:
            notes.append(f"{len(left_out)} passages were found that there was no room for.")
        told = sum(told.tokens for told in read.story)
        return HybridContext(
            parts=(*laid_out(fixed, read), *passages),
            max_tokens=self.max_tokens,
            notes=tuple(notes),
            shares=Shares(core=taken + read.tokens - told, retrieved=used, summaries=told),
            budget_tokens=room,
            retrieval=found,
            passages=tuple(kept),
        )


def documents_in(book: Any, view: BookView) -> list[Document]:
    """A live book's sections and sources; of a plain value or a legacy dict its chapters."""
    manuscript = getattr(book, "manuscript", None)
    if manuscript is not None:
        return documents_of(manuscript)
    return [
        Document(id=f"chapter:{number}", text=text, chapter=number, title=chapter.title)
        for number, chapter in enumerate(view.chapters, 1)
        if (text := chapter.text().strip())
    ]


def _was_added(known: KnownDocument) -> bool:
    """Whether somebody gave it to `RAGService` beside the book: no text or source of a book has that kind and id."""
    return known.kind != MANUSCRIPT and not known.id.startswith(SOURCES)


def _query(view: BookView, current: int) -> str:
    if not view.chapters:
        return ""
    chapter = view.chapters[current - 1]
    return f"{chapter.title}\n{chapter.brief}".strip()


def _without_summaries(view: BookView) -> BookView:
    return replace(view, chapters=[_Unsummed(chapter) for chapter in view.chapters])


class _Unsummed:
    """A chapter whose summary isn't looked at."""

    def __init__(self, chapter: Any) -> None:
        self.title: str = chapter.title
        self.brief: str = chapter.brief
        self.summary = ""
        self.text = chapter.text
