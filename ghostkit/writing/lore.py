"""What is known of people, places and things as of a chapter: as values, and as prompts carry it.

Pure. An entry is the same as of two chapters unless something happened to it in between, and stands in the same
order, so that neighbouring prompts stay alike.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from ghostkit.book.kinds import name_key
from ghostkit.book.model import BibleEntry, Book, Character, Relationship, Stage

Value = str | list[str]
_Known = TypeVar("_Known", Character, BibleEntry)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Somebody or something as known as of a chapter.

    `key` is permanent as long as the name is ("person:mira", "place:port-lorn"); `names` has the aliases too; `facts`
    maps a field to its value; `text` is compact JSON, as prompts carry it.
    """

    key: str
    names: tuple[str, ...]
    facts: Mapping[str, Value]
    text: str


def entries_as_of(book: Book, chapter_number: int) -> tuple[Entry, ...]:
    """The people, then the story bible, without anything that becomes known only in a later chapter."""
    people = (_entry("person", who, _profile(who)) for who in people_as_of(book, chapter_number))
    things = (_entry(name_key(what.kind) or "thing", what, _record(what)) for what in bible_as_of(book, chapter_number))
    return (*people, *things)


def people_json(book: Book, chapter_number: int) -> str:
    """The people as a JSON list, each with what they are to the others; empty if there are none."""
    return _listed(_profile(person) for person in people_as_of(book, chapter_number))


def bible_json(book: Book, chapter_number: int) -> str:
    """The story bible as a JSON list; empty if there is none."""
    return _listed(_record(entry) for entry in bible_as_of(book, chapter_number))


def people_as_of(book: Book, chapter_number: int) -> tuple[Character, ...]:
    """The people known by then, developed so far, each with the relationships known by then."""
    known = _known(book.characters, chapter_number)
    called = {name_key(name): person.name for person in known for name in (*person.aliases, person.name)}

    def seen(bonds: tuple[Relationship, ...]) -> tuple[Relationship, ...]:
        told = (bond for bond in bonds if bond.since_chapter <= chapter_number and name_key(bond.to) in called)
        return tuple(replace(bond, to=called[name_key(bond.to)]) for bond in told)

    return tuple(replace(person, relationships=seen(person.relationships)) for person in known)


def bible_as_of(book: Book, chapter_number: int) -> tuple[BibleEntry, ...]:
    return _known(book.bible, chapter_number)


def _known(all_of_them: Iterable[_Known], chapter: int) -> tuple[_Known, ...]:
    # The earlier known first: who appears later comes after what the prompts before had.
    there = sorted((one for one in all_of_them if one.since_chapter <= chapter), key=lambda one: one.since_chapter)
    return tuple(developed(one, chapter) for one in there)


def developed(one: _Known, chapter: int) -> _Known:
    """Somebody or something with the stages up to a chapter folded in, and none of the later ones."""
    for stage in sorted(one.stages, key=lambda stage: stage.since_chapter):
        if stage.since_chapter <= chapter:
            one = _changed(one, stage)
    return replace(one, stages=())


def _changed(one: _Known, stage: Stage) -> _Known:
    facts = {key: value for key, value in {**one.extra, **stage.extra}.items() if value is not None}
    fields: dict[str, Any] = {"description": stage.description or one.description, "extra": facts}
    if isinstance(one, Character):
        fields |= {"traits": stage.traits or one.traits, "arc": stage.arc or one.arc}
    return replace(one, **fields)


# ── as JSON ───────────────────────────────────────────────────────────────────────────────────────────────────


def _profile(person: Character) -> dict[str, Any]:
    known = {
        "name": person.name,
        "aliases": list(person.aliases),
        "role": str(person.role),
        "description": person.description,
        "traits": list(person.traits),
        "voice": person.voice,
        "backstory": person.backstory,
        "arc": person.arc,
        "relationships": [
            _without_empty({"to": bond.to, "kind": bond.kind, "description": bond.description, **bond.extra})
            for bond in person.relationships
        ],
    }
    return _with_facts(known, person.extra)


def _record(entry: BibleEntry) -> dict[str, Any]:
    known = {
        "name": entry.name,
        "aliases": list(entry.aliases),
        "kind": entry.kind,
        "description": entry.description,
    }
    return _with_facts(known, entry.extra)


def _with_facts(known: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    return _without_empty({**known, **{key: value for key, value in extra.items() if key not in known}})


def _without_empty(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None and value not in ("", [], {})}


def _listed(objects: Iterable[Mapping[str, Any]]) -> str:
    texts = [_compact(one) for one in objects]
    return f"[{', '.join(texts)}]" if texts else ""


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


# ── as facts ──────────────────────────────────────────────────────────────────────────────────────────────────


def _entry(kind: str, one: Character | BibleEntry, fields: Mapping[str, Any]) -> Entry:
    facts: dict[str, Value] = {}
    for field, value in _facts(fields):
        earlier = facts.get(field)
        facts[field] = value if earlier is None else [*_items(earlier), *_items(value)]
    return Entry(key=f"{kind}:{name_key(one.name)}", names=(one.name, *one.aliases), facts=facts, text=_compact(fields))


def _facts(fields: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    for field, value in fields.items():
        if field == "relationships" and isinstance(value, list) and all(isinstance(bond, dict) for bond in value):
            for bond in value:
                told = f"{bond.get('kind', '')}: {bond.get('description', '')}".strip(": ")
                yield f"relationship to {bond.get('to', '')}", told
        elif isinstance(value, list):
            yield field, [_told(item) for item in value]
        else:
            yield field, _told(value)


def _told(value: Any) -> str:
    return value if isinstance(value, str) else _compact(value)


def _items(value: Value) -> list[str]:
    return value if isinstance(value, list) else [value]
