"""`BookRetrieval`: what a section is given of the book and its sources, besides what it reads anyway.

A section sees what stands before its window: chapters that it reads only as summaries, all of them finished by then,
so that it finds the same however many sections are written at a time. Sources are seen as of its chapter.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from ghostkit.book.model import Chapter, Section
from ghostkit.errors import ProviderError, UnknownName
from ghostkit.events import Event, EventType
from ghostkit.generation.embedding.purpose import embedding_for
from ghostkit.generation.escaping import Escaped, attribute, escape
from ghostkit.ports import FoundContext
from ghostkit.rag.config import RAGConfig
from ghostkit.rag.context.passages import Passage, fitting, in_reading_order, place_in_words
from ghostkit.rag.document import Chunk
from ghostkit.rag.engine import RetrievalEngine
from ghostkit.rag.healing import again_if_begun_anew
from ghostkit.rag.retrieval.result import Retrieval
from ghostkit.rag.scope import Scope
from ghostkit.writing.fitting import estimate_tokens
from ghostkit.writing.manuscript import Manuscript
from ghostkit.writing.retrieval.book_documents import documents_of, has_sources
from ghostkit.writing.retrieval.evidence import evidence_of
from ghostkit.writing.window import window_before

Tell = Callable[[Event], Awaitable[None]]


async def _nobody(event: Event) -> None:
    """Where nobody listens."""


class BookRetrieval:
    """The `ContextSource` of a book whose mode is `hybrid` or `full`."""

    def __init__(
        self,
        manuscript: Manuscript,
        config: RAGConfig,
        window_size: int,
        open_engine: Callable[[], Awaitable[RetrievalEngine]],
        tell: Tell | None = None,
        hear: Tell = _nobody,
    ) -> None:
        """`open_engine` is called when a section first wants something.

        `tell` puts on record what was indexed, `hear` is told that a search begins.
        """
        self.manuscript = manuscript
        self.config = config
        self.window_size = window_size
        self._open_engine = open_engine
        self._tell = tell
        self._hear = hear

    def wants(self, slot: str) -> bool:
        """Whether there is anything that the section doesn't read in full already."""
        try:
            chapter, _ = self._place(slot)
        except UnknownName:
            return False
        return self._first_in_full(chapter) > 1 or has_sources(self.manuscript.folder)

    async def context_for(self, slot: str, query: str, budget_tokens: int) -> FoundContext:
        """Whole chunks, as many as the budget holds, in the order of the book; and the record of how they were found.

        Where no vectors can be had for now (a vendor is down), the search goes on by words, with a note.
        """
        engine = await self._open_engine()
        scope = self.scope_for(slot)
        await self._hear(Event(type=EventType.RAG_RETRIEVAL_STARTED, data={"query": query}, source="retrieval"))
        found = await again_if_begun_anew(partial(self._found, engine, slot, query, scope))
        kept, no_room = fitting(found.hits, budget_tokens, show, estimate_tokens)
        ordered = in_reading_order(kept)
        evidence = evidence_of(
            found,
            slot=slot,
            retrieval_id=secrets.token_hex(8),
            settings=self.config.differences(),
            as_of=scope.before,
            passages=kept,
            no_room=no_room,
        )
        return FoundContext(
            passages={_name(one): one.text for one in ordered},
            evidence=evidence,
            plain={_name(one): one.hit.chunk.content for one in ordered},
        )

    async def _found(self, engine: RetrievalEngine, slot: str, query: str, scope: Scope) -> Retrieval:
        try:
            notes = await self.bring_up_to_date(engine)
            with embedding_for("context", slot):
                found = await engine.search(query, scope=scope)
        except ProviderError as error:
            if not error.retryable:
                raise  # a wrong key or model: the run stops before anything is written without what was wanted
            notes = (f"Nobody could be asked for meanings ({error.message}); the words were searched.",)
            found = await engine.search_by_words(query, scope=scope)
        return replace(found, notes=(*found.notes, *notes))

    async def bring_up_to_date(self, engine: RetrievalEngine) -> tuple[str, ...]:
        """Take in what was written or changed since; says what a person should know of it."""
        report = await engine.update(partial(documents_of, self.manuscript))
        if report.did_something and self._tell is not None:
            await self._tell(indexed(report.as_dict()))
        return report.notes

    def scope_for(self, slot: str) -> Scope:
        """What the section may see: chapters before those it reads in full, and sources that have begun."""
        chapter, section = self._place(slot)
        first = self._first_in_full(chapter)
        near = frozenset(s.id for c in self.manuscript.book.chapters if c.number >= first for s in c.sections)
        if not self.config.spoiler_safe:
            return Scope(without=frozenset(s for s in near if self._is_read(s, first, chapter)))
        return Scope(before=(chapter.number, section.number), without=near)

    def _is_read(self, section_id: str, first: int, chapter: Chapter) -> bool:
        """Whether the section reads it in full, or is it; a later one may be asked for, if spoilers are wanted."""
        there, _ = self.manuscript.section(section_id)
        return first <= there.number <= chapter.number

    def _place(self, slot: str) -> tuple[Chapter, Section]:
        return self.manuscript.section(slot.partition("/")[0])

    def _first_in_full(self, chapter: Chapter) -> int:
        lag = self.manuscript.book.settings.continuity_lag
        window = window_before(chapter.number, size=self.window_size, lag=lag)
        return window.summed_up[-1].last + 1 if window.summed_up else 1


def show(chunk: Chunk) -> str:
    """A chunk as a prompt has it: data under its place, which can neither open nor close a tag."""
    return Escaped(f'<passage from="{attribute(place_in_words(chunk))}">\n{escape(chunk.content.strip())}\n</passage>')


def indexed(report: dict[str, object]) -> Event:
    """The event of an update that did something."""
    return Event(type=EventType.RAG_INDEXING_COMPLETED, data=dict(report), source="retrieval")


def _name(passage: Passage) -> str:
    return f"{passage.hit.chunk.metadata.document}:{passage.hit.chunk.id}"
