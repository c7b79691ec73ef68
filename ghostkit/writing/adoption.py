"""How an answer's outline, sections or people become part of a book. Pure: the same answer gives the same ids."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from ghostkit.book.ids import chapter_id, next_id, section_id
from ghostkit.book.model import Book, Chapter, Character, CharacterRole, Relationship, Section
from ghostkit.writing.parsing import ChapterOutlineAnswer, CharactersAnswer, OutlineAnswer, parse_answer


def adopt_outline(book: Book, text: str) -> Book:
    """The book with the chapters its outline names."""
    answer = parse_answer(OutlineAnswer, text, "outline")
    serial, taken, chapters = book.serial, taken_ids(book), []
    for place, part in enumerate(answer.chapters, 1):
        identity, serial = next_id(chapter_id, book.id, serial, taken)
        taken.add(identity)
        chapters.append(
            Chapter(id=identity, number=place, title=part.title, brief=part.brief, points=tuple(part.points))
        )
    return replace(book, chapters=tuple(chapters), serial=serial, outline_summary=answer.summary)


def adopt_chapter_outline(book: Book, wanted_id: str, text: str) -> Book:
    """The book with the sections that the chapter's outline names."""
    answer = parse_answer(ChapterOutlineAnswer, text, "chapter outline")
    taken = taken_ids(book)

    def with_sections(chapter: Chapter) -> Chapter:
        serial, sections = chapter.serial, []
        for place, part in enumerate(answer.sections, 1):
            identity, serial = next_id(section_id, chapter.id, serial, taken)
            taken.add(identity)
            sections.append(
                Section(id=identity, number=place, title=part.title, brief=part.brief, points=tuple(part.points))
            )
        return replace(chapter, sections=tuple(sections), serial=serial)

    chapters = (with_sections(chapter) if chapter.id == wanted_id else chapter for chapter in book.chapters)
    return replace(book, chapters=tuple(chapters))


def taken_ids(book: Book) -> set[str]:
    """Every id that the book's chapters and sections have, or had before they were taken out."""
    gone = {gone.part.id for gone in book.removed}
    gone |= {s.id for gone in book.removed if isinstance(gone.part, Chapter) for s in gone.part.sections}
    return {chapter.id for chapter in book.chapters} | {section.id for _, section in book.sections()} | gone


def check(kind: str, text: str) -> None:
    """Raise `UnreadableAnswer` if the answer of a structured kind can't be adopted."""
    shapes: dict[str, type[BaseModel]] = {
        "outline": OutlineAnswer,
        "chapter_outline": ChapterOutlineAnswer,
        "characters": CharactersAnswer,
    }
    if kind in shapes:
        parse_answer(shapes[kind], text, kind.replace("_", " "))


def outline_summary(text: str) -> str:
    return parse_answer(OutlineAnswer, text, "outline").summary


def characters(text: str) -> tuple[Character, ...]:
    """The people of an answer (or of a person's own files, which are stored in the same shape)."""
    answer = parse_answer(CharactersAnswer, text, "characters")
    known = {person.name for person in answer.characters}
    return tuple(
        Character(
            name=person.name,
            role=_role(person.role),
            description=person.description,
            traits=tuple(person.traits),
            backstory=person.backstory,
            arc=person.arc,
            relationships=tuple(
                Relationship(to=r.to, kind=r.kind, description=r.description, since_chapter=r.since_chapter)
                for r in answer.relationships
                if r.from_ == person.name and r.to in known
            ),
        )
        for person in answer.characters
    )


def characters_text(people: Sequence[Character]) -> str:
    """The inverse of `characters`: canonical JSON, for a revision."""
    document: dict[str, list[dict[str, Any]]] = {"characters": [], "relationships": []}
    for person in people:
        document["characters"].append(
            {
                "name": person.name,
                "role": str(person.role),
                "description": person.description,
                "traits": list(person.traits),
                "backstory": person.backstory,
                "arc": person.arc,
            }
        )
        document["relationships"] += [
            {
                "from": person.name,
                "to": bond.to,
                "kind": bond.kind,
                "description": bond.description,
                "since_chapter": bond.since_chapter,
            }
            for bond in person.relationships
        ]
    return json.dumps(document, ensure_ascii=False, indent=1)


def outline_text(book: Book) -> str:
    """The book's outline as it stands, in the shape of an outline answer."""
    chapters = [{"title": c.title, "brief": c.brief, "points": list(c.points)} for c in book.chapters]
    return json.dumps({"summary": book.outline_summary, "chapters": chapters}, ensure_ascii=False, indent=1)


def chapter_outline_text(chapter: Chapter) -> str:
    """The chapter's outline as it stands, in the shape of a chapter-outline answer."""
    sections = [{"title": s.title, "brief": s.brief, "points": list(s.points)} for s in chapter.sections]
    return json.dumps({"sections": sections}, ensure_ascii=False, indent=1)


def _role(name: str) -> CharacterRole:
    try:
        return CharacterRole(name.strip().lower())
    except ValueError:
        return CharacterRole.SUPPORTING
