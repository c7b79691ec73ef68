"""`profiles.json`, `relationships.json`, `bible.json`: the people, what they are to each other, places and things."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ghostkit.book.model import BibleEntry, Character, Extra, Relationship, Stage
from ghostkit.book.people import Fault, joined, name_faults, relationship_faults
from ghostkit.book.structure import damaged, dump_json, parse_json

if TYPE_CHECKING:
    from ghostkit.book.rendering.records_schema import LoreDocument, StageDocument

_LISTS = ("characters", "relationships", "entries")


def render_profiles(characters: Iterable[Character], added: Extra | None = None) -> str:
    """The text of `characters/profiles.json`: everything of the people but their relationships.

    `added` is what a person put beside the list.
    """
    return dump_json(_with(added, {"characters": [profile_fields(character) for character in characters]}))


def parse_profiles(text: str, where: str = "profiles.json") -> tuple[Character, ...]:
    """The people, without relationships; raises `BookDamaged`, naming the line or the field."""
    from ghostkit.book.rendering import records_schema as schema

    found = schema.read(schema.ProfilesDocument, text, where).characters
    people = tuple(
        Character(
            name=profile.name,
            description=profile.description,
            role=profile.role,
            traits=tuple(profile.traits),
            backstory=profile.backstory,
            arc=profile.arc,
            aliases=tuple(profile.aliases),
            voice=profile.voice,
            since_chapter=profile.since_chapter,
            stages=_stages(profile),
            extra=profile.added,
        )
        for profile in found
    )
    for place, person in enumerate(people):
        if "relationships" in person.extra:
            raise damaged(where, f"characters[{place}].relationships: these stand in relationships.json")
    _refuse(where, name_faults(people, "characters"))
    return people


def render_relationships(characters: Iterable[Character], added: Extra | None = None) -> str:
    """The text of `characters/relationships.json`: one flat list."""
    pairs = ((character.name, relationship) for character in characters for relationship in character.relationships)
    return dump_json(_with(added, {"relationships": [relationship_fields(name, bond) for name, bond in pairs]}))


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
    """The people with their relationships, of which those in `characters` are forgotten.

    Raises:
        BookDamaged: a relationship that can't be; the field says which.
    """
    people, bonds = tuple(characters), tuple(relationships)
    _refuse(where, relationship_faults(people, bonds))
    return joined(people, bonds)


def render_bible(entries: Iterable[BibleEntry], added: Extra | None = None) -> str:
    """The text of `bible.json`."""
    return dump_json(_with(added, {"entries": [bible_fields(entry) for entry in entries]}))


def parse_bible(text: str, where: str = "bible.json") -> tuple[BibleEntry, ...]:
    """The story bible; raises `BookDamaged`, naming the line or the field."""
    from ghostkit.book.rendering import records_schema as schema

    found = schema.read(schema.BibleDocument, text, where).entries
    entries = tuple(
        BibleEntry(
            name=entry.name,
            kind=entry.kind,
            description=entry.description,
            aliases=tuple(entry.aliases),
            since_chapter=entry.since_chapter,
            stages=_stages(entry),
            extra=entry.added,
        )
        for entry in found
    )
    _refuse(where, name_faults(entries, "entries"))
    return entries


def added_fields(text: str, where: str = "the file") -> Extra:
    """What a person put beside the list that one of these files is for."""
    document = parse_json(text, where)
    return {k: v for k, v in document.items() if k not in _LISTS} if isinstance(document, dict) else {}


# ── one of them ───────────────────────────────────────────────────────────────────────────────────────────────


def profile_fields(character: Character) -> dict[str, Any]:
    """JSON-ready; what most people don't have is only there where it is set."""
    known = {
        "name": character.name,
        "role": str(character.role),
        "description": character.description,
        "traits": list(character.traits),
        "backstory": character.backstory,
        "arc": character.arc,
        "voice": character.voice,
    }
    if not character.voice:
        del known["voice"]
    return _with(character.extra, known | _seldom(character))


def bible_fields(entry: BibleEntry) -> dict[str, Any]:
    """JSON-ready, as `profile_fields`."""
    return _with(
        entry.extra, {"name": entry.name, "kind": entry.kind, "description": entry.description} | _seldom(entry)
    )


def relationship_fields(name: str, relationship: Relationship) -> dict[str, Any]:
    """JSON-ready."""
    known = {
        "from": name,
        "to": relationship.to,
        "kind": relationship.kind,
        "description": relationship.description,
        "since_chapter": relationship.since_chapter,
    }
    return _with(relationship.extra, known)


def _seldom(one: Character | BibleEntry) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if one.aliases:
        fields["aliases"] = list(one.aliases)
    if one.since_chapter != 1:
        fields["since_chapter"] = one.since_chapter
    if one.stages:
        fields["stages"] = [_stage_fields(stage) for stage in one.stages]
    return fields


def _stage_fields(stage: Stage) -> dict[str, Any]:
    known = {"description": stage.description, "traits": list(stage.traits), "arc": stage.arc}
    changed = {key: value for key, value in known.items() if value}
    return _with(stage.extra, {"since_chapter": stage.since_chapter, **changed})


def _stages(profile: LoreDocument) -> tuple[Stage, ...]:
    return tuple(map(_stage, profile.stages))


def _stage(stage: StageDocument) -> Stage:
    return Stage(
        since_chapter=stage.since_chapter,
        description=stage.description,
        traits=tuple(stage.traits),
        arc=stage.arc,
        extra=stage.added,
    )


def _with(added: Extra | None, known: Mapping[str, Any]) -> dict[str, Any]:
    return {**known, **{key: value for key, value in (added or {}).items() if key not in known}}


def _refuse(where: str, faults: Iterable[Fault]) -> None:
    for fault in faults:
        raise damaged(where, f"{fault.field}: {fault.what}")
