"""People completed and developed by a model: what a person gave stays, nothing is paid twice, what was is kept."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostkit.book import Character, CharacterRole, Relationship, Stage, style_named
from ghostkit.book.kinds import INVERSES, RelationshipKind, inverse, meaning, name_key
from ghostkit.errors import InputError, ProviderError, UnknownName
from ghostkit.ledger import Origin
from ghostkit.workbench.asking import ask
from ghostkit.writing.characters import CharacterService, mutual
from ghostkit.writing.lore_acts import LoreActs
from ghostkit.writing.profiles import GAPS, filled, gaps, given_profile

from ..book.writers import people
from ..desk import Desk, write

pytestmark = pytest.mark.anyio

WHOLE = {
    "name": "Model's Own", "role": "mentor", "description": "From a model.", "traits": ["new"], "voice": "Low.",
    "backstory": "Long ago.", "arc": "Up.", "relationships": [{"to": "bo", "kind": "friend"}], "age": 99,
}  # fmt: skip
CHANGED = {"description": "", "traits": ["wary"], "arc": "Half way."}


def answers(desk: Desk, **texts: Any) -> None:
    """Let the desk give these answers by kind; others are as always."""
    given = {"character": WHOLE, "character_development": CHANGED, **texts}
    desk.answer = lambda kind, request: (
        json.dumps(given[kind]) if isinstance(given.get(kind), dict) else given.get(kind)
    )


async def asked(book: Any, work: Any) -> Any:
    """`work` with a service of the book's."""
    style = style_named(book.value.style, book.folder)
    return await ask(
        book, "a test", None,
        lambda service: work(CharacterService(book.manuscript, service, model="scripted:x", style=style)),
    )  # fmt: skip


# ── creating ──────────────────────────────────────────────────────────────────────────────────────────────────

FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["Mira  Vale ", "mira", " Ёж"]),
        "role": st.sampled_from([str(role) for role in CharacterRole]),
        "description": st.sampled_from([" A courier.\n", "COURIER", "x"]),
        "traits": st.lists(st.sampled_from(["exact", " Exact ", "odd"]), min_size=1, max_size=3),
        "voice": st.just("  slow"),
        "backstory": st.just("Born\tat sea."),
        "arc": st.just("down. "),
        "age": st.sampled_from([34, "34", [3, 4]]),
        "aliases": st.just(["Mi "]),
        "since_chapter": st.just(2),
    },
)


@settings(deadline=None, max_examples=60)
@given(FIELDS)
def test_what_a_person_gave_survives_to_the_letter_and_only_gaps_are_filled(profile: dict[str, Any]) -> None:
    person, fields = given_profile(profile)
    missing = gaps(fields)
    whole = filled(person, missing, json.dumps(WHOLE), (Character(name="Bo"),), fields)
    for field, value in profile.items():
        had = whole.extra[field] if field == "age" else getattr(whole, field)
        assert (list(had) if isinstance(had, tuple) else had) == value
    assert set(missing) == set(GAPS) - set(profile)
    assert whole.extra == ({"age": profile["age"]} if "age" in profile else {})
    for field in missing:
        had = getattr(whole, field)
        assert (list(had) if field == "traits" else had) == WHOLE[field]
    assert whole.relationships == (Relationship(to="Bo", kind="friend", since_chapter=whole.since_chapter),)


async def test_somebody_is_completed_recorded_and_never_asked_for_twice(desk: Desk) -> None:
    book = desk.create()
    book.people.add(name="Bo")
    answers(desk)
    profile = {"name": "Mira Vale", "description": "A courier.", "age": 34}
    mira = await asked(book, lambda service: service.create_character(profile))
    assert (mira.description, mira.arc, mira.extra) == ("A courier.", "Up.", {"age": 34})
    assert mira.relationships == (Relationship(to="Bo", kind="friend"),)
    request = desk.provider.requests[0]
    assert desk.asked_for() == ["character"]
    assert 'fields="role, traits, voice, backstory, arc, relationships"' in request.messages[-1].text
    [step] = book.ledger.steps()
    assert step.slot.kind == "character"
    judged = book.ledger.judged_inputs()[step.slot.object_id, "character"]
    assert {"brief", "profile", "people", "template"} <= set(judged.inputs)
    assert json.loads(desk.read("characters/profiles.json"))["characters"][1]["age"] == 34
    again = await asked(book, lambda service: service.create_character(profile))
    assert again == mira
    book = desk.reopen()
    assert book.people.get("mira-vale") == mira
    assert desk.calls == 1


async def test_somebody_who_is_there_gets_what_they_lack_and_keeps_the_rest(desk: Desk) -> None:
    book = desk.create()
    book.people.add(name="Bo", backstory="Mine.", role="minor", eyes="grey")
    answers(desk)
    bo = await asked(book, lambda service: service.create_character({"name": "bo", "voice": "Hoarse."}))
    assert (bo.name, bo.backstory, bo.role, bo.voice, bo.extra) == (
        "Bo", "Mine.", CharacterRole.MINOR, "Hoarse.", {"eyes": "grey"},
    )  # fmt: skip
    assert (bo.description, bo.arc) == ("From a model.", "Up.")
    with pytest.raises(InputError, match="There is 'Bo' already, with another backstory"):
        await asked(book, lambda service: service.create_character({"name": "Bo", "backstory": "Theirs."}))
    assert desk.calls == 1


async def test_nothing_lacking_asks_nobody(desk: Desk) -> None:
    book = desk.create()
    profile = {key: value for key, value in WHOLE.items() if key != "relationships"}
    made = await asked(book, lambda service: service.create_character(profile))
    assert (made.name, made.extra, desk.calls) == ("Model's Own", {"age": 99}, 0)


async def test_an_answer_that_a_crash_kept_from_the_book_is_taken_up_without_a_call(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = desk.create()
    answers(desk)

    def crash(*_: object, **__: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as broken:
        broken.setattr(LoreActs, "change_people", crash)
        with pytest.raises(RuntimeError, match="killed"):
            await book.people.create(role="mentor")
    book = desk.reopen()
    assert (len(book.people), desk.calls) == (0, 1)
    made = await book.people.create(role="mentor")
    assert (made.name, len(book.people), desk.calls) == ("Model's Own", 1, 1)


async def test_a_second_wish_of_the_same_sort_does_not_touch_what_the_first_became(desk: Desk) -> None:
    book = desk.create()
    answers(desk)
    made = await book.people.create(role="mentor")
    book.people.edit(made.name, description="By hand.", role="minor")
    again = await book.people.create(role="mentor")
    assert (again.description, again.role, desk.calls) == ("By hand.", CharacterRole.MINOR, 1)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("Here you are!", "not JSON"),
        ({**WHOLE, "arc": ""}, "it gives no arc"),
        ({**WHOLE, "traits": "exact"}, "traits"),
        ({**WHOLE, "name": "bo"}, "there is 'bo' already"),
        ({**WHOLE, "name": "—"}, "its name is none"),
    ],
)
async def test_an_answer_of_no_use_is_an_error_and_the_next_one_counts(desk: Desk, answer: Any, told: str) -> None:
    book = desk.create()
    book.people.add(name="Bo")
    answers(desk, character=answer)
    with pytest.raises(ProviderError, match=told):
        await book.people.create(description="A keeper.")
    assert [person.name for person in book.people] == ["Bo"]
    answers(desk)
    made = await book.people.create(description="A keeper.")
    assert (made.description, desk.calls) == ("A keeper.", 2)


async def test_a_relationship_that_cannot_be_is_left_out_of_what_a_model_gives(desk: Desk) -> None:
    book = desk.create()
    book.people.add(name="Bo")
    bonds = [{"to": "Bo", "kind": "parent"}, {"to": "Nobody", "kind": "friend"}]
    answers(desk, character={**WHOLE, "relationships": bonds})
    made = await book.people.create(name="Cy")
    assert [(bond.to, bond.kind) for bond in made.relationships] == [("Bo", "parent")]
    answers(desk, character={**WHOLE, "relationships": [{"to": "Cy", "kind": "mother"}, {"to": "Bo", "kind": "child"}]})
    made = await book.people.create(name="Dee")
    book.people.update_relationships()
    assert [(bond.to, bond.kind) for bond in book.people.get("Bo").relationships] == [("Cy", "child")]


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        ({"name": "Bo", "role": "hero"}, "There is no role 'hero'"),
        ({"name": "Cy", "traits": 7}, "The profile's traits can't be used"),
        ({"name": "Cy", "since_chapter": 9}, "There is no chapter 9, the book has 2"),
        ({"name": "Cy", "aliases": ["BO"]}, "'BO' is the name of 'Bo' already"),
        ({"name": "—"}, "'—' is not a name"),
        ({"name": "Cy", "relationships": [{"to": "Nobody", "kind": "friend"}]}, "There is no 'Nobody'"),
        ({"name": "Cy", "relationships": ["Bo"]}, "no `to` or no `kind`"),
    ],
)
async def test_a_profile_that_cannot_be_is_refused_before_anybody_is_asked(
    desk: Desk, profile: dict[str, Any], told: str
) -> None:
    book = desk.create()
    book.people.add(name="Bo")
    with pytest.raises(InputError, match=told):
        await book.people.create(profile)
    assert (desk.calls, len(book.people)) == (0, 1)


# ── developing ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_somebody_develops_and_what_they_were_is_kept(desk: Desk) -> None:
    book = desk.create(chapters=3)
    await write(book, until="2")
    before = book.people.get("Ada")
    answers(desk)
    calls = desk.calls
    ada = await asked(book, lambda service: service.develop_character("ada", 3))
    assert ada.stages == (Stage(since_chapter=3, traits=("wary",), arc="Half way."),)
    assert ada.traits == before.traits
    prompt = desk.provider.requests[-1].messages[-1].text
    assert "Ada went on with 2.2." in prompt
    assert "A chapter_summary of 1." in prompt
    assert "Ada went on with 1.1." not in prompt
    assert "wary" in book.people.context("Ada", 3)
    assert "wary" not in book.people.context("Ada", 2)
    history = book.ledger.history(book.value.id, "characters")
    assert [revision.origin for revision in history] == [Origin.GENERATED, Origin.GENERATED]
    assert await asked(book, lambda service: service.develop_character(ada, 3)) == ada
    assert desk.calls == calls + 1
    await write(book)
    prompts = {p: r.messages[-1].text for p, r in zip(desk.asked_for(), desk.provider.requests, strict=True)}
    assert '"traits": ["wary"]' in prompts["section 3.1"]
    assert "wary" not in prompts["section 2.1"]


async def test_asking_again_replaces_the_stage_and_is_asked_from_what_was_before_it(desk: Desk) -> None:
    book = desk.create()
    await write(book, until="1")
    answers(desk)
    await book.people.develop("Ada", 2)
    answers(desk, character_development={"traits": ["calm"]})
    assert (await book.people.develop("Ada", 2)).stages[0].traits == ("wary",)
    ada = await book.people.develop("Ada", 2, again=True)
    assert [stage.traits for stage in ada.stages] == [("calm",)]
    assert "wary" not in desk.provider.requests[-1].messages[-1].text.split("<profile>")[1]
    assert len(book.ledger.history(book.value.id, "characters")) == 3


async def test_the_next_chapter_is_meant_where_none_is_named(desk: Desk) -> None:
    book = desk.create(chapters=3)
    await write(book, until="1")
    answers(desk)
    assert [stage.since_chapter for stage in (await book.people.develop("Ada")).stages] == [2]


async def test_a_development_that_cannot_be_asked_for_is_refused(desk: Desk) -> None:
    book = desk.create()
    book.people.add(name="Ada")
    book.people.add(name="Late", since_chapter=2)
    with pytest.raises(InputError, match="The book has no chapters yet"):
        await book.people.develop("Ada")
    await write(book, until="1")
    for name, chapter, told in (
        ("Ada", 1, "Nothing is written before chapter 1"),
        ("Ada", 3, "There is no chapter 3"),
        ("Nobody", 2, "There is nobody called 'Nobody'"),
    ):
        with pytest.raises(InputError, match=told):
            await book.people.develop(name, chapter)
    answers(desk, character_development={"description": "", "traits": [], "arc": ""})
    with pytest.raises(ProviderError, match="it gives no description, no traits and no arc"):
        await book.people.develop("Late", 2)


# ── relationships ─────────────────────────────────────────────────────────────────────────────────────────────


def sides(cast: Iterable[Character]) -> set[tuple[str, RelationshipKind, str]]:
    return {
        (name_key(person.name), kind, name_key(bond.to))
        for person in cast
        for bond in person.relationships
        if (kind := meaning(bond.kind)) is not None
    }


@settings(deadline=None, max_examples=50)
@given(people(), st.data())
def test_relationships_become_mutual_and_doing_it_again_changes_nothing(
    cast: tuple[Character, ...], data: st.DataObject
) -> None:
    names = [person.name for person in cast]
    kinds = st.sampled_from([*map(str, RelationshipKind), "mother", "owes money to"])
    if len(names) > 1:
        pairs = st.tuples(st.sampled_from(names), kinds, st.sampled_from(names)).filter(lambda p: p[0] != p[2])
        for one, kind, other in data.draw(st.lists(pairs, max_size=6)):
            cast = tuple(
                Character(name=p.name, relationships=(*p.relationships, Relationship(to=other, kind=kind)))
                if p.name == one
                else p
                for p in cast
            )
    after = mutual(cast)
    assert all((other, INVERSES[kind], one) in sides(after) for one, kind, other in sides(after))
    for before, now in zip(cast, after, strict=True):
        assert now.relationships[: len(before.relationships)] == before.relationships
    assert mutual(after) == after
    assert sides(after) == {
        s for one, kind, other in sides(cast) for s in ((one, kind, other), (other, INVERSES[kind], one))
    }


async def test_relationships_are_kept_in_the_file_and_a_second_time_writes_nothing(desk: Desk) -> None:
    book = desk.create()
    for name in ("Ada", "Bo"):
        book.people.add(name=name)
    ada = Character(name="Ada", relationships=(Relationship(to="bo", kind="mother", description="Strict."),))
    await asked(book, lambda service: service.update_relationships([ada]))
    found = json.loads(desk.read("characters/relationships.json"))["relationships"]
    assert [(b["from"], b["kind"], b["to"], b["description"]) for b in found] == [
        ("Ada", "mother", "Bo", "Strict."), ("Bo", "child", "Ada", "Strict."),
    ]  # fmt: skip
    revisions = len(book.ledger.history(book.value.id, "characters"))
    files = desk.files()
    await asked(book, lambda service: service.update_relationships(book.people))
    assert (len(book.ledger.history(book.value.id, "characters")), desk.files()) == (revisions, files)
    assert inverse("mother") is RelationshipKind.CHILD
    with pytest.raises(UnknownName):
        book.people.get("Nobody")
