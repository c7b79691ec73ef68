"""What is known as of a chapter: nothing that comes later, and the same as before where nothing happened."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from ghostkit.book.model import BibleEntry, Book, Character, Relationship, Stage
from ghostkit.writing import adoption
from ghostkit.writing.lore import bible_json, entries_as_of, people_json

from ..book.writers import bibles, people

MIRA = Character(
    name="Mira Vale",
    aliases=("Mi",),
    description="A courier.",
    traits=("exact",),
    relationships=(
        Relationship(to="Tomas Reed", kind="student"),
        Relationship(to="Zed", kind="enemy", since_chapter=5),
        Relationship(to="tomas", kind="owes money to", since_chapter=3),
    ),
    stages=(Stage(since_chapter=4, traits=("blunt",), extra={"age": 36, "home": None}),),
    extra={"age": 34, "home": "Lorn", "maps": ["one", "two"], "coat": {"colour": "red"}},
)
TOMAS = Character(name="Tomas Reed", aliases=("Tomas",))
ZED = Character(name="Zed", since_chapter=5)
LORN = BibleEntry(
    name="Port Lorn", kind="place", description="A harbour.",
    stages=(Stage(since_chapter=6, description="Burnt."),), extra={"miles": 14},
)  # fmt: skip
BOOK = Book(id="b-1", title="T", characters=(ZED, MIRA, TOMAS), bible=(LORN,))


def as_of(chapter: int, key: str = "person:mira-vale") -> dict[str, object]:
    return dict(next(entry for entry in entries_as_of(BOOK, chapter) if entry.key == key).facts)


def test_an_entry_has_its_names_and_every_fact() -> None:
    mira = entries_as_of(BOOK, 1)[0]
    assert (mira.key, mira.names) == ("person:mira-vale", ("Mira Vale", "Mi"))
    assert mira.facts == {
        "name": "Mira Vale", "aliases": ["Mi"], "role": "supporting", "description": "A courier.", "traits": ["exact"],
        "relationship to Tomas Reed": "student", "age": "34", "home": "Lorn", "maps": ["one", "two"],
        "coat": '{"colour": "red"}',
    }  # fmt: skip
    assert json.loads(mira.text)["age"] == 34


def test_stages_are_folded_in_from_their_chapter_on() -> None:
    assert (as_of(3)["age"], as_of(3)["traits"], as_of(3)["home"]) == ("34", ["exact"], "Lorn")
    assert (as_of(4)["age"], as_of(4)["traits"]) == ("36", ["blunt"])
    assert "home" not in as_of(4)
    assert as_of(5, "place:port-lorn")["description"] == "A harbour."
    assert as_of(6, "place:port-lorn") == {
        "name": "Port Lorn", "kind": "place", "description": "Burnt.", "miles": "14",
    }  # fmt: skip


def test_a_relationship_shows_from_its_chapter_on_and_only_to_somebody_known() -> None:
    assert as_of(3)["relationship to Tomas Reed"] == ["student", "owes money to"]
    assert "relationship to Zed" not in as_of(4)
    assert as_of(5)["relationship to Zed"] == "enemy"
    early = replace(BOOK, characters=(replace(MIRA, relationships=(Relationship(to="Zed", kind="enemy"),)), ZED))
    assert "Zed" not in people_json(early, 4)


def test_who_appears_later_stands_after_those_before() -> None:
    before, after = people_json(BOOK, 4), people_json(BOOK, 5)
    assert [person["name"] for person in json.loads(after)] == ["Mira Vale", "Tomas Reed", "Zed"]
    assert [person["name"] for person in json.loads(before)] == ["Mira Vale", "Tomas Reed"]


def test_prompts_carry_nothing_that_is_empty() -> None:
    assert json.loads(people_json(replace(BOOK, characters=(TOMAS,)), 1)) == [
        {"name": "Tomas Reed", "aliases": ["Tomas"], "role": "supporting"}
    ]
    assert people_json(replace(BOOK, characters=()), 1) == bible_json(replace(BOOK, bible=()), 1) == ""
    assert people_json(replace(BOOK, characters=(ZED,)), 4) == ""


@settings(deadline=None, max_examples=40)
@given(people(), bibles(), st.integers(0, 9))
def test_nothing_later_is_ever_shown(cast: tuple[Character, ...], bible: tuple[BibleEntry, ...], chapter: int) -> None:
    """What holds only later can be cut out of the book without a difference."""
    marked = tuple(replace(person, name=f"{person.name} ({at})", relationships=()) for at, person in enumerate(cast))
    book = Book(id="b-1", title="T", characters=marked, bible=bible)

    def cut(one: Character | BibleEntry) -> Character | BibleEntry:
        return replace(one, stages=tuple(stage for stage in one.stages if stage.since_chapter <= chapter))

    kept = replace(
        book,
        characters=tuple(cut(one) for one in marked if one.since_chapter <= chapter),  # type: ignore[misc]
        bible=tuple(cut(one) for one in bible if one.since_chapter <= chapter),  # type: ignore[misc]
    )
    assert entries_as_of(book, chapter) == entries_as_of(kept, chapter)
    assert people_json(book, chapter) == people_json(kept, chapter)
    assert bible_json(book, chapter) == bible_json(kept, chapter)
    assert len(entries_as_of(book, chapter)) == len(kept.characters) + len(kept.bible)


@settings(deadline=None, max_examples=40)
@given(people(), bibles())
def test_a_revision_holds_everything(cast: tuple[Character, ...], bible: tuple[BibleEntry, ...]) -> None:
    beside = {"profiles": {"note": "ages as of chapter 1"}, "bible": {"by": 1}}
    try:
        text, lore = adoption.characters_text(cast, beside), adoption.bible_text(bible, beside)
    except adoption.InputError:  # lone surrogates
        return
    assert adoption.characters(text) == cast
    assert adoption.bible(lore) == bible
    assert adoption.file_extra("characters", text) == {"profiles": beside["profiles"]}
    assert adoption.file_extra("bible", lore) == {"bible": beside["bible"]}


def test_what_cannot_be_in_a_models_cast_is_left_out() -> None:
    answer = {
        "characters": [
            {"name": "Ada", "aliases": ["bo", "A"], "voice": None, "age": 34},
            {"name": "Bo", "aliases": ["a"]},
            {"name": "ada", "description": "another"},
        ],
        "relationships": [
            {"from": "Ada", "to": "Bo", "kind": "parent"},
            {"from": "Bo", "to": "Ada", "kind": "parent"},
            {"from": "Bo", "to": "Ada", "kind": "child"},
            {"from": "Ada", "to": "Cy", "kind": "friend"},
            {"from": "Ada", "to": "ada", "kind": "friend"},
        ],
    }
    ada, bo = adoption.characters(json.dumps(answer))
    assert (ada.name, ada.aliases, ada.extra) == ("Ada", ("A",), {"age": 34})
    assert bo.aliases == ()
    assert [(bond.to, bond.kind) for bond in ada.relationships] == [("Bo", "parent")]
    assert [(bond.to, bond.kind) for bond in bo.relationships] == [("Ada", "child")]
