"""The book as plain values. Ids are permanent; numbers are display and follow from the order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from ghostkit.book.status import ChapterStatus, SectionStatus

Extra = Mapping[str, Any]
"""Fields a person added to a file; they are kept and written back."""


class CharacterRole(StrEnum):
    PROTAGONIST = "protagonist"
    ANTAGONIST = "antagonist"
    SUPPORTING = "supporting"
    MENTOR = "mentor"
    MINOR = "minor"
    NARRATOR = "narrator"


@dataclass(frozen=True, kw_only=True)
class Relationship:
    """What somebody is to `to`, the other character's name: a mentor, say. It holds from `since_chapter` on.

    `kind` is one of `RelationshipKind` or free text; `ghostkit.book.kinds` knows the inverses.
    """

    to: str
    kind: str
    description: str = ""
    since_chapter: int = 1
    extra: Extra = field(default_factory=dict, hash=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """How somebody or something has changed: from chapter `since_chapter` on these fields hold instead.

    What is empty is as before; a fact in `extra` that is None no longer holds.
    """

    since_chapter: int
    description: str = ""
    traits: tuple[str, ...] = ()
    arc: str = ""
    extra: Extra = field(default_factory=dict, hash=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class Character:
    """Somebody in the book, of whom the reader may know from chapter `since_chapter` on.

    `voice` is how they speak. `extra` holds further facts: age, eyes, home. `stages` is how they develop, in the
    order of chapters.
    """

    name: str
    description: str = ""
    role: CharacterRole = CharacterRole.SUPPORTING
    traits: tuple[str, ...] = ()
    backstory: str = ""
    arc: str = ""
    relationships: tuple[Relationship, ...] = ()
    aliases: tuple[str, ...] = ()
    voice: str = ""
    since_chapter: int = 1
    stages: tuple[Stage, ...] = ()
    extra: Extra = field(default_factory=dict, hash=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class BibleEntry:
    """A place, date, thing … of the book's story bible; `extra` holds further facts."""

    name: str
    kind: str = "thing"
    description: str = ""
    aliases: tuple[str, ...] = ()
    since_chapter: int = 1
    stages: tuple[Stage, ...] = ()
    extra: Extra = field(default_factory=dict, hash=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class Style:
    """A style guide: how the prose should sound, with things to do and to avoid and a sample.

    `kind` is "fiction", "non-fiction" or "any".
    """

    name: str
    kind: str = "any"
    description: str = ""
    guide: str = ""
    do: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    sample: str = ""


@dataclass(frozen=True, kw_only=True)
class SectionPlan:
    """One section of a chapter's outline: what it is for and what must be in it."""

    title: str
    brief: str
    points: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ChapterOutline:
    title: str
    sections: tuple[SectionPlan, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ChapterPlan:
    """One chapter of the book's outline."""

    title: str
    brief: str
    points: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BookOutline:
    """The whole book in plan: a summary of what it is to be and its chapters in order."""

    summary: str
    chapters: tuple[ChapterPlan, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Section:
    """`content` is the prose without its heading; `number` is within the chapter, from 1.

    `locked` keeps every model away; `locked_spans` are passages that must stay word for word in whatever is written.
    """

    id: str
    number: int
    title: str
    brief: str = ""
    points: tuple[str, ...] = ()
    content: str = ""
    status: SectionStatus = SectionStatus.PENDING
    locked: bool = False
    locked_spans: tuple[str, ...] = ()
    extra: Extra = field(default_factory=dict, hash=False, repr=False)

    @property
    def word_count(self) -> int:
        return len(self.content.split())


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """`brief` and `points` come from the book's outline; `sections` from the chapter's own.

    `part` is the title of the part it belongs to: chapters in a row with one title make up a part. `goals` are what
    its reader can do afterwards, in books that teach.
    `serial` counts the sections it ever had, so that the id of a removed one is never given again.
    """

    id: str
    number: int
    title: str
    part: str = ""
    brief: str = ""
    goals: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    summary: str = ""
    status: ChapterStatus = ChapterStatus.PENDING
    serial: int = 0
    extra: Extra = field(default_factory=dict, hash=False, repr=False)

    @property
    def word_count(self) -> int:
        return sum(section.word_count for section in self.sections)

    @property
    def outline(self) -> ChapterOutline:
        plans = tuple(SectionPlan(title=s.title, brief=s.brief, points=s.points) for s in self.sections)
        return ChapterOutline(title=self.title, sections=plans)


@dataclass(frozen=True, kw_only=True)
class Removed:
    """A chapter or section that was taken out, without its text: that is in the ledger, under its id.

    `parent` is the chapter that a section was in, `after` the id it followed (empty: it came first), `into` what it
    was merged into.
    """

    part: Chapter | Section
    parent: str = ""
    after: str = ""
    into: str = ""


@dataclass(frozen=True, kw_only=True)
class Term:
    """One entry of a glossary."""

    term: str
    definition: str


@dataclass(frozen=True, kw_only=True)
class BookSettings:
    """What the author asked for; kept in `book.json`.

    `words` is per section. `continuity_lag` is how many chapters back the newest chapter lies that a section reads
    *as written*; nearer chapters are read as planned, which lets up to that many be written at once.
    `model` empty means "not chosen": the embedded rehearsal is used until real words are in the book.
    `kind` is "fiction" or "non-fiction"; empty counts as fiction.
    """

    chapters: int = 5
    sections: int = 3
    words: int = 400
    kind: str = ""
    model: str = ""
    continuity_lag: int = 1
    temperature: float = 0.7
    extra: Extra = field(default_factory=dict, hash=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class Book:
    """The whole book as a value; `instructions` is the brief.

    `serial` counts the chapters it ever had, so that the id of a removed one is never given again; `removed` are
    those chapters and sections that were taken out, oldest first. `file_extra` is what a person added at the top of
    `profiles`, `relationships` or `bible`, by that name.
    """

    id: str
    title: str
    original_title: str = ""
    language: str = "en"
    instructions: str = ""
    style: str = "plain"
    settings: BookSettings = field(default_factory=BookSettings)
    outline_summary: str = ""
    summary: str = ""
    chapters: tuple[Chapter, ...] = ()
    characters: tuple[Character, ...] = ()
    bible: tuple[BibleEntry, ...] = ()
    glossary: tuple[Term, ...] = ()
    file_extra: Mapping[str, Extra] = field(default_factory=dict, hash=False, repr=False)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None
    updated_at: datetime | None = None
    serial: int = 0
    removed: tuple[Removed, ...] = ()
    extra: Extra = field(default_factory=dict, hash=False, repr=False)

    @property
    def is_nonfiction(self) -> bool:
        return self.settings.kind == "non-fiction"

    @property
    def word_count(self) -> int:
        return sum(chapter.word_count for chapter in self.chapters)

    def sections(self) -> Iterator[tuple[Chapter, Section]]:
        """Every section with its chapter, in reading order."""
        for chapter in self.chapters:
            for section in chapter.sections:
                yield chapter, section
