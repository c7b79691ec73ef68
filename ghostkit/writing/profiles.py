"""From a partial profile to a whole one: what a person gave stays as it is, and only what is missing is filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from pydantic import ValidationError

from ghostkit.book.kinds import name_key
from ghostkit.book.model import Character, CharacterRole, Relationship
from ghostkit.book.people import who_is_called
from ghostkit.errors import InputError
from ghostkit.writing import adoption
from ghostkit.writing.parsing import CharacterAnswer, DevelopmentAnswer, PersonAnswer, UnreadableAnswer, parse_answer

GAPS: Final = ("name", "role", "description", "traits", "voice", "backstory", "arc")
"""What a model is asked for, where a person left it open."""
_DEFAULTS: Final = Character(name="")


def given_profile(profile: Mapping[str, Any] | Character) -> tuple[Character, frozenset[str]]:
    """A profile as a character, and the fields that somebody gave. A name may be among what is left open.

    Raises:
        InputError: a field that is no such thing, by name.
    """
    if isinstance(profile, Character):
        set_ones = [n for n in Character.__dataclass_fields__ if getattr(profile, n) != getattr(_DEFAULTS, n)]
        return profile, frozenset({*set_ones, "role"})
    fields = {key: value for key, value in profile.items() if value not in (None, "", [], (), {})}
    role = fields.get("role")
    if role is not None and role not in set(CharacterRole):
        raise InputError(f"There is no role {role!r}.", fix=f"There is: {', '.join(CharacterRole)}.", field="role")
    bonds = fields.pop("relationships", [])
    made = adoption.character(_valid({"name": "?", **fields}))
    return replace(made, name=str(fields.get("name", "")), relationships=_bonds(bonds)), frozenset(fields) | (
        {"relationships"} if bonds else frozenset()
    )


def _valid(fields: Mapping[str, Any]) -> PersonAnswer:
    try:
        return PersonAnswer.model_validate(dict(fields))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError(
            f"The profile's {where} can't be used: {first['msg']}.", fix="Correct it.", field=where
        ) from None


def _bonds(given: Any) -> tuple[Relationship, ...]:
    bonds = []
    for one in given if isinstance(given, list | tuple) else [given]:
        if isinstance(one, Relationship):
            bonds.append(one)
        elif isinstance(one, Mapping) and isinstance(one.get("to"), str) and isinstance(one.get("kind"), str):
            known = {key: one[key] for key in ("to", "kind", "description", "since_chapter") if key in one}
            bonds.append(Relationship(**known, extra={k: v for k, v in one.items() if k not in known}))
        else:
            raise InputError(
                "A relationship of the profile has no `to` or no `kind`.",
                fix='Give it as {"to": "Tomas", "kind": "mentor"}.',
                field="relationships",
            )
    return tuple(bonds)


def completed_from(there: Character, given: Character, fields: frozenset[str]) -> tuple[Character, frozenset[str]]:
    """Somebody who is in the book, with what was given where they have nothing yet.

    Raises:
        InputError: what was given is not what they have.
    """
    added: dict[str, Any] = {}
    for name in ("description", "role", "traits", "backstory", "arc", "voice", "aliases", "stages"):
        new, old = getattr(given, name), getattr(there, name)
        if name not in fields or new == old:
            continue
        if old and name != "role":
            raise _other(there, name)
        if name != "role":
            added[name] = new
    for fact, value in given.extra.items():
        if there.extra.get(fact, value) != value:
            raise _other(there, fact)
    added["extra"] = {**given.extra, **there.extra}
    added["relationships"] = (*there.relationships, *(b for b in given.relationships if b not in there.relationships))
    whole = replace(there, **added)
    has = {name for name in Character.__dataclass_fields__ if getattr(whole, name)}
    return whole, frozenset(has | {"name", "role"})


def _other(there: Character, field: str) -> InputError:
    return InputError(
        f"There is {there.name!r} already, with another {field}.",
        fix="Change that one (`ghostkit people PATH edit`), or give this one another name.",
        field=field,
    )


def gaps(fields: frozenset[str]) -> tuple[str, ...]:
    return tuple(name for name in GAPS if name not in fields)


def check_filled(text: str, missing: Sequence[str], cast: Sequence[Character]) -> None:
    """Raise `UnreadableAnswer` unless the answer has everything that was asked for."""
    answer = parse_answer(CharacterAnswer, text, "character")
    for name in missing:
        if not getattr(answer, name):
            raise _unusable("character", f"it gives no {name}")
    if "name" in missing:
        key = name_key(answer.name)
        if not key or key in who_is_called(cast):
            raise _unusable("character", f"there is {answer.name!r} already" if key else "its name is none")


def filled(
    person: Character, missing: Sequence[str], text: str, cast: Sequence[Character], fields: frozenset[str]
) -> Character:
    """The person with what was missing, and nothing else, taken from an answer."""
    answer = parse_answer(CharacterAnswer, text, "character")
    new: dict[str, Any] = {}
    for name in missing:
        value = getattr(answer, name)
        new[name] = tuple(value) if name == "traits" else adoption.role(value) if name == "role" else value.strip()
    if "relationships" not in fields:
        called = who_is_called(cast)
        found = {called.get(name_key(bond.to)): bond for bond in answer.relationships}
        new["relationships"] = tuple(
            Relationship(to=to, kind=bond.kind, description=bond.description, since_chapter=person.since_chapter)
            for to, bond in found.items()
            if to is not None and name_key(to) != name_key(str(new.get("name", person.name)))
        )
    return replace(person, **new)


def check_development(text: str) -> None:
    """Raise `UnreadableAnswer` where an answer changes nothing at all."""
    answer = parse_answer(DevelopmentAnswer, text, "character development")
    if not (answer.description or answer.traits or answer.arc):
        raise _unusable("character development", "it gives no description, no traits and no arc")


def _unusable(what: str, why: str) -> UnreadableAnswer:
    return UnreadableAnswer(
        f"The model's {what} can't be used: {why}.", fix="Try again, or choose another model; the answer is kept."
    )
