"""One tree for every format: who, what and which language; the chapters; their sections; their blocks.

`build_document` is the only way in from a book, and an exporter reads nothing but the tree. Everything in it is
already clean: no character XML forbids, no markup from the text, no link out of bounds.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

from ghostkit.export.language import Direction, Labels, direction, labels, language_tag
from ghostkit.export.nodes import Block, Heading, ListBlock, plain_text
from ghostkit.export.plaintext import clean, one_line, slug
from ghostkit.export.prose import parse_prose

if TYPE_CHECKING:
    from ghostkit.book.model import Book, Chapter, Section

REHEARSAL_NOTE = (
    "Rehearsal text: written offline by ghostkit's rehearsal provider, not by a language model or a person."
)
_NAMESPACE = uuid.UUID("0b6a3a52-6d0c-5b0e-9a41-7c1f5f0d8e3a")


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What a title page and a library catalogue need; `identifier` is a `urn:uuid:`, `language` a BCP 47 tag."""

    title: str
    language: str
    direction: Direction
    identifier: str
    modified: datetime
    generator: str
    authors: tuple[str, ...] = ()
    subtitle: str = ""
    description: str = ""
    publisher: str = ""
    rights: str = ""
    subjects: tuple[str, ...] = ()
    rehearsal: bool = False

    @property
    def labels(self) -> Labels:
        return labels(self.language)


@dataclass(frozen=True, kw_only=True)
class Note:
    """A remark for the title page, in a language of its own."""

    kind: str
    text: str
    language: str = "en"


@dataclass(frozen=True, kw_only=True)
class SectionNode:
    """A section without a title of its own (`title` empty) follows the one before it after a break."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, kw_only=True)
class PartNode:
    """A part of the book; `number` is a label such as “Part 2”, empty where the title already says it."""

    anchor: str
    number: str
    title: str

    @property
    def label(self) -> str:
        return f"{self.number}: {self.title}" if self.number else self.title


@dataclass(frozen=True, kw_only=True)
class ChapterNode:
    """`number` is empty where the title already says it, or the chapter has none.

    `part` is the part it belongs to; `goals` what its reader can do afterwards, `summary` the chapter in short.
    """

    anchor: str
    number: str
    title: str
    sections: tuple[SectionNode, ...]
    part: PartNode | None = None
    goals: ListBlock | None = None
    summary: tuple[Block, ...] = ()

    @property
    def label(self) -> str:
        """Number and title on one line, for lists of contents."""
        return f"{self.number}. {self.title}" if self.number else self.title


@dataclass(frozen=True, kw_only=True)
class TermNode:
    """A term of the glossary."""

    anchor: str
    term: str
    blocks: tuple[Block, ...]


GLOSSARY_ANCHOR = "glossary"


@dataclass(frozen=True, kw_only=True)
class Document:
    meta: Metadata
    front: tuple[Note, ...]
    chapters: tuple[ChapterNode, ...]
    glossary: tuple[TermNode, ...] = ()

    def parts(self) -> Iterator[tuple[PartNode | None, tuple[ChapterNode, ...]]]:
        """The chapters by part, in order; those that belong to none come with None."""
        for part, chapters in groupby(self.chapters, key=lambda chapter: chapter.part):
            yield part, tuple(chapters)


def build_document(book: Book, *, rehearsal: bool, identifier: str, modified: datetime, generator: str) -> Document:
    """The tree of `book`. `rehearsal` says that some of its text was written by the rehearsal provider."""
    meta = _metadata(book, rehearsal, identifier, modified, generator)
    anchors = _anchors(book)
    return Document(
        meta=meta,
        front=(Note(kind="rehearsal", text=REHEARSAL_NOTE),) if rehearsal else (),
        chapters=tuple(_chapters(book, meta, anchors)),
        glossary=tuple(_glossary(book, anchors)),
    )


def urn_uuid(identifier: str) -> str:
    """`identifier` as `urn:uuid:…`: itself when it is a UUID, else the one that always follows from it."""
    try:
        return uuid.UUID(identifier).urn
    except ValueError:
        return uuid.uuid5(_NAMESPACE, clean(identifier)).urn


def _metadata(book: Book, rehearsal: bool, identifier: str, modified: datetime, generator: str) -> Metadata:
    tag = language_tag(book.language)
    facts = book.metadata
    return Metadata(
        title=one_line(book.title) or labels(tag).untitled,
        language=tag,
        direction=direction(tag),
        identifier=urn_uuid(identifier),
        modified=modified,
        generator=one_line(generator),
        authors=_lines(facts.get("authors") or facts.get("author")),
        subtitle=_line(facts.get("subtitle")),
        description=_line(facts.get("description")),
        publisher=_line(facts.get("publisher")),
        rights=_line(facts.get("rights")),
        subjects=_lines(facts.get("subjects") or facts.get("keywords")),
        rehearsal=rehearsal,
    )


def _line(value: object) -> str:
    return one_line(value) if isinstance(value, str) else ""


def _lines(value: object) -> tuple[str, ...]:
    """One text or several; a book's metadata is free-form, so anything else counts as absent."""
    several: Iterable[object] = value if isinstance(value, list | tuple) else (value,)
    return tuple(dict.fromkeys(filter(None, map(_line, several))))


def _chapter_anchor(place: int) -> str:
    return f"chapter-{place}"


def _section_anchor(place: int, section_place: int) -> str:
    return f"chapter-{place}-section-{section_place}"


def _anchors(book: Book) -> dict[str, str]:
    """What a `#link` in the prose may say: an anchor, a permanent id, or the slug of a title; the first one wins."""
    known: dict[str, str] = {}
    named: dict[str, str] = {}
    for place, chapter in enumerate(book.chapters, start=1):
        anchor = _chapter_anchor(place)
        known[anchor] = anchor
        named.setdefault(chapter.id.casefold(), anchor)
        named.setdefault(slug(chapter.title), anchor)
        for section_place, section in enumerate(chapter.sections, start=1):
            anchor = _section_anchor(place, section_place)
            known[anchor] = anchor
            named.setdefault(section.id.casefold(), anchor)
            named.setdefault(slug(section.title), anchor)
    if book.glossary:
        known[GLOSSARY_ANCHOR] = GLOSSARY_ANCHOR
    for place, term in enumerate(book.glossary, start=1):
        if one_line(term.term):
            known[f"term-{place}"] = f"term-{place}"
            named.setdefault(slug(term.term), f"term-{place}")
    named.pop("", None)
    return named | known


def _chapters(book: Book, meta: Metadata, anchors: dict[str, str]) -> Iterator[ChapterNode]:
    part: PartNode | None = None
    before, parts = "", 0
    for place, chapter in enumerate(book.chapters, start=1):
        title = one_line(chapter.part)
        if title != before:
            before, parts = title, parts + bool(title)
            part = _part(title, parts, meta) if title else None
        node = _chapter(chapter, place, meta, anchors)
        goals = tuple(parse_prose(goal, anchors=anchors) for goal in chapter.goals if one_line(goal))
        yield replace(
            node,
            part=part,
            goals=ListBlock(start=None, tight=True, items=goals) if goals else None,
            summary=parse_prose(chapter.summary, anchors=anchors) if book.is_nonfiction else (),
        )


def _part(title: str, number: int, meta: Metadata) -> PartNode:
    label = meta.labels.part.format(number=number)
    word = meta.labels.part.partition("{number}")[0].strip().casefold()
    says = len(word) > 1 and bool(re.match(rf"{re.escape(word)}\b", title.casefold()))
    return PartNode(anchor=f"part-{number}", number="" if says else label, title=title)


def _glossary(book: Book, anchors: dict[str, str]) -> Iterator[TermNode]:
    for place, term in enumerate(book.glossary, start=1):
        name = one_line(term.term)
        if name:
            yield TermNode(anchor=f"term-{place}", term=name, blocks=parse_prose(term.definition, anchors=anchors))


def _chapter(chapter: Chapter, place: int, meta: Metadata, anchors: dict[str, str]) -> ChapterNode:
    title, number = one_line(chapter.title), str(chapter.number)
    if not title:
        title, number = meta.labels.chapter.format(number=number), ""
    elif _says_number(title, number, meta.labels):
        number = ""
    alone = len(chapter.sections) == 1
    return ChapterNode(
        anchor=_chapter_anchor(place),
        number=number,
        title=title,
        sections=tuple(
            _section(section, _section_anchor(place, at), anchors, title if alone else "")
            for at, section in enumerate(chapter.sections, start=1)
        ),
    )


def _says_number(title: str, number: str, words: Labels) -> bool:
    """Whether a title such as “Chapter 3: The Gate”, “Chapter Three” or “3. The Gate” brings its number along."""
    folded = title.casefold()
    if re.match(rf"{number}\s*[.:)–—-]", folded) or folded.startswith(words.chapter.format(number=number).casefold()):
        return True
    word = words.chapter.partition("{number}")[0].strip().casefold()
    return len(word) > 1 and bool(re.match(rf"{re.escape(word)}\b", folded))


def _section(section: Section, anchor: str, anchors: dict[str, str], chapter_title: str) -> SectionNode:
    title = one_line(section.title)
    blocks = parse_prose(section.content, anchors=anchors)
    if blocks and isinstance(blocks[0], Heading) and _same(plain_text(blocks[0].children), title):
        blocks = blocks[1:]  # models like to repeat the heading they were given
    return SectionNode(anchor=anchor, title="" if _same(title, chapter_title) else title, blocks=blocks)


def _same(one: str, other: str) -> bool:
    return bool(slug(one)) and slug(one) == slug(other)
