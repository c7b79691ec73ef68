"""`book.people` and `book.bible`: acts of people, recorded as theirs, in files that stay theirs."""

from __future__ import annotations

import json

import pytest

from ghostkit import sync
from ghostkit.book import Book as Value
from ghostkit.book import Character, Relationship, Stage
from ghostkit.errors import BookDamaged, DependedOn, InputError, LeaseHeld, UnknownName
from ghostkit.ledger import Origin, Who
from ghostkit.testing import ScriptedProvider
from ghostkit.writing import adoption
from ghostkit.writing.lore_acts import LoreActs

from ..desk import STALL, Desk, write

pytestmark = pytest.mark.anyio


def files(desk: Desk) -> dict[str, object]:
    return {name: json.loads(desk.read(f"characters/{name}.json")) for name in ("profiles", "relationships")}


# ── people ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_somebody_is_added_changed_related_and_removed(desk: Desk) -> None:
    book = desk.create()
    mira = book.people.add(name="Mira Vale", role="protagonist", traits=["exact"], aliases=["Mi"], age=34)
    assert mira == book.people.get("mi") == book.people.get("MIRA-VALE")
    assert "mira vale" in book.people
    book.people.add(name="Tomas Reed")
    assert book.people.edit("mi", age=35, traits=["blunt"], eyes="grey").extra == {"age": 35, "eyes": "grey"}
    assert book.people.edit("mi", eyes=None).extra == {"age": 35}
    bonds = book.people.relate("tomas reed", "mentor", "mi", description="On the pans.")
    assert [(bond.to, bond.kind, bond.description) for bond in bonds] == [
        ("Mira Vale", "mentor", "On the pans."), ("Tomas Reed", "student", "On the pans."),
    ]  # fmt: skip
    assert [bond["kind"] for bond in files(desk)["relationships"]["relationships"]] == ["student", "mentor"]  # type: ignore[index]
    with pytest.raises(DependedOn, match="Tomas Reed is related to Mira Vale"):
        book.people.remove("Tomas Reed")
    book.people.remove("Tomas Reed", force=True)
    assert desk.reopen().people.list() == (
        Character(name="Mira Vale", role=mira.role, traits=("blunt",), aliases=("Mi",), extra={"age": 35}),
    )


def test_every_act_is_a_revision_of_a_persons_and_an_event(desk: Desk) -> None:
    book = desk.create()
    seen: list[str] = []
    book.events.subscribe_all(lambda event: seen.append(str(event.type)))
    book.people.add(name="Mira")
    book.people.edit("Mira", age=34)
    book.people.edit("Mira", age=34)
    book.bible.add("Lorn", "place")
    assert seen == ["human_edit"] * 3
    history = book.ledger.history(book.value.id, "characters")
    assert [revision.origin for revision in history] == [Origin.HUMAN] * 2
    assert [r.kind for r in book.ledger.history(book.value.id, "bible")] == ["bible"]


def test_saying_it_again_changes_what_was_said(desk: Desk) -> None:
    book = desk.create(chapters=4)
    for name in ("A", "B"):
        book.people.add(name=name)
    book.people.relate("A", "mother", "B", description="Strict.")
    book.people.relate("A", "parent", "B", since_chapter=3)
    assert book.people.get("A").relationships == (
        Relationship(to="B", kind="mother", description="Strict.", since_chapter=3),
    )
    book.people.relate("A", "owes money to", "B")
    assert [bond.kind for bond in book.people.get("B").relationships] == ["child"]
    assert book.people.unrelate("B", "A") == 3


def test_a_change_from_a_chapter_on_leaves_what_was_before(desk: Desk) -> None:
    book = desk.create(chapters=4)
    book.people.add(name="Mira", traits=["exact"], age=34)
    book.people.edit("Mira", from_chapter=3, age=36)
    book.people.edit("Mira", from_chapter=2, traits=["blunt"])
    mira = book.people.edit("Mira", from_chapter=3, description="Older.")
    assert mira.stages == (
        Stage(since_chapter=2, traits=("blunt",)),
        Stage(since_chapter=3, description="Older.", extra={"age": 36}),
    )
    assert (book.people.get("Mira", 1).extra["age"], book.people.get("Mira", 3).extra["age"]) == (34, 36)
    assert "age: 34" in book.people.context("Mira", 2)
    assert book.people.context("Mira", 2) != book.people.context("Mira", 3)
    with pytest.raises(InputError, match="backstory can't change from a chapter on"):
        book.people.edit("Mira", from_chapter=2, backstory="Other.")


def test_a_new_name_is_carried_into_everybodys_relationships(desk: Desk) -> None:
    book = desk.create()
    for name in ("A", "B"):
        book.people.add(name=name)
    book.people.relate("A", "friend", "B")
    assert book.people.edit("A", name="Ann").relationships == (Relationship(to="B", kind="friend"),)
    assert book.people.get("B").relationships == (Relationship(to="Ann", kind="friend"),)


def test_what_cannot_be_is_one_sentence_and_changes_nothing(desk: Desk) -> None:
    book = desk.create()
    people = book.people
    for name in ("A", "B", "C"):
        people.add(name=name)
    people.relate("A", "parent", "B")
    people.relate("B", "mother", "C")
    before = files(desk)
    for act, told in (
        (lambda: people.add(name=" a "), "' a ' is there twice \\(as 'A' too\\)."),
        (lambda: people.add(name="D", aliases=["b"]), "'b' is the name of 'B' already."),
        (lambda: people.add(description="?"), "The person has no name."),
        (lambda: people.edit("A", role="hero"), "There is no role 'hero'."),
        (lambda: people.edit("A", traits=7), "traits is 7, but must be a list of texts."),
        (lambda: people.edit("A", voice=["low"]), "voice is \\['low'\\], but must be a text."),
        (lambda: people.edit("A", since_chapter=3), "There is no chapter 3, the book has 2."),
        (lambda: people.edit("A", relationships=[]), "Relationships aren't edited as a field."),
        (lambda: people.edit("A", age={1}), "This can't be stored"),
        (lambda: people.edit("A", eyes="\ud800"), "This can't be stored"),
        (lambda: people.relate("A", "friend", "a"), "'A' can't stand in a relationship to themselves."),
        (lambda: people.relate("C", "parent", "A"), "Nobody can be their own ancestor \\(. → . → . → .\\)."),
        (lambda: people.relate("A", "friend", "C", since_chapter=9), "There is no chapter 9, the book has 2."),
        (lambda: people.relate("A", " ", "C"), "The relationship has no kind."),
        (lambda: people.relate("A", "friend", "X"), "There is nobody called 'X'."),
        (lambda: people.get("A", 0), "A is not known as of chapter 0."),
    ):
        with pytest.raises(InputError, match=told) as caught:
            act()
        assert caught.value.fix
    assert files(desk) == before


def test_what_a_person_added_to_the_files_survives_every_act(desk: Desk) -> None:
    book = desk.create()
    book.people.add(name="Ada")
    book.people.add(name="Bo")
    book.people.relate("Ada", "friend", "Bo")
    text = desk.edit("characters/profiles.json", '"name": "Ada",', '"name": "Ada", "age": {"now": 34}, "x": null,')
    desk.path("characters/profiles.json").write_text(text.replace("{", '{"note": "mine",', 1), "utf-8")
    desk.edit("characters/relationships.json", '"kind": "friend",', '"kind": "friend", "since": "school",')
    book = desk.reopen()
    assert book.people.get("Ada").extra == {"age": {"now": 34}, "x": None}
    book.people.add(name="Cy")
    found = files(desk)
    assert found["profiles"]["note"] == "mine"  # type: ignore[call-overload]
    assert found["profiles"]["characters"][0]["age"] == {"now": 34}  # type: ignore[index]
    assert "x" in found["profiles"]["characters"][0]  # type: ignore[index]
    assert found["relationships"]["relationships"][0]["since"] == "school"  # type: ignore[index]


def test_a_file_left_unreadable_is_told_of_and_left_alone(desk: Desk) -> None:
    book = desk.create()
    book.people.add(name="Ada")
    damaged = desk.edit("characters/profiles.json", '"name": "Ada"', '"name": "Ada", "aliases": "A"')
    with pytest.raises(BookDamaged, match=r"profiles.json can't be read: characters\[0\].aliases"):
        book.people.edit("Ada", age=34)
    assert desk.read("characters/profiles.json") == damaged
    assert book.people.get("Ada").extra == {}
    desk.edit("characters/profiles.json", '"aliases": "A"', '"aliases": ["A"]')
    assert book.people.edit("Ada", age=34).aliases == ("A",)


def test_what_two_processes_do_at_once_both_counts(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    book = desk.create()
    book.people.add(name="Ada")
    other = LoreActs(book.manuscript, Who(actor="other"))
    head = book.ledger.head(book.value.id, "characters")
    assert head is not None
    add, interfered = book.ledger.add_revision, []

    def late(*arguments: object, **options: object) -> object:
        if not interfered:
            text = adoption.characters_text((*book.people, Character(name="Elsewhere")))
            interfered.append(add(book.value.id, "characters", text, other.who, base_id=head.id, origin=Origin.HUMAN))
        return add(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(book.ledger, "add_revision", late)
    book.people.add(name="Bo")
    assert interfered
    assert [person.name for person in book.people] == ["Ada", "Elsewhere", "Bo"]


async def test_a_person_added_while_the_book_is_written_is_known_to_what_comes(desk: Desk) -> None:
    book = desk.create()

    def answer(kind: str, request: object) -> None:
        if "section 1.2" in desk.asked_for()[-1] and "Late Comer" not in book.people:
            book.people.add(name="Late Comer", role="minor")

    desk.answer = answer
    await write(book)
    prompts = dict(zip(desk.asked_for(), (r.messages[-1].text for r in desk.provider.requests), strict=True))
    assert "Late Comer" not in prompts["section 1.2"]
    assert "Late Comer" in prompts["section 2.1"]
    assert "Late Comer" in desk.read("characters/profiles.json")


async def test_a_model_is_not_asked_while_the_book_is_being_written(desk: Desk) -> None:
    book = desk.create()
    told: list[str] = []

    async def meanwhile() -> None:
        with pytest.raises(LeaseHeld, match="The book is being written, and a person has to wait"):
            await book.people.create(name="Ada")
        told.append("waited")

    import anyio

    import ghostkit as gk

    desk.answer = lambda kind, request: [STALL] if kind == "outline" else None
    async with gk.background(), anyio.create_task_group():
        run = book.write()
        await meanwhile()
        run.cancel()
        await run.wait()
    assert told == ["waited"]


# ── the story bible ───────────────────────────────────────────────────────────────────────────────────────────


def test_the_bible_is_kept_in_a_file_of_its_own_once_it_has_an_entry(desk: Desk) -> None:
    book = desk.create()
    assert not desk.path("bible.json").exists()
    book.bible.add("Port Lorn", "place", "A harbour.", aliases=["Lorn"], miles=14)
    book.bible.add("Low Tide", "date", since_chapter=2)
    assert json.loads(desk.read("bible.json"))["entries"][0] == {
        "name": "Port Lorn", "kind": "place", "description": "A harbour.", "aliases": ["Lorn"], "miles": 14,
    }  # fmt: skip
    book.bible.edit("lorn", from_chapter=2, description="Burnt.", miles=None)
    assert [entry.name for entry in book.bible.list(as_of=1)] == ["Port Lorn"]
    assert [entry.name for entry in book.bible.list("date")] == ["Low Tide"]
    assert (book.bible.get("lorn", 1).description, book.bible.get("lorn", 2).description) == ("A harbour.", "Burnt.")
    assert book.bible.get("lorn", 2).extra == {}
    with pytest.raises(UnknownName, match="Low Tide is not known as of chapter 1"):
        book.bible.get("low tide", 1)
    for name, told in (("port-lorn", "is there twice"), ("LORN", "'Port Lorn'|LORN"), ("", "has no name")):
        with pytest.raises(InputError, match=told):
            book.bible.add(name)
    book.bible.remove("Low Tide")
    assert [entry.name for entry in desk.reopen().bible] == ["Port Lorn"]


def test_a_bible_made_by_hand_is_taken_in_and_stays_as_it_is_laid_out(desk: Desk) -> None:
    book = desk.create()
    text = '{"entries": [{"name": "Lorn", "kind": "ruin", "miles": 14}], "by": "me"}'
    desk.path("bible.json").write_text(text, "utf-8")
    book = desk.reopen()
    assert (book.bible.get("Lorn").kind, book.bible.get("Lorn").extra) == ("ruin", {"miles": 14})
    assert desk.read("bible.json") == text
    book.bible.add("Skarn")
    assert json.loads(desk.read("bible.json"))["by"] == "me"
    desk.path("bible.json").write_text('{"entries": [{"name": "Lorn", "since_chapter": 9}]}', "utf-8")
    with pytest.raises(
        BookDamaged, match=r"bible.json can't be read: entries\[0\].since_chapter: there is no chapter 9"
    ):
        desk.reopen()


async def test_prompts_carry_the_bible_as_of_their_chapter(desk: Desk) -> None:
    book = desk.create()
    book.bible.add("Lorn", "place")
    book.bible.add("Secret", "thing", since_chapter=2)
    await write(book)
    prompts = dict(zip(desk.asked_for(), (r.messages[-1].text for r in desk.provider.requests), strict=True))
    assert "Lorn" in prompts["section 1.1"]
    assert "Secret" not in prompts["section 1.1"]
    assert "Secret" in prompts["section 2.1"]


def test_a_chapter_taken_out_does_not_make_the_files_unreadable(desk: Desk) -> None:
    book = desk.create(chapters=3)
    book.people.add(name="Ada", since_chapter=3)
    book.people.add(name="Bo")
    book.people.relate("Ada", "friend", "Bo", since_chapter=3)

    def fewer(value: Value) -> Value:
        from dataclasses import replace

        return replace(value, settings=replace(value.settings, chapters=2))

    book.manuscript.change_structure(fewer)
    desk.edit("characters/profiles.json", '"name": "Bo"', '"name": "Bo", "age": 3')
    book = desk.reopen()
    assert book.people.edit("Bo", eyes="grey").extra == {"age": 3, "eyes": "grey"}


# ── without a loop, and to look at ────────────────────────────────────────────────────────────────────────────


def test_the_waiting_twin_creates_and_develops(desk: Desk) -> None:
    desk.create()
    desk.leave()
    desk.answer = lambda kind, request: (
        json.dumps({"description": "d", "traits": ["t"], "voice": "v", "backstory": "b", "arc": "a", "role": "minor"})
        if kind == "character"
        else None
    )
    assert isinstance(desk.provider, ScriptedProvider)
    book = sync.Book(desk.open())
    assert book.people.create(name="Ada").voice == "v"
    assert (len(book.people), [person.name for person in book.people]) == (1, ["Ada"])
    with pytest.raises(InputError, match="no chapters yet"):
        book.people.develop("Ada")
    assert "Ada (minor): d" in repr(book.people)


def test_they_look_well_in_a_notebook(desk: Desk) -> None:
    book = desk.create()
    assert (repr(book.people), repr(book.bible)) == ("Nobody yet.", "Empty.")
    book.people.add(name="A<b>", description="x & y")
    book.bible.add("L", "place", "<i>")
    assert "<td>A&lt;b&gt;</td>" in book.people._repr_html_()
    assert "x &amp; y" in book.people._repr_html_()
    assert "&lt;i&gt;" in book.bible._repr_html_()


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (
            "relationships",
            '"to": "Bo"',
            '"to": "Nobody"',
            r"relationships\[0\].to: there is no 'Nobody' in profiles.json",
        ),
        ("relationships", '"to": "Bo"', '"to": "ada"', r"relationships\[0\].to: 'Ada' can't stand in a relationship"),
        (
            "relationships",
            '"kind": "child"',
            '"kind": "mother"',
            r"relationships\[1\]: nobody can be their own ancestor",
        ),
        ("relationships", '"since_chapter": 1', '"since_chapter": 7', r"\[0\].since_chapter: there is no chapter 7"),
        ("profiles", '"name": "Bo"', '"name": "ADA"', r"characters\[1\].name: 'ADA' is there twice \(as 'Ada' too\)"),
        ("profiles", '"name": "Bo"', '"name": "Cy"', r"relationships\[0\].to: there is no 'Bo' in profiles.json"),
        ("profiles", '"name": "Bo",', '"name": "Bo", "aliases": ["ada"],', r"aliases\[0\]: 'ada' is the name of 'Ada'"),
    ],
)
def test_a_hand_edit_that_cannot_be_is_told_by_its_place_and_kept(
    desk: Desk, file: str, old: str, new: str, told: str
) -> None:
    book = desk.create()
    for name in ("Ada", "Bo"):
        book.people.add(name=name)
    book.people.relate("Ada", "mother", "Bo")
    before = len(book.ledger.history(book.value.id, "characters"))
    good = desk.read(f"characters/{file}.json")
    saved = desk.edit(f"characters/{file}.json", old, new)
    with pytest.raises(BookDamaged, match=told) as caught:
        desk.reopen()
    assert caught.value.fix
    assert desk.read(f"characters/{file}.json") == saved
    desk.path(f"characters/{file}.json").write_text(good, "utf-8")
    book = desk.reopen()
    assert len(book.ledger.history(book.value.id, "characters")) == before
