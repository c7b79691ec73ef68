"""Carries a plan out, node by node: render the prompt, get the text, make it part of the book, write its files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ghostkit import faults
from ghostkit.book.model import Book, Chapter, Section, Style
from ghostkit.book.status import SectionStatus
from ghostkit.errors import UnknownName
from ghostkit.events import Event, EventType
from ghostkit.generation import GenerationService, StepResult, StepSpec
from ghostkit.generation.spec import EventsFor
from ghostkit.ledger import Slot, StepState, in_thread, text_hash
from ghostkit.ports import ContextSource, FoundContext
from ghostkit.providers import Ending
from ghostkit.rag.config import RAGConfig, RAGMode
from ghostkit.rag.context.allocator import ratios_of
from ghostkit.writing import adoption, plan
from ghostkit.writing.absorbing import Absorber
from ghostkit.writing.manuscript import Manuscript
from ghostkit.writing.material import Material, Sources
from ghostkit.writing.measures import MEASURES, Measure, measured
from ghostkit.writing.plan import Goal, Node
from ghostkit.writing.retrieval.evidence import query_for, retrieval_events, with_overlap
from ghostkit.writing.tracked_files import (
    FileKeeper,
    Find,
    TrackedFile,
    all_files,
    book_files,
    chapter_files,
    section_file,
)
from ghostkit.writing.window import window_before

NO_CONTEXT = FoundContext()
OnText = Callable[[str, str], None]
"""(section id, piece of its text)"""
OnNode = Callable[[Node, "NodeResult"], None]


@dataclass(frozen=True, kw_only=True)
class NodeResult:
    """How a node came out; `step` is None where nothing had to be generated."""

    whole: bool
    step: StepResult | None = None


class BookWriter:
    """Runs the nodes of one run's plan."""

    def __init__(
        self,
        manuscript: Manuscript,
        service: GenerationService,
        *,
        model: str,
        style: Style,
        goal: Goal,
        on_text: OnText | None = None,
        on_node: OnNode | None = None,
        context: ContextSource | None = None,
        rag: RAGConfig | None = None,
        measures: Mapping[str, Measure] = MEASURES,
    ) -> None:
        self.manuscript = manuscript
        self.service = service
        self.model = model
        self.style = style
        self.goal = goal
        self.absorber = Absorber(manuscript, service.who)
        self.files = FileKeeper(manuscript, self.absorber)
        self.sources = sources_for(manuscript, service, model, style, rag)
        self.context = context
        self.measures = measures
        self._on_text = on_text
        self._on_node = on_node
        self._announced: set[str] = set()
        self._adopted: set[str] = set()

    async def prepare(self) -> None:
        """Take in what people changed since last time and derive what is missing."""
        await in_thread(self._adopt_heads)
        await self._derive(all_files)
        await self._tell_of_outlines()

    def _adopt_heads(self) -> None:
        """Make answers part of the book that were recorded just before a crash; learn what has been announced."""
        book = self.manuscript.book
        self.manuscript.text_arrived(book.id, plan.OUTLINE)
        for chapter in self.manuscript.book.chapters:
            if not chapter.sections:
                self.manuscript.text_arrived(chapter.id, plan.CHAPTER_OUTLINE)
        types = [EventType.CHAPTER_COMPLETED, EventType.BOOK_COMPLETED]
        self._announced = {event.data["digest"] for event in self.manuscript.ledger.events(types=types)}

    def is_done(self, node: Node) -> bool:
        """Is nothing left to do for this node? Answered from memory."""
        try:
            return self._is_done(node)
        except UnknownName:
            return True  # just taken out of the book by a person

    def _is_done(self, node: Node) -> bool:
        if node.kind == plan.CHAPTER_DONE:
            chapter = self.manuscript.chapter(node.object_id)
            return _is_written(chapter) and chapter_digest(chapter) in self._announced
        if node.kind == plan.BOOK_DONE:
            return book_digest(self.manuscript.book) in self._announced
        if node.kind == plan.SECTION and self.manuscript.section(node.object_id)[1].locked:
            return True
        if node.kind == plan.CHAPTER_OUTLINE and self.manuscript.chapter(node.object_id).sections:
            return True  # outlined by the model, or by a person in outline.md before any model did
        return self.manuscript.has_text(node.object_id, node.kind)

    def _is_there(self, node: Node) -> bool:
        book = self.manuscript.book
        ids = {book.id, *(chapter.id for chapter in book.chapters), *(section.id for _, section in book.sections())}
        return node.object_id in ids

    async def run_node(self, node: Node) -> bool:
        """Do one node; True if it came out whole. Doing it again costs nothing.

        Raises the provider's error where there was one; an answer that ended early is no error, only not whole.
        """
        run = getattr(self, f"_{node.kind}")
        try:
            result: NodeResult = await run(node)
        except UnknownName:
            if self._is_there(node):
                raise
            return True  # a person took it out of the book while it was being made; the ledger has its text
        if self._on_node is not None:
            self._on_node(node, result)
        step = result.step
        if step is not None and step.ending is Ending.ERROR and step.error is not None:
            raise step.error
        return result.whole

    # ── texts ─────────────────────────────────────────────────────────────────────────────────────────────

    async def _outline(self, node: Node) -> NodeResult:
        await self._take_in(book_files)
        return await self._text(node, book_files)

    async def _characters(self, node: Node) -> NodeResult:
        await self._take_in(book_files)
        return await self._text(node, book_files)

    async def _glossary(self, node: Node) -> NodeResult:
        await self._take_in(book_files)
        return await self._text(node, book_files)

    async def _chapter_outline(self, node: Node) -> NodeResult:
        await self._take_in(book_files)
        if self.manuscript.chapter(node.object_id).sections:
            return NodeResult(whole=True)
        return await self._text(node, lambda m: (*book_files(m), *chapter_files(m, m.chapter(node.object_id))))

    async def _section(self, node: Node) -> NodeResult:
        await self._take_in(lambda m: self._read_by(m, node.object_id))
        chapter, section = self.manuscript.section(node.object_id)
        self.manuscript.mark_section(section.id, SectionStatus.WRITING)
        on_text = self._on_text
        result = await self._text(
            node,
            lambda m: [section_file(m, *m.section(section.id))],
            on_text=(lambda piece: on_text(section.id, piece)) if on_text else None,
            started=self._section_started(chapter, section),
            done=lambda attempt, text: [_section_completed(chapter, section, attempt, text)],
        )
        if not result.whole:
            await self._section_ended_early(chapter, section, result)
        return result

    async def _chapter_summary(self, node: Node) -> NodeResult:
        await self._take_in(lambda m: chapter_files(m, m.chapter(node.object_id)))
        return await self._text(node, _no_files)

    async def _span_summary(self, node: Node) -> NodeResult:
        return await self._text(node, _no_files)

    _span8_summary = _span64_summary = _span_summary

    async def _text(
        self,
        node: Node,
        files: Find,
        *,
        on_text: Callable[[str], None] | None = None,
        started: Sequence[Event] = (),
        done: Callable[[str, str], Sequence[Event]] | None = None,
    ) -> NodeResult:
        """Get a slot's text, unless it has one already (a person's counts), and bring book and files up to it."""
        if not self.manuscript.has_text(node.object_id, node.kind):
            if self.manuscript.head(node.object_id, node.kind) is not None:
                await in_thread(self._make_room, Slot(object_id=node.object_id, kind=node.kind))
            step = await self.service.run_step(self.spec_for(node, started, done, await self.retrieved(node)), on_text)
            if step.ending is not Ending.COMPLETE:
                return NodeResult(whole=False, step=step)
        else:
            step = None
        faults.point("files.before")
        await in_thread(self.manuscript.text_arrived, node.object_id, node.kind)
        await self._derive(files)
        if node.kind in (plan.OUTLINE, plan.CHAPTER_OUTLINE):
            await self._tell_of_outlines()
        return NodeResult(whole=True, step=step)

    def _make_room(self, slot: Slot) -> None:
        """Where a text was purged, its slot is done and yet empty."""
        step = self.manuscript.ledger.step(slot)
        if step is not None and step.state is StepState.DONE:
            self.manuscript.ledger.supersede(slot)

    async def retrieved(self, node: Node) -> FoundContext:
        """What the book's `ContextSource` finds for a section."""
        if self.context is None or node.kind != plan.SECTION:
            return NO_CONTEXT
        _, section = self.manuscript.section(node.object_id)
        slot = str(Slot(object_id=node.object_id, kind=node.kind))
        wants = getattr(self.context, "wants", None)
        if wants is not None and not await in_thread(wants, slot):
            return NO_CONTEXT
        found = await self.context.context_for(slot, query_for(section), self.sources.room_for_retrieved(node))
        return found if isinstance(found, FoundContext) else FoundContext(passages=found)

    def spec_for(
        self,
        node: Node,
        started: Sequence[Event] = (),
        done: Callable[[str, str], Sequence[Event]] | None = None,
        found: FoundContext = NO_CONTEXT,
    ) -> StepSpec:
        """The step that would make the node's text now."""
        made = self.sources.material(node, found.passages)
        return StepSpec(
            slot=Slot(object_id=node.object_id, kind=node.kind),
            model=self.model,
            prompt=self.service.prompts.render(made.template, **made.variables),
            max_tokens=made.max_tokens,
            inputs=made.inputs,
            texts=[made.texts["style"]] if "style" in made.texts else [],
            parameters={"temperature": self.manuscript.book.settings.temperature},
            started_events=[*started, *_shortened(node, made), *retrieval_events(found, made)],
            done_events=_with_scores(done, made, self.measures, found),
            check=lambda text: adoption.check(node.kind, text),
        )

    async def look_at_what_is_read(self, section_id: str) -> None:
        """Take in what people changed in the files that a section's prompt is made from."""
        await self._take_in(lambda m: self._read_by(m, section_id))

    async def bring_in(self, object_id: str, kind: str = plan.SECTION) -> None:
        """A text of a section or chapter has changed in the ledger: show it in the book and in the chapter's files."""
        await in_thread(self.manuscript.text_arrived, object_id, kind)
        await self._derive(
            lambda m: chapter_files(m, m.section(object_id)[0] if kind == plan.SECTION else m.chapter(object_id))
        )

    # ── endings ───────────────────────────────────────────────────────────────────────────────────────────

    async def _chapter_done(self, node: Node) -> NodeResult:
        """Save the chapter, say so; the checkpoint follows from the event."""
        await self._derive(lambda m: (*chapter_files(m, m.chapter(node.object_id)), *book_files(m)))
        chapter = self.manuscript.chapter(node.object_id)
        digest = chapter_digest(chapter)
        event = Event(
            type=EventType.CHAPTER_COMPLETED,
            data={
                "chapter": chapter.id, "number": chapter.number, "title": chapter.title,
                "words": chapter.word_count, "digest": digest,
            },
            source="writing",
            key=f"chapter_completed:{chapter.id}:{digest}",
        )  # fmt: skip
        await self._announce(event, "chapter")
        return NodeResult(whole=True)

    async def _book_done(self, node: Node) -> NodeResult:
        book = self.manuscript.book
        totals = await in_thread(self.manuscript.ledger.totals)
        digest = book_digest(book)
        event = Event(
            type=EventType.BOOK_COMPLETED,
            data={"book": book.id, "words": book.word_count, "cost_usd": totals.cost_usd, "digest": digest},
            source="writing",
            key=f"book_completed:{digest}",
        )
        await self._announce(event, "book")
        return NodeResult(whole=True)

    async def _announce(self, event: Event, what: str) -> None:
        faults.point(f"{what}.before_commit")
        fresh = await in_thread(self.manuscript.ledger.record, [event], self.service.who)
        faults.point(f"{what}.after_commit")
        for one in fresh:
            await self.service.emit(one)

    async def _section_ended_early(self, chapter: Chapter, section: Section, result: NodeResult) -> None:
        step = result.step
        assert step is not None
        failed = step.ending is Ending.ERROR
        self.manuscript.mark_section(section.id, SectionStatus.FAILED if failed else SectionStatus.STOPPED)
        reason = step.error.message if step.error else f"the answer ended as {step.ending}"
        number = f"{chapter.number}.{section.number}"
        events = [
            Event(
                type=EventType.SECTION_FAILED,
                data={"section": section.id, "chapter": chapter.id, "number": number, "reason": reason},
                source="writing",
            ),
            Event(
                type=EventType.CHAPTER_FAILED,
                data={"chapter": chapter.id, "number": chapter.number, "reason": f"section {number}: {reason}"},
                source="writing",
            ),
        ]
        for event in await in_thread(self.manuscript.ledger.record, events, self.service.who):
            await self.service.emit(event)

    # ── files and events ──────────────────────────────────────────────────────────────────────────────────

    async def _take_in(self, find: Find) -> None:
        if await in_thread(self.files.take_in, find):
            await in_thread(self.files.derive, all_files)
        await self._tell_of_edits()

    async def _derive(self, find: Find) -> None:
        await in_thread(self.files.derive, find)
        await self._tell_of_edits()

    async def _tell_of_outlines(self) -> None:
        """Say once which chapters the book, and which sections each chapter, consists of."""
        book = self.manuscript.book
        families = [(book.id, [chapter.id for chapter in book.chapters])]
        families += [(chapter.id, [section.id for section in chapter.sections]) for chapter in book.chapters]
        events = [_outline_adopted(parent, children) for parent, children in families if children]
        new = [event for event in events if event.key not in self._adopted]
        if new:
            self._adopted.update(event.key or "" for event in new)
            for event in await in_thread(self.manuscript.ledger.record, new, self.service.who):
                await self.service.emit(event)

    async def _tell_of_edits(self) -> None:
        taken, self.absorber.taken = self.absorber.taken, []
        for event in taken:
            await self.service.emit(event)

    def _read_by(self, manuscript: Manuscript, section_id: str) -> Iterable[TrackedFile]:
        """The files a section's prompt is made from, and its own."""
        book, (chapter, section) = manuscript.book, manuscript.section(section_id)
        window = window_before(chapter.number, size=self.sources.window_size, lag=book.settings.continuity_lag)
        for number in window.in_full:
            earlier = book.chapters[number - 1]
            yield from (section_file(manuscript, earlier, one) for one in earlier.sections)
        yield from (section_file(manuscript, chapter, s) for s in chapter.sections if s.number <= section.number)
        yield from book_files(manuscript)

    def _section_started(self, chapter: Chapter, section: Section) -> list[Event]:
        number = f"{chapter.number}.{section.number}"
        return [
            Event(
                type=EventType.CHAPTER_STARTED,
                data={"chapter": chapter.id, "number": chapter.number, "title": chapter.title},
                source="writing",
                key=f"chapter_started:{chapter.id}",
            ),
            Event(
                type=EventType.SECTION_STARTED,
                data={"section": section.id, "chapter": chapter.id, "number": number, "title": section.title},
                source="writing",
                key=f"section_started:{section.id}",
            ),
        ]


def sources_for(
    manuscript: Manuscript, service: GenerationService, model: str, style: Style, rag: RAGConfig | None = None
) -> Sources:
    """What the texts of a book are made from, as `model` can read it; `rag` says how the window is shared."""
    rag = rag or RAGConfig()
    provider, bare = service.provider_for(model)
    options = service.options()
    return Sources(
        book=lambda: manuscript.book,
        place=manuscript.section,
        head=manuscript.head,
        style=style,
        prompts=service.prompts,
        window_size=options.sliding_window_size,
        window_tokens=min(provider.info(bare).context_window, options.max_context_tokens),
        reserved_tokens=options.reserved_response_tokens,
        summaries=rag.mode is not RAGMode.DISABLED,
        ratios=ratios_of(rag),
    )


def _with_scores(
    done: EventsFor | None, made: Material, measures: Mapping[str, Measure], found: FoundContext
) -> EventsFor | None:
    if done is None:
        return None

    def scored(attempt: str, text: str) -> list[Event]:
        return [_scored(event, made, text, measures, found) for event in done(attempt, text)]

    return scored


def _scored(event: Event, made: Material, text: str, measures: Mapping[str, Measure], found: FoundContext) -> Event:
    """The event with its scores. The text is paid for: a measure that fails must not keep it from being recorded."""
    try:
        return with_overlap(measured(event, made, text, measures), found, made, text)
    except Exception as error:
        return replace(event, data={**event.data, "measures": {}, "not_measured": f"{type(error).__name__}: {error}"})


def _no_files(manuscript: Manuscript) -> Iterable[TrackedFile]:
    return ()


def _shortened(node: Node, made: Material) -> list[Event]:
    """Tells of what a prompt had to leave out; nothing is cut silently."""
    if not made.notes:
        return []
    return [
        Event(
            type=EventType.CONTEXT_SHORTENED,
            data={"slot": str(Slot(object_id=node.object_id, kind=node.kind)), "notes": list(made.notes)},
            source="writing",
            key=f"context_shortened:{node.name}:{text_hash(' '.join(made.notes))[:16]}",
        )
    ]


def _section_completed(chapter: Chapter, section: Section, attempt: str, text: str) -> Event:
    return Event(
        type=EventType.SECTION_COMPLETED,
        data={
            "section": section.id,
            "chapter": chapter.id,
            "number": f"{chapter.number}.{section.number}",
            "words": len(text.split()),
            "attempt": attempt,
        },
        source="writing",
        key=f"section_completed:{section.id}:{attempt}",
    )


def _outline_adopted(parent: str, children: list[str]) -> Event:
    return Event(
        type=EventType.OUTLINE_ADOPTED,
        data={"object": parent, "children": children},
        source="writing",
        key=f"outline_adopted:{parent}:{text_hash(' '.join(children))[:16]}",
    )


def chapter_digest(chapter: Chapter) -> str:
    """Tells one state of a chapter's text from another, in events."""
    return text_hash("\n".join((chapter.id, *(section.content for section in chapter.sections))))[:16]


def book_digest(book: Book) -> str:
    return text_hash("\n".join((book.id, *(section.content for _, section in book.sections()))))[:16]


def _is_written(chapter: Chapter) -> bool:
    return bool(chapter.sections) and all(section.content for section in chapter.sections)
