"""How an answer's outline, sections or people become part of a book. Pure: the same answer gives the same ids."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from pydantic import BaseModel

from ghostkit.book.ids import chapter_id, next_id, section_id
from ghostkit.book.model import (
    BibleEntry,
    Book,
    Chapter,
    Character,
    CharacterRole,
    Extra,
    Relationship,
    Section,
    Stage,
    Term,
)
from ghostkit.book.people import joined, tidied
from ghostkit.book.rendering import bible_fields, profile_fields, relationship_fields
from ghostkit.errors import InputError
from ghostkit.writing.parsing import (
    BibleAnswer,
    ChapterOutlineAnswer,
    CharactersAnswer,
    GlossaryAnswer,
    OutlineAnswer,
    PersonAnswer,
    RelationshipAnswer,
    StageAnswer,
    parse_answer,
)

BIBLE: Final = "bible"
"""The kind of the story bible's revisions; their object is the book."""
GLOSSARY: Final = "glossary"
"""The kind of the glossary's revisions; their object is the book."""


def adopt_outline(book: Book, text: str) -> Book:
    """The book with the chapters its outline names."""
    answer = parse_answer(OutlineAnswer, text, "outline")
    serial, taken, chapters = book.serial, taken_ids(book), []
    for place, part in enumerate(answer.chapters, 1):
        identity, serial = next_id(chapter_id, book.id, serial, taken)
        taken.add(identity)
        chapters.append(
            Chapter(
                id=identity,
                number=place,
                title=part.title,
                part=part.part,
                brief=part.brief,
                goals=tuple(part.goals),
                points=tuple(part.points),
            )
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
        GLOSSARY: GlossaryAnswer,
    }
    if kind in shapes:
        parse_answer(shapes[kind], text, kind.replace("_", " "))


def outline_summary(text: str) -> str:
    return parse_answer(OutlineAnswer, text, "outline").summary


def characters(text: str) -> tuple[Character, ...]:
    """The people of an answer, or of a person's own files, which are stored in the same shape.

    What can't be in an answer is left out (a relationship to nobody, say); in a person's files it was refused.
    """
    answer = parse_answer(CharactersAnswer, text, "characters")
    bonds = [(bond.from_, _relationship(bond)) for bond in answer.relationships]
    return tidied(joined([character(person) for person in answer.characters], bonds))


def character(person: PersonAnswer) -> Character:
    """Without relationships."""
    return Character(
        name=person.name,
        role=role(person.role),
        description=person.description,
        traits=tuple(person.traits),
        backstory=person.backstory,
        arc=person.arc,
        aliases=tuple(person.aliases),
        voice=person.voice,
        since_chapter=person.since_chapter,
        stages=tuple(map(_stage, person.stages)),
        extra={key: value for key, value in person.added.items() if key != "relationships"},
    )


def _relationship(bond: RelationshipAnswer) -> Relationship:
    return Relationship(
        to=bond.to,
        kind=bond.kind,
        description=bond.description,
        since_chapter=bond.since_chapter,
        extra=bond.added,
    )


def _stage(stage: StageAnswer) -> Stage:
    return Stage(
        since_chapter=stage.since_chapter,
        description=stage.description,
        traits=tuple(stage.traits),
        arc=stage.arc,
        extra=stage.added,
    )


def characters_text(people: Sequence[Character], file_extra: Mapping[str, Extra] | None = None) -> str:
    """The inverse of `characters`: canonical JSON, for a revision."""
    document = {
        "characters": [profile_fields(person) for person in people],
        "relationships": [relationship_fields(person.name, bond) for person in people for bond in person.relationships],
    }
    return _canonical(document, file_extra, ("profiles", "relationships"))


def bible(text: str) -> tuple[BibleEntry, ...]:
    """The story bible of a revision."""
    return tuple(
        BibleEntry(
            name=entry.name,
            kind=entry.kind,
            description=entry.description,
            aliases=tuple(entry.aliases),
            since_chapter=entry.since_chapter,
            stages=tuple(map(_stage, entry.stages)),
            extra=entry.added,
        )
        for entry in parse_answer(BibleAnswer, text, "story bible").entries
    )


def bible_text(entries: Sequence[BibleEntry], file_extra: Mapping[str, Extra] | None = None) -> str:
    """The inverse of `bible`: canonical JSON, for a revision."""
    return _canonical({"entries": [bible_fields(entry) for entry in entries]}, file_extra, ("bible",))


def glossary(text: str) -> tuple[Term, ...]:
    """The terms of an answer, or of a person's file, in the order of their letters; one given twice counts once."""
    terms: dict[str, Term] = {}
    for entry in parse_answer(GlossaryAnswer, text, "glossary").terms:
        terms.setdefault(entry.term.casefold(), Term(term=entry.term, definition=entry.definition))
    return tuple(sorted(terms.values(), key=lambda term: (term.term.casefold(), term.term)))


def glossary_text(terms: Sequence[Term]) -> str:
    """The inverse of `glossary`: canonical JSON, for a revision."""
    entries = [{"term": term.term, "definition": term.definition} for term in terms]
    return json.dumps({"terms": entries}, ensure_ascii=False, indent=1)


def file_extra(kind: str, text: str) -> Mapping[str, Extra]:
    """What stands beside the lists in a person's files, by the file's name."""
    if kind == BIBLE:
        return parse_answer(BibleAnswer, text, kind).file_extra
    return parse_answer(CharactersAnswer, text, kind).file_extra


def _canonical(document: dict[str, Any], extra: Mapping[str, Extra] | None, files: tuple[str, ...]) -> str:
    beside = {name: dict(extra[name]) for name in files if extra and extra.get(name)}
    try:
        text = json.dumps(document | ({"file_extra": beside} if beside else {}), ensure_ascii=False, indent=1)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(
            f"This can't be stored: {error}.", fix="Use text, numbers, true, false, null, lists and mappings of these."
        ) from error
    return text


def outline_text(book: Book) -> str:
    """The book's outline as it stands, in the shape of an outline answer."""
    chapters = [
        {
            "title": c.title,
            **({"part": c.part} if c.part else {}),
            "brief": c.brief,
            **({"goals": list(c.goals)} if c.goals else {}),
            "points": list(c.points),
        }
        for c in book.chapters
    ]
    return json.dumps({"summary": book.outline_summary, "chapters": chapters}, ensure_ascii=False, indent=1)


def chapter_outline_text(chapter: Chapter) -> str:
    """The chapter's outline as it stands, in the shape of a chapter-outline answer."""
    sections = [{"title": s.title, "brief": s.brief, "points": list(s.points)} for s in chapter.sections]
    return json.dumps({"sections": sections}, ensure_ascii=False, indent=1)


def role(name: str) -> CharacterRole:
    try:
        return CharacterRole(name.strip().lower())
    except ValueError:
        return CharacterRole.SUPPORTING
