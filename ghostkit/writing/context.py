"""`BookContextManager`: what a chapter should be written with, from any book, within any number of tokens.

This is the window of `writing/window.py` for books that are not projects of ghostkit's: a plain value, or the legacy
dict. A project's own runs use the same window with the summaries of their ledger.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ghostkit.book.model import Book
from ghostkit.errors import ContextTooLong, InputError
from ghostkit.ledger import text_hash
from ghostkit.writing.fitting import InFull, Passage, Priority, Reading, Summarised, estimate_tokens, fit
from ghostkit.writing.window import Span, window_before

Summarise = Callable[[str, int], Awaitable[str]]
"""(text, most tokens) → its summary."""
DEFAULT_WINDOW = 3
CHAPTER_SUMMARY_TOKENS = 200
SPAN_SUMMARY_TOKENS = 320


class ChapterView(Protocol):
    """One chapter as a context needs it; `text` is only asked for if it is to be read in full."""

    title: str
    brief: str
    summary: str

    def text(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class ContextPart:
    """One part of a context; `tokens` is an estimate."""

    name: str
    priority: Priority
    text: str

    @property
    def tokens(self) -> int:
        return estimate_tokens(self.text)


@dataclass(frozen=True, kw_only=True)
class BookContext:
    """What to send, stable parts first; `str()` of it is the text. `notes` say what had to give way."""

    parts: tuple[ContextPart, ...]
    max_tokens: int
    notes: tuple[str, ...] = ()

    @property
    def tokens(self) -> int:
        return sum(part.tokens for part in self.parts)

    def of(self, priority: Priority) -> tuple[ContextPart, ...]:
        return tuple(part for part in self.parts if part.priority is priority)

    def __str__(self) -> str:
        return "\n\n".join(part.text for part in self.parts)

    def __repr__(self) -> str:
        told = f", {len(self.notes)} notes" if self.notes else ""
        return f"<BookContext: {len(self.parts)} parts, about {self.tokens} of {self.max_tokens} tokens{told}>"


class BookContextManager:
    """Prepares contexts of at most `max_tokens`, of which `reserved_tokens` are kept for the answer.

    `summarize` is called for chapters that are too far away to be read and have no summary; each text is summed up
    once, however many contexts need it. Without it such chapters are read as planned, with a note.
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        *,
        window_size: int | None = None,
        reserved_tokens: int | None = None,
        summarize: Summarise | None = None,
    ) -> None:
        from ghostkit.settings import get_settings

        settings = get_settings()
        self.max_tokens = settings.max_context_tokens if max_tokens is None else max_tokens
        self.window_size = settings.sliding_window_size if window_size is None else window_size
        reserved = settings.reserved_response_tokens if reserved_tokens is None else reserved_tokens
        self.reserved_tokens = min(reserved, self.max_tokens // 2)
        self.summarize = summarize
        self._summaries: dict[str, str] = {}
        if self.max_tokens < 1:
            raise InputError(f"max_tokens is {max_tokens}.", fix="Give the model's context window, such as 128000.")

    async def prepare_context(
        self, book: Book | Mapping[str, Any] | Any, current_chapter: int, window_size: int | None = None
    ) -> BookContext:
        """What chapter `current_chapter` (from 1) should be written with.

        `book` is a `Book` value, a live book, or the legacy dict; nothing is loaded of it that isn't needed. Always
        there: title, summary, instructions. Then the chapter itself and the one before in full, the nearer ones in
        full, the rest summed up; what comes later only as planned.

        Raises:
            ContextTooLong: title, summary and instructions alone don't fit.
            InputError: there is no such chapter.
        """
        size = self.window_size if window_size is None else window_size
        if size < 0:
            raise InputError(f"window_size is {size}.", fix="Give 0 or more chapters.")
        view = view_of(book)
        check_chapter(view, current_chapter)
        room = self.max_tokens - self.reserved_tokens
        essential = self.essential_parts(view, room)
        taken = sum(part.tokens for part in essential)
        plan, shortened = view.plan(current_chapter, size, (room - taken) // 2)
        reading = await self._reading(view, current_chapter, size)
        left = room - taken - sum(part.tokens for part in plan)
        read = fit(reading, left, f"Chapter {current_chapter}")
        parts = laid_out((*essential, *plan), read)
        return BookContext(parts=parts, max_tokens=self.max_tokens, notes=(*shortened, *read.notes))

    def essential_parts(self, view: BookView, room: int) -> tuple[ContextPart, ...]:
        """Title, instructions and summary; raises `ContextTooLong` where they alone have no room."""
        essential = view.essential()
        taken = sum(part.tokens for part in essential)
        if taken > room:
            raise ContextTooLong(
                f"Title, summary and instructions take about {taken} tokens, and {room} of {self.max_tokens} are left "
                "beside the answer.",
                fix="Raise max_tokens, lower reserved_tokens, or shorten the instructions.",
                tokens=taken,
                window=self.max_tokens,
            )
        return essential

    async def _reading(self, view: BookView, current: int, size: int) -> Reading:
        window = window_before(current, size=size) if view.chapters else None
        if window is None:
            return Reading()
        notes: list[str] = []
        story = [told for span in window.summed_up for told in await self._told(view, span, notes)]
        chapters = []
        for number in (*window.in_full, current):
            text = view.chapters[number - 1].text().strip()
            if text:
                chapters.append(await self._in_full(view, number, text, current))
        return Reading(story=tuple(story), chapters=tuple(chapters), notes=tuple(notes))

    async def _in_full(self, view: BookView, number: int, text: str, current: int) -> InFull:
        chapter = view.chapters[number - 1]
        priority = {current: Priority.ESSENTIAL, current - 1: Priority.HIGH}.get(number, Priority.MEDIUM)
        passages = tuple(Passage(name=f"chapter:{number}", text=part) for part in text.split("\n\n\n"))
        summary = None
        if priority is Priority.MEDIUM and chapter.summary.strip():
            summary = Passage(name=f"summary:{number}", text=chapter.summary.strip())
        return InFull(
            number=number,
            heading=f"## {number}. {chapter.title}",
            passages=passages,
            summary=summary,
            priority=priority,
        )

    async def _told(self, view: BookView, span: Span, notes: list[str]) -> list[Summarised]:
        """The chapters of a span: those of eight and more by one summary of theirs, if there is who makes it."""
        told = [one for number in range(span.first, span.last + 1) for one in await self._one(view, number, notes)]
        if span.chapters == 1 or self.summarize is None or len(told) < 2:
            return told
        material = "\n\n".join(passage.text for one in told for passage in one.passages)
        text = await self._summed_up(material, SPAN_SUMMARY_TOKENS)
        label = f"chapters {span.first}–{span.last}"
        return [Summarised(label=label, passages=(Passage(name=f"summary:{span.first}-{span.last}", text=text),))]

    async def _one(self, view: BookView, number: int, notes: list[str]) -> list[Summarised]:
        chapter = view.chapters[number - 1]
        text = chapter.summary.strip()
        if not text and self.summarize is not None and (written := chapter.text().strip()):
            text = await self._summed_up(written, CHAPTER_SUMMARY_TOKENS)
        if not text:
            notes.append(f"Chapter {number} has no summary: it is read as planned.")
            return []
        return [Summarised(label=f"chapter {number}", passages=(Passage(name=f"summary:{number}", text=text),))]

    async def _summed_up(self, text: str, tokens: int) -> str:
        assert self.summarize is not None
        key = text_hash(f"{tokens}\n{text}")
        if key not in self._summaries:
            self._summaries[key] = (await self.summarize(text, tokens)).strip()
        return self._summaries[key]


@dataclass(frozen=True, kw_only=True)
class BookView:
    """A book as a context needs it."""

    title: str
    summary: str
    instructions: str
    chapters: Sequence[ChapterView]

    def essential(self) -> tuple[ContextPart, ...]:
        """Title, instructions and summary, as far as there are any."""
        told = {"title": self.title, "instructions": self.instructions, "summary": self.summary}
        parts = [_tagged(name, text, Priority.ESSENTIAL) for name, text in told.items() if text.strip()]
        return tuple(parts)

    def plan(self, current: int, size: int, room: int) -> tuple[tuple[ContextPart, ...], tuple[str, ...]]:
        """Every chapter in a line, or those around `current` where there is not room for all; and a note then."""
        lines = [f"{n}. {chapter.title}: {chapter.brief}".rstrip(": ") for n, chapter in enumerate(self.chapters, 1)]
        near = [line for n, line in enumerate(lines, 1) if abs(n - current) <= size + 1]
        for listed, note in ((lines, ""), (near, "The plan is shown for the chapters around this one only.")):
            part = _tagged("plan", "\n".join(listed), Priority.MEDIUM)
            if listed and part.tokens <= room:
                return (part,), ((note,) if note else ())
        return (), (("The plan is left out: there is no room for it.",) if lines else ())


def _tagged(name: str, text: str, priority: Priority) -> ContextPart:
    return ContextPart(name=name, priority=priority, text=f"<{name}>\n{text.strip()}\n</{name}>")


@dataclass(frozen=True, kw_only=True)
class _Chapter:
    title: str
    brief: str
    summary: str
    read: Callable[[], str]

    def text(self) -> str:
        return self.read()


def view_of(book: Any) -> BookView:
    """A `Book` value, a live book (anything with `.value`), or the legacy dict, as a context needs it."""
    value = getattr(book, "value", book)
    if isinstance(value, Mapping):
        from ghostkit.book.legacy import from_legacy

        value = from_legacy(value)
    if not isinstance(value, Book):
        raise InputError(
            f"A {type(book).__name__} is no book.", fix="Give a Book, or a dict with a title and toc.chapters."
        )
    return BookView(
        title=value.title,
        summary=value.summary or value.outline_summary,
        instructions=value.instructions,
        chapters=[
            _Chapter(
                title=chapter.title,
                brief=chapter.brief,
                summary=chapter.summary,
                read=lambda chapter=chapter: "\n\n\n".join(s.content for s in chapter.sections if s.content),  # type: ignore[misc]
            )
            for chapter in value.chapters
        ],
    )


def check_chapter(view: BookView, number: int) -> None:
    """Raises `InputError` where the book has no such chapter."""
    if not 1 <= number <= max(len(view.chapters), 1):
        raise InputError(
            f"There is no chapter {number}.",
            fix=f"Chapters run from 1 to {len(view.chapters)}." if view.chapters else "The book has none yet.",
        )


def laid_out(essential: tuple[ContextPart, ...], read: Reading) -> tuple[ContextPart, ...]:
    story = [
        ContextPart(name=passage.name, priority=told.priority, text=passage.text)
        for told in read.story
        for passage in told.passages
    ]
    chapters = [
        ContextPart(
            name=f"chapter:{chapter.number}",
            # The chapter that is written counts as near, not as what every context must have.
            priority=max(chapter.priority, Priority.HIGH),
            text="\n\n".join([chapter.heading, *(passage.text for passage in chapter.passages)]),
        )
        for chapter in read.chapters
    ]
    return (*essential, *story, *chapters)
