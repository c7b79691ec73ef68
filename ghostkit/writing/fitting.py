"""Bring what a text reads of the chapters before it into a number of tokens: farthest first, and never silently.

What gives way first is the form, not the presence: a chapter in full becomes its summary before any summary goes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum

from ghostkit.errors import ContextTooLong

BYTES_A_TOKEN = 3.0
"""Errs on the side of more tokens: English has about 4.2 bytes a token, Russian 5, Chinese 3 to 4 (UTF-8)."""


class Priority(IntEnum):
    """Who goes last when room is short: the lower, the longer it stays."""

    ESSENTIAL = 0
    HIGH = 1
    MEDIUM = 2
    LOW = 3


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A text of the book as a context holds it; `name` is `kind:object id`, `hash` the SHA-256 (hex) of the text."""

    name: str
    text: str
    hash: str = ""

    @property
    def tokens(self) -> int:
        return estimate_tokens(self.text)


@dataclass(frozen=True, kw_only=True)
class Summarised:
    """Chapters read through a summary; `label` says which, `finer` what stands for the same at more length."""

    label: str
    passages: tuple[Passage, ...]
    priority: Priority = Priority.LOW
    coarser: Passage | None = None

    @property
    def tokens(self) -> int:
        return sum(passage.tokens for passage in self.passages)


@dataclass(frozen=True, kw_only=True)
class InFull:
    """A chapter as written, section by section; `summary` is what can stand for it.

    The chapter a text belongs to is ESSENTIAL, the one before HIGH, the others MEDIUM.
    """

    number: int
    heading: str
    passages: tuple[Passage, ...]
    summary: Passage | None
    priority: Priority

    @property
    def tokens(self) -> int:
        return estimate_tokens(self.heading) + sum(passage.tokens for passage in self.passages)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a text reads of the book: `story` are summaries and `chapters` the texts in full, both oldest first."""

    story: tuple[Summarised, ...] = ()
    chapters: tuple[InFull, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def tokens(self) -> int:
        return sum(told.tokens for told in self.story) + sum(chapter.tokens for chapter in self.chapters)

    def passages(self) -> Iterator[Passage]:
        for told in self.story:
            yield from told.passages
        for chapter in self.chapters:
            yield from chapter.passages


def estimate_tokens(text: str) -> int:
    """Tokens of `text` in any language, rather too many than too few."""
    return int(len(text.encode()) / BYTES_A_TOKEN) + 1


def fit(reading: Reading, room: int, where: str, story_room: int | None = None) -> Reading:
    """`reading` in at most `room` tokens, with a note for everything that had to give way.

    `story_room` is the summaries' share of it, which they keep to where not everything fits.

    Raises:
        ContextTooLong: not even the text just before fits.
    """
    given_up: list[Summarised] = []
    if story_room is not None and reading.tokens > room:
        reading = _story_within(reading, story_room, given_up)
    for step in _LADDER:
        while reading.tokens > room:
            shorter = step(reading)
            if shorter is None:
                break
            if step is _summaries_dropped:
                given_up.append(reading.story[0])
            reading = shorter
    if reading.tokens > room:
        raise ContextTooLong(
            f"{where} needs about {reading.tokens} tokens of what stands before it, and {max(room, 0)} are left.",
            fix="Raise MAX_CONTEXT_TOKENS, choose a model with a larger window, or make the sections shorter.",
            tokens=reading.tokens,
            window=room,
        )
    return _taken_back(reading, given_up, room)


def _story_within(reading: Reading, room: int, given_up: list[Summarised]) -> Reading:
    """The summaries in their own share of the room: coarser, then fewer."""
    for step in (_summaries_coarser, _summaries_dropped):
        while sum(told.tokens for told in reading.story) > room:
            shorter = step(reading)
            if shorter is None:
                break
            if step is _summaries_dropped:
                given_up.append(reading.story[0])
            reading = shorter
    return reading


def _taken_back(reading: Reading, given_up: list[Summarised], room: int) -> Reading:
    """Summaries that there is room for after all, once something larger gave way: the newest first."""
    for told in reversed(given_up):
        if reading.tokens + told.tokens <= room:
            notes = tuple(note for note in reading.notes if note != _no_room_for(told))
            reading = replace(reading, story=(told, *reading.story), notes=notes)
    return reading


def _chapters_to_summaries(reading: Reading) -> Reading | None:
    """The farthest chapter of the window's middle as its summary."""
    for chapter in reading.chapters:
        if chapter.priority is Priority.MEDIUM and chapter.summary is not None:
            rest = tuple(c for c in reading.chapters if c is not chapter)
            told = Summarised(label=f"chapter {chapter.number}", passages=(chapter.summary,), priority=Priority.MEDIUM)
            note = f"Chapter {chapter.number} is read as its summary: in full it would not fit."
            return replace(reading, story=(*reading.story, told), chapters=rest, notes=(*reading.notes, note))
    return None


def _summaries_coarser(reading: Reading) -> Reading | None:
    for at, told in enumerate(reading.story):
        if told.coarser is not None and told.coarser.tokens < told.tokens:
            shorter = replace(told, passages=(told.coarser,), coarser=None)
            note = f"The summaries of {told.label} are read as one: each would not fit."
            story = (*reading.story[:at], shorter, *reading.story[at + 1 :])
            return replace(reading, story=story, notes=(*reading.notes, note))
    return None


def _summaries_dropped(reading: Reading) -> Reading | None:
    if not reading.story:
        return None
    return replace(reading, story=reading.story[1:], notes=(*reading.notes, _no_room_for(reading.story[0])))


def _no_room_for(told: Summarised) -> str:
    return f"The summary of {told.label} is left out: there is no room for it; the plan still names what happens."


def _middle_dropped(reading: Reading) -> Reading | None:
    """The farthest chapter of the window's middle, where it has no summary to stand for it."""
    for chapter in reading.chapters:
        if chapter.priority is Priority.MEDIUM:
            return _without(reading, chapter, "there is no room for it, and it has no summary yet")
    return None


def _neighbour_shortened(reading: Reading) -> Reading | None:
    """Of the chapter before only its last section, then nothing."""
    for chapter in reading.chapters:
        if chapter.priority is Priority.HIGH and len(chapter.passages) > 1:
            shorter = replace(chapter, passages=chapter.passages[-1:])
            note = f"Of chapter {chapter.number} only the last section is read: the whole of it would not fit."
            chapters = tuple(shorter if c is chapter else c for c in reading.chapters)
            return replace(reading, chapters=chapters, notes=(*reading.notes, note))
        if chapter.priority is Priority.HIGH:
            return _without(reading, chapter, "there is no room for it")
    return None


def _without(reading: Reading, chapter: InFull, why: str) -> Reading:
    rest = tuple(c for c in reading.chapters if c is not chapter)
    return replace(reading, chapters=rest, notes=(*reading.notes, f"Chapter {chapter.number} is left out: {why}."))


def _own_shortened(reading: Reading) -> Reading | None:
    """Of the text's own chapter as little as the section just before."""
    if not reading.chapters or len(reading.chapters[-1].passages) < 2:
        return None
    own = reading.chapters[-1]
    shorter = replace(own, passages=own.passages[1:])
    note = f"The first of the sections read of chapter {own.number} is left out: there is no room for it."
    return replace(reading, chapters=(*reading.chapters[:-1], shorter), notes=(*reading.notes, note))


_LADDER = (
    _chapters_to_summaries,
    _summaries_coarser,
    _summaries_dropped,
    _middle_dropped,
    _neighbour_shortened,
    _own_shortened,
)
