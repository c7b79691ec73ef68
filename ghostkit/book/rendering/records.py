"""The JSON files beside the prose: a chapter's outline and metadata, the people and how they stand to each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ghostkit.book.model import Chapter, Character, Relationship
from ghostkit.book.rendering.outline import ParsedChapter, ParsedSection
from ghostkit.book.status import ChapterStatus, SectionStatus
from ghostkit.book.structure import damaged, dump_json


@dataclass(frozen=True, kw_only=True)
class SectionMetadata:
    id: str
    number: int
    title: str
    status: SectionStatus
    word_count: int = 0
    locked: bool = False


@dataclass(frozen=True, kw_only=True)
class ChapterMetadata:
    """What `metadata.json` says of a chapter; its summary lives here and nowhere else in the folder."""

    id: str
    number: int
    title: str
    status: ChapterStatus
    word_count: int = 0
    summary: str = ""
    sections: tuple[SectionMetadata, ...] = ()


def render_metadata(chapter: Chapter) -> str:
    """The text of a chapter's `metadata.json`."""
    return dump_json(
        {
            "id": chapter.id,
            "number": chapter.number,
            "title": chapter.title,
            "status": str(chapter.status),
            "word_count": chapter.word_count,
            "summary": chapter.summary,
            "sections": [
                {
                    "id": section.id,
                    "number": section.number,
                    "title": section.title,
                    "status": str(section.status),
                    "word_count": section.word_count,
                    "locked": section.locked,
                }
                for section in chapter.sections
            ],
        }
    )


def parse_metadata(text: str, where: str = "metadata.json") -> ChapterMetadata:
    """Raises `BookDamaged`, naming the line or the field."""
    from ghostkit.book.rendering import records_schema as schema

    found = schema.read(schema.ChapterMetadataDocument, text, where)
    sections = tuple(
        SectionMetadata(
            id=s.id, number=s.number, title=s.title, status=s.status, word_count=s.word_count, locked=s.locked
        )
        for s in found.sections
    )
    return ChapterMetadata(
        id=found.id,
        number=found.number,
        title=found.title,
        status=found.status,
        word_count=found.word_count,
        summary=found.summary,
        sections=sections,
    )


def render_chapter_outline(chapter: Chapter) -> str:
    """The text of a chapter's `outline.json`."""
    sections = [
        {"id": section.id, "title": section.title, "brief": section.brief, "points": list(section.points)}
        for section in chapter.sections
    ]
    return dump_json(
        {
            "id": chapter.id,
            "title": chapter.title,
            "brief": chapter.brief,
            "points": list(chapter.points),
            "sections": sections,
        }
    )


def parse_chapter_outline(text: str, where: str = "outline.json") -> ParsedChapter:
    """Raises `BookDamaged`, naming the line or the field."""
    from ghostkit.book.rendering import records_schema as schema

    found = schema.read(schema.ChapterOutlineDocument, text, where)
    return ParsedChapter(
        id=found.id,
        title=found.title,
        brief=found.brief,
        points=tuple(found.points),
        sections=tuple(
            ParsedSection(id=s.id, title=s.title, brief=s.brief, points=tuple(s.points)) for s in found.sections
        ),
    )


def render_profiles(characters: Iterable[Character]) -> str:
    """The text of `characters/profiles.json`: everything of the people but their relationships."""
    return dump_json({"characters": [_profile(character) for character in characters]})


def parse_profiles(text: str, where: str = "profiles.json") -> tuple[Character, ...]:
    """The people, without relationships; raises `BookDamaged`, naming the line or the field."""
    from ghostkit.book.rendering import records_schema as schema

    found = schema.read(schema.ProfilesDocument, text, where).characters
    names = [profile.name for profile in found]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise damaged(where, f"characters[{place}].name: {name!r} is there twice")
    return tuple(
        Character(
            name=profile.name,
            description=profile.description,
            role=profile.role,
            traits=tuple(profile.traits),
            backstory=profile.backstory,
            arc=profile.arc,
            extra=profile.added,
        )
        for profile in found
    )


def render_relationships(characters: Iterable[Character]) -> str:
    """The text of `characters/relationships.json`: one flat list."""
    pairs = ((character.name, relationship) for character in characters for relationship in character.relationships)
    return dump_json({"relationships": [_relationship(name, relationship) for name, relationship in pairs]})


def parse_relationships(text: str, where: str = "relationships.json") -> tuple[tuple[str, Relationship], ...]:
    """(whose, relationship) in the file's order; raises `BookDamaged`, naming the line or the field."""
    from ghostkit.book.rendering import records_schema as schema

    found = schema.read(schema.RelationshipsDocument, text, where).relationships
    return tuple(
        (
            entry.source,
            Relationship(
                to=entry.to,
                kind=entry.kind,
                description=entry.description,
                since_chapter=entry.since_chapter,
                extra=entry.added,
            ),
        )
        for entry in found
    )


def join_characters(
    characters: Iterable[Character],
    relationships: Iterable[tuple[str, Relationship]],
    where: str = "relationships.json",
) -> tuple[Character, ...]:
    """The people with their relationships.

    Raises:
        BookDamaged: a relationship of somebody who has no profile.
    """
    people = {character.name: replace(character, relationships=()) for character in characters}
    for place, (name, relationship) in enumerate(relationships):
        if name not in people:
            raise damaged(where, f"relationships[{place}].from: there is no {name!r} in profiles.json")
        person = people[name]
        people[name] = replace(person, relationships=(*person.relationships, relationship))
    return tuple(people.values())


def _profile(character: Character) -> Mapping[str, Any]:
    known = {
        "name": character.name,
        "role": str(character.role),
        "description": character.description,
        "traits": list(character.traits),
        "backstory": character.backstory,
        "arc": character.arc,
    }
    return {**known, **{key: value for key, value in character.extra.items() if key not in known}}


def _relationship(name: str, relationship: Relationship) -> Mapping[str, Any]:
    known = {
        "from": name,
        "to": relationship.to,
        "kind": relationship.kind,
        "description": relationship.description,
        "since_chapter": relationship.since_chapter,
    }
    return {**known, **{key: value for key, value in relationship.extra.items() if key not in known}}
