"""What must hold of a book's people and of its story bible; told in one clause each, with the place in its file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ghostkit.book.kinds import ANCESTORS, inverse, meaning, name_key
from ghostkit.book.model import BibleEntry, Character, Relationship


@dataclass(frozen=True, kw_only=True)
class Fault:
    """`field` is where it stands, as in `characters[1].name`; `what` is a clause, without a full stop."""

    field: str
    what: str


def name_faults(people: Sequence[Character | BibleEntry], listed: str) -> Iterator[Fault]:
    """Names and aliases that don't tell everybody apart, and stages that don't follow each other."""
    names = _names(people)
    for place, one in enumerate(people):
        at = f"{listed}[{place}]"
        key = name_key(one.name)
        if not key:
            yield Fault(field=f"{at}.name", what=f"{one.name!r} is not a name")
        elif names[key] < place:
            first = people[names[key]].name
            twice = "" if first == one.name else f" (as {first!r} too)"
            yield Fault(field=f"{at}.name", what=f"{one.name!r} is there twice{twice}")
        yield from _alias_faults(people, place, names, at)
        chapters = [stage.since_chapter for stage in one.stages]
        for number, chapter in enumerate(chapters):
            if chapter in chapters[:number]:
                field = f"{at}.stages[{number}].since_chapter"
                yield Fault(field=field, what=f"{one.name!r} has a stage from chapter {chapter} on twice")


def _names(people: Iterable[Character | BibleEntry]) -> dict[str, int]:
    """Name to the place of its first bearer."""
    names: dict[str, int] = {}
    for place, one in enumerate(people):
        names.setdefault(name_key(one.name), place)
    return names


def _alias_faults(
    people: Sequence[Character | BibleEntry], place: int, names: Mapping[str, int], at: str
) -> Iterator[Fault]:
    one = people[place]
    earlier = {name_key(alias): other.name for other in people[:place] for alias in other.aliases}
    for number, alias in enumerate(one.aliases):
        key, field = name_key(alias), f"{at}.aliases[{number}]"
        if not key:
            yield Fault(field=field, what=f"{alias!r} is not a name")
        elif names.get(key, place) != place:
            yield Fault(field=field, what=f"{alias!r} is the name of {people[names[key]].name!r} already")
        elif key in earlier:
            yield Fault(field=field, what=f"{alias!r} is an alias of {earlier[key]!r} already")


def relationship_faults(
    people: Sequence[Character], bonds: Sequence[tuple[str, Relationship]], listed: str = "relationships"
) -> Iterator[Fault]:
    """Relationships of or to nobody, of somebody to themselves, and families that go round in a circle."""
    called = who_is_called(people)
    above: dict[str, set[str]] = {}
    for place, (source, bond) in enumerate(bonds):
        one, other = called.get(name_key(source)), called.get(name_key(bond.to))
        for field, name, found in (("from", source, one), ("to", bond.to, other)):
            if found is None:
                yield Fault(field=f"{listed}[{place}].{field}", what=f"there is no {name!r} in profiles.json")
        if one is None or other is None:
            continue
        if one == other:
            yield Fault(field=f"{listed}[{place}].to", what=f"{one!r} can't stand in a relationship to themselves")
            continue
        circle = _circle(above, one, bond.kind, other)
        if circle:
            told = " → ".join(circle)
            yield Fault(field=f"{listed}[{place}]", what=f"nobody can be their own ancestor ({told})")


def _circle(above: dict[str, set[str]], one: str, kind: str, other: str) -> list[str]:
    """Note that one is above the other in a family, if so; the way round where that closes a circle."""
    elder, younger = (one, other) if meaning(kind) in ANCESTORS else (other, one)
    if meaning(kind) not in ANCESTORS and inverse(kind) not in ANCESTORS:
        return []
    way = _way(above, younger, elder)
    if not way:
        above.setdefault(elder, set()).add(younger)
        return []
    return [elder, *way]


def _way(above: Mapping[str, set[str]], start: str, end: str) -> list[str]:
    """From one down to another, both named; empty where there is no way."""
    ways = [[start]]
    seen = {start}
    while ways:
        way = ways.pop()
        if way[-1] == end:
            return way
        for below in sorted(above.get(way[-1], set()) - seen):
            seen.add(below)
            ways.append([*way, below])
    return []


def who_is_called(people: Iterable[Character]) -> dict[str, str]:
    """Every name and alias, by `name_key`, to the name of the person; of two alike, to the first."""
    people = list(people)[::-1]
    aliases = {name_key(alias): person.name for person in people for alias in person.aliases}
    return {**aliases, **{name_key(person.name): person.name for person in people}}


def joined(people: Iterable[Character], bonds: Iterable[tuple[str, Relationship]]) -> tuple[Character, ...]:
    """The people with these relationships, each under the names they have in `people`; those of nobody are left out."""
    people = list(people)
    called = who_is_called(people)
    found: dict[str, list[Relationship]] = {person.name: [] for person in people}
    for source, bond in bonds:
        one, other = called.get(name_key(source)), called.get(name_key(bond.to))
        if one is not None and other is not None:
            found[one].append(bond if bond.to == other else replace(bond, to=other))
    return tuple(replace(person, relationships=tuple(found[person.name])) for person in people)


def tidied(people: Sequence[Character]) -> tuple[Character, ...]:
    """What of a model's cast can be used: each name once, and only relationships that `relationship_faults` passes."""
    once: dict[str, Character] = {}
    for person in people:
        if name_key(person.name):
            once.setdefault(name_key(person.name), person)
    kept: list[tuple[str, Relationship]] = []
    everybody = _with_own_aliases(once)
    above: list[tuple[str, Relationship]] = []
    for person in everybody:
        for bond in person.relationships:
            if not any(relationship_faults(everybody, [*above, (person.name, bond)])):
                kept.append((person.name, bond))
                if meaning(bond.kind) in ANCESTORS or inverse(bond.kind) in ANCESTORS:
                    above.append((person.name, bond))
    return joined(everybody, kept)


def _with_own_aliases(people: Mapping[str, Character]) -> list[Character]:
    """The people without aliases that somebody else has, or is called."""
    taken = set(people)
    tidy = []
    for person in people.values():
        aliases = tuple({name_key(a): a for a in person.aliases if name_key(a) and name_key(a) not in taken}.values())
        taken |= {name_key(alias) for alias in aliases}
        tidy.append(person if aliases == person.aliases else replace(person, aliases=aliases))
    return tidy
