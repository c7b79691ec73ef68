"""People, relationships and the story bible come back as they were, and what can't be is told by place."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import assume, given, settings

from ghostkit.book.model import BibleEntry, Character, CharacterRole, Relationship, Stage
from ghostkit.book.rendering import (
    added_fields,
    join_characters,
    parse_bible,
    parse_profiles,
    parse_relationships,
    render_bible,
    render_profiles,
    render_relationships,
)
from ghostkit.errors import BookDamaged, InputError

from ..writers import bibles, people

ANNA = Character(
    name="Анна Лебедева",
    role=CharacterRole.PROTAGONIST,
    traits=("близорука",),
    relationships=(Relationship(to="Пётр Громов", kind="коллега", since_chapter=2),),
)
PETER = Character(name="Пётр Громов", extra={"age": 58})


@settings(deadline=None)  # the first one imports pydantic
@given(people())
def test_any_people_are_read_back_with_their_relationships(characters: tuple[Character, ...]) -> None:
    try:
        profiles, relationships = render_profiles(characters), render_relationships(characters)
    except InputError:  # lone surrogates
        assume(False)
        raise
    assert join_characters(parse_profiles(profiles), parse_relationships(relationships)) == characters


@settings(deadline=None)
@given(bibles())
def test_any_bible_is_read_back(entries: tuple[BibleEntry, ...]) -> None:
    try:
        text = render_bible(entries, {"note": "mine"})
    except InputError:  # lone surrogates
        assume(False)
        raise
    assert parse_bible(text) == entries
    assert added_fields(text) == {"note": "mine"}


def test_what_most_people_do_not_have_is_not_in_the_file() -> None:
    assert json.loads(render_profiles((PETER,))) == {
        "characters": [
            {
                "name": "Пётр Громов",
                "role": "supporting",
                "description": "",
                "traits": [],
                "backstory": "",
                "arc": "",
                "age": 58,
            }
        ]
    }
    grown = Character(name="A", aliases=("Kit",), voice="slow", since_chapter=2, stages=(Stage(since_chapter=3),))
    profile = json.loads(render_profiles((grown,)))["characters"][0]
    assert (profile["voice"], profile["aliases"], profile["since_chapter"]) == ("slow", ["Kit"], 2)
    assert profile["stages"] == [{"since_chapter": 3}]


def test_names_stay_readable_and_added_fields_are_kept() -> None:
    text = render_profiles((ANNA, PETER), {"note": "ages as of chapter 1"})
    assert '"name": "Анна Лебедева"' in text
    assert render_profiles(parse_profiles(text), added_fields(text)) == text
    assert '"age": 58' in text
    assert '"from": "Анна Лебедева"' in render_relationships((ANNA, PETER))


def test_somebody_may_be_called_by_an_alias_or_in_other_letters() -> None:
    cast = (Character(name="Christopher Vale", aliases=("Kit",)), Character(name="Mira"))
    text = '{"relationships": [{"from": "mira", "to": "kit", "kind": "friend"}]}'
    mira = join_characters(cast, parse_relationships(text))[1]
    assert mira.relationships == (Relationship(to="Christopher Vale", kind="friend"),)


FAMILY = tuple(Character(name=name) for name in ("A", "B", "C"))


@pytest.mark.parametrize(
    ("bonds", "where"),
    [
        ([("X", "friend", "A")], "relationships[0].from: there is no 'X' in profiles.json"),
        ([("A", "friend", "B"), ("A", "friend", "X")], "relationships[1].to: there is no 'X' in profiles.json"),
        ([("A", "friend", "a")], "relationships[0].to: 'A' can't stand in a relationship to themselves"),
        ([("A", "parent", "B"), ("B", "parent", "A")], "relationships[1]: nobody can be their own ancestor"),
        ([("A", "mother", "B"), ("A", "child", "B")], "(B → A → B)"),
        ([("A", "parent", "B"), ("B", "father", "C"), ("A", "grandchild", "C")], "(C → A → B → C)"),
    ],
)
def test_a_relationship_that_cannot_be_is_damage(bonds: list[tuple[str, str, str]], where: str) -> None:
    text = json.dumps({"relationships": [{"from": a, "kind": kind, "to": b} for a, kind, b in bonds]})
    with pytest.raises(BookDamaged) as caught:
        join_characters(FAMILY, parse_relationships(text), "p/relationships.json")
    assert where in caught.value.message


def test_a_family_told_from_both_sides_is_no_circle() -> None:
    bonds = [("A", "parent", "B"), ("B", "child", "A"), ("A", "grandparent", "C"), ("B", "parent", "C")]
    text = json.dumps({"relationships": [{"from": a, "kind": kind, "to": b} for a, kind, b in bonds]})
    assert len(join_characters(FAMILY, parse_relationships(text))[0].relationships) == 2


@pytest.mark.parametrize(
    ("parse", "text", "where"),
    [
        (parse_profiles, "{}", "characters: "),
        (parse_profiles, '{"characters": [{"name": ""}]}', "characters[0].name: "),
        (parse_profiles, '{"characters": [{"name": "—"}]}', "characters[0].name: '—' is not a name"),
        (parse_profiles, '{"characters": [{"name": "A", "role": "villain"}]}', "characters[0].role: "),
        (parse_profiles, '{"characters": [{"name": "A"}, {"name": "A"}]}', "characters[1].name: 'A' is there twice"),
        (
            parse_profiles,
            '{"characters": [{"name": "Mira Vale"}, {"name": "mira  vale"}]}',
            "characters[1].name: 'mira  vale' is there twice (as 'Mira Vale' too)",
        ),
        (
            parse_profiles,
            '{"characters": [{"name": "A", "aliases": ["x", "b"]}, {"name": "B"}]}',
            "characters[0].aliases[1]: 'b' is the name of 'B' already",
        ),
        (
            parse_profiles,
            '{"characters": [{"name": "A", "aliases": ["Kit"]}, {"name": "B", "aliases": ["kit"]}]}',
            "characters[1].aliases[0]: 'kit' is an alias of 'A' already",
        ),
        (
            parse_profiles,
            '{"characters": [{"name": "A", "stages": [{"since_chapter": 2}, {"since_chapter": 2}]}]}',
            "characters[0].stages[1].since_chapter: 'A' has a stage from chapter 2 on twice",
        ),
        (
            parse_profiles,
            '{"characters": [{"name": "A", "relationships": []}]}',
            "characters[0].relationships: these stand in relationships.json",
        ),
        (parse_relationships, '{"relationships": [{"to": "A", "kind": "x"}]}', "relationships[0].from: "),
        (parse_relationships, '{"relationships": [{"from": "A", "to": "B", "kind": 1}]}', "relationships[0].kind: "),
        (parse_bible, '{"entries": [{"name": "A", "since_chapter": -1}]}', "entries[0].since_chapter: "),
        (parse_bible, '{"entries": [{"name": "A"}, {"name": "a"}]}', "entries[1].name: 'a' is there twice"),
    ],
)
def test_a_bad_file_is_told_by_place(parse: Callable[[str, str], object], text: str, where: str) -> None:
    with pytest.raises(BookDamaged) as caught:
        parse(text, "p/file.json")
    assert caught.value.message.startswith("p/file.json can't be read: ")
    assert where in caught.value.message
    assert "\n" not in caught.value.message
