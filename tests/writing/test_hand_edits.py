"""What a person writes into any file is noticed, kept as it is, used, and never written over."""

from __future__ import annotations

import json
from typing import Any

import pytest

import ghostkit as gk
from ghostkit.errors import BookDamaged
from ghostkit.events import EVENT_DATA, Event, EventType
from ghostkit.providers import Request

from ..desk import Desk, place_of, write

pytestmark = pytest.mark.anyio

SECTION_11 = "chapters/chapter_01/sections/section_01.md"
SECTION_12 = "chapters/chapter_01/sections/section_02.md"
SECTION_21 = "chapters/chapter_02/sections/section_01.md"
CONTENT_1 = "chapters/chapter_01/content.md"


def prompt_of(desk: Desk, place: str) -> str:
    return next(r.messages[-1].text for r in reversed(desk.provider.requests) if place_of(r) == place)


def edits(book: gk.Book) -> list[tuple[str, str]]:
    found = book.ledger.events(types=["human_edit"])
    assert all(set(e.data) >= set(EVENT_DATA[EventType.HUMAN_EDIT]) for e in found)
    return [(e.data["kind"], e.data["path"]) for e in found]


async def outlined(desk: Desk, **options: Any) -> gk.Book:
    book = desk.create(**options)
    async with gk.background():
        await book.outline()
    return book


# ── prose ─────────────────────────────────────────────────────────────────────────────────────────────────────

LAYOUTS = {
    "plain": "## Scene 1.1\n\nThe door was green, said Mira.\n",
    "no heading": "The door was green, said Mira.",
    "line ends of another system": "## Scene 1.1\r\n\r\nThe door was green, said Mira.\r\n\r\n\r\n",
    "a byte-order mark and blank lines": "\ufeff\n\n## Scene 1.1\n\n\n\nThe door was green, said Mira.\n\n\n",
    "a closing note": "## Scene 1.1\nThe door was green, said Mira.\n\n<!-- check the colour & ask Bo -->\n",
}


@pytest.mark.parametrize("layout", LAYOUTS)
async def test_an_edited_section_is_kept_byte_for_byte_and_read_by_the_next(desk: Desk, layout: str) -> None:
    book = desk.create()
    await write(book, until="1.1")
    data = LAYOUTS[layout].encode()
    desk.path(SECTION_11).write_bytes(data)
    told: list[Event] = []
    book.events.subscribe(EventType.HUMAN_EDIT, told.append)
    await write(book)
    assert desk.path(SECTION_11).read_bytes() == data
    assert edits(book) == [("section", SECTION_11)]
    assert len(told) == 1
    assert "The door was green, said Mira." in prompt_of(desk, "section 1.2")
    assert "The door was green, said Mira." in desk.read(CONTENT_1)
    assert "Ada went on with 1.1" not in desk.read(CONTENT_1)
    assert (book.section("1.1").status, book.section("1.2").status) == ("edited", "complete")
    history = book.ledger.history(book.section("1.1").id, "section")
    assert [str(r.origin) for r in history] == ["generated", "human"]
    assert desk.asked_for().count("section 1.1") == 1
    desk.leave()
    await write(desk.open())
    assert desk.path(SECTION_11).read_bytes() == data
    assert len(edits(desk.open())) == 1


async def test_an_edit_is_taken_in_on_open_and_once(desk: Desk) -> None:
    book = desk.create()
    await write(book)
    assert book.look_for_edits() is False
    desk.edit(SECTION_11, "Ada went on", "Mira went on")
    assert book.look_for_edits() is True
    assert book.look_for_edits() is False
    assert book.section("1.1").text.startswith("Mira went on")
    desk.edit(SECTION_11, "Mira went on", "Ada went on")
    assert desk.open().section("1.1").text.startswith("Ada went on")
    assert len(book.ledger.history(book.section("1.1").id, "section")) == 3


async def test_touching_a_file_or_saving_it_unchanged_is_no_edit(desk: Desk) -> None:
    book = desk.create()
    await write(book)
    for place in (SECTION_11, CONTENT_1, "outline.md", "characters/profiles.json"):
        desk.path(place).write_text(desk.read(place), encoding="utf-8")
    assert book.look_for_edits() is False
    assert edits(book) == []


async def test_a_new_heading_renames_the_section_everywhere(desk: Desk) -> None:
    book = desk.create()
    await write(book)
    desk.edit(SECTION_11, "## Scene 1.1", "## The Green Door")
    await write(book)
    assert book.section("1.1").title == "The Green Door"
    assert "### 1.1 The Green Door" in desk.read("outline.md")
    assert "## The Green Door" in desk.read(CONTENT_1)
    assert json.loads(desk.read("book.json"))["chapters"][0]["sections"][0]["title"] == "The Green Door"
    assert json.loads(desk.read("chapters/chapter_01/metadata.json"))["sections"][0]["title"] == "The Green Door"


async def test_a_section_a_person_wrote_first_is_not_asked_for(desk: Desk) -> None:
    await outlined(desk)
    desk.path(SECTION_21).parent.mkdir(parents=True, exist_ok=True)
    desk.path(SECTION_21).write_text("My own beginning of chapter two.\n", encoding="utf-8")
    book = desk.open()
    await write(book)
    assert "section 2.1" not in desk.asked_for()
    assert "My own beginning" in prompt_of(desk, "section 2.2")
    assert desk.read(SECTION_21) == "My own beginning of chapter two.\n"
    assert book.status()["state"] == "complete"


async def test_an_edited_chapter_goes_back_into_its_sections(desk: Desk) -> None:
    book = desk.create()
    await write(book)
    text = desk.edit(CONTENT_1, "Ada went on with 1.2", "Mira went on with 1.2")
    text = desk.edit(CONTENT_1, "# Chapter title 1", "# The Green Door")
    await write(book)
    assert desk.read(CONTENT_1) == text
    assert desk.read(SECTION_12).startswith("## Scene 1.2\n\nMira went on with 1.2")
    assert (book.section("1.1").status, book.section("1.2").status) == ("complete", "edited")
    assert book.chapter(1).title == "The Green Door"
    assert "## 1. The Green Door" in desk.read("outline.md")
    assert edits(book) == [("section", CONTENT_1)]


async def test_edits_of_a_section_and_of_its_chapter_at_once_are_both_kept(desk: Desk) -> None:
    book = desk.create()
    await write(book)
    mine = desk.edit(SECTION_11, "Ada went on with 1.1", "Mira went on with 1.1")
    desk.edit(CONTENT_1, "Ada went on with 1.2", "Olga went on with 1.2")
    await write(book)
    assert desk.read(SECTION_11) == mine
    assert "Olga went on with 1.2" in desk.read(SECTION_12)
    content = desk.read(CONTENT_1)
    assert "Mira went on with 1.1" in content
    assert "Olga went on with 1.2" in content
    assert "Ada went on" not in content


async def test_a_chapter_that_can_not_be_taken_apart_is_kept_beside_ours(desk: Desk) -> None:
    book = desk.create()
    await write(book)
    ours = desk.read(CONTENT_1)
    mine = desk.edit(CONTENT_1, "## Scene 1.2", "## Scene 1.2\n\nand\n\n## Scene 1.3")
    await write(book)
    await write(book)
    kept = list(desk.path("chapters/chapter_01").glob("content.yours-*.md"))
    assert [path.read_text(encoding="utf-8") for path in kept] == [mine]
    assert desk.read(CONTENT_1) == ours
    assert [kind for kind, _ in edits(book)] == ["kept_aside"]


async def test_an_edited_summary_is_what_later_chapters_read(desk: Desk) -> None:
    book = desk.create(chapters=3, continuity_lag=1)
    await write(book, until="1")
    desk.edit("chapters/chapter_01/metadata.json", "A chapter_summary of 1.", "Mira found the green door.")
    await write(book)
    assert book.chapter(1).summary == "Mira found the green door."
    assert "Mira found the green door." in desk.read("chapters/chapter_01/metadata.json")
    assert desk.asked_for().count("chapter_summary 1") == 1


# ── plan ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_outline_can_be_renamed_grown_and_shortened_before_it_is_written(desk: Desk) -> None:
    book = await outlined(desk, chapters=3)
    ids = [c.id for c in book.chapters]
    text = desk.read("outline.md")
    head, one, two, three = _chapters(text)
    one = one.replace("1. Chapter title 1", "1. The Green Door").replace("Ada meets Bo at place 1.", "Mira is alone.")
    mine = head + one + three + "## A New Chapter\n\nOlga comes home.\n\n- She has a key\n"
    desk.path("outline.md").write_text(mine, encoding="utf-8")
    await write(book)
    assert [c.title for c in book.chapters] == ["The Green Door", "Chapter title 3", "A New Chapter"]
    assert [c.id for c in book.chapters][:2] == [ids[0], ids[2]]
    assert [c.number for c in book.chapters] == [1, 2, 3]
    assert two.startswith("## 2.")
    assert [p for p in desk.asked_for() if p.startswith("section")] == [
        "section 1.1", "section 1.2", "section 2.1", "section 2.2", "section 3.1", "section 3.2",
    ]  # fmt: skip
    assert "Mira is alone." in prompt_of(desk, "section 1.1")
    assert "Olga comes home.\n- She has a key" in prompt_of(desk, "section 3.1")
    assert book.status()["state"] == "complete"
    after = desk.read("outline.md")
    assert "## 3. A New Chapter <!-- c-" in after
    assert edits(book)[0] == ("outline", "outline.md")
    assert not desk.path("chapters/chapter_04").exists()


def _chapters(outline: str) -> list[str]:
    head, *rest = outline.split("\n## ")
    return [head + "\n", *("## " + part.rstrip("\n") + "\n\n" for part in rest)]


async def test_what_is_written_is_not_dropped_with_its_heading(desk: Desk) -> None:
    book = desk.create(chapters=3)
    await write(book, until="2")
    head, _one, two, three = _chapters(desk.read("outline.md"))
    desk.path("outline.md").write_text(head + two + three, encoding="utf-8")
    await write(book)
    assert [c.title for c in book.chapters] == ["Chapter title 2", "Chapter title 3", "Chapter title 1"]
    assert desk.read("chapters/chapter_03/content.md").startswith("# Chapter title 1")
    assert "Ada went on with 1.1" in desk.read("chapters/chapter_03/content.md")
    assert desk.read("chapters/chapter_01/content.md").startswith("# Chapter title 2")


async def test_a_chapter_without_its_section_headings_keeps_its_sections(desk: Desk) -> None:
    """As saved from an editor that was opened before the sections were planned."""
    book = await outlined(desk)
    ids = [s.id for c in book.value.chapters for s in c.sections]
    text = desk.read("outline.md")
    lines = [line for line in text.split("\n") if not line.startswith("### ") and not line.startswith("Ada does")]
    desk.path("outline.md").write_text("\n".join(lines).replace("place 2", "the harbour"), encoding="utf-8")
    run = await write(book)
    assert run.state == "done"
    assert [s.id for c in book.value.chapters for s in c.sections] == ids
    assert "the harbour" in prompt_of(desk, "section 2.1")


async def test_a_chapters_own_outline_can_be_edited(desk: Desk) -> None:
    book = await outlined(desk)
    place = "chapters/chapter_02/outline.json"
    document = json.loads(desk.read(place))
    first, second = document["sections"]
    second["points"] = ["The key is made of salt"]
    document["sections"] = [second, {"title": "Added", "brief": "Olga sings.", "points": []}]
    desk.path(place).write_text(json.dumps(document), encoding="utf-8")
    await write(book)
    titles = [s.title for s in book.chapter(2).sections]
    assert titles == [second["title"], "Added"]
    assert book.chapter(2).sections[0].id == second["id"]
    assert first["id"] not in [s.id for s in book.chapter(2).sections]
    assert "The key is made of salt" in prompt_of(desk, "section 2.1")
    assert "Olga sings." in prompt_of(desk, "section 2.2")
    assert ("chapter_outline", place) in edits(book)


async def test_people_and_their_bonds_can_be_edited(desk: Desk) -> None:
    book = await outlined(desk)
    desk.edit("characters/profiles.json", '"description": ""', '"description": "keeps bees"')
    bonds = {"relationships": [{"from": "Ada", "to": "Bo", "kind": "sister", "description": "", "since_chapter": 1}]}
    desk.path("characters/relationships.json").write_text(json.dumps(bonds), encoding="utf-8")
    await write(book)
    assert "keeps bees" in prompt_of(desk, "section 1.1")
    ada = book.value.characters[0]
    assert (ada.description, [(r.to, r.kind) for r in ada.relationships]) == ("keeps bees", [("Bo", "sister")])
    assert {kind for kind, _ in edits(book)} == {"characters"}
    assert json.loads(desk.read("characters/relationships.json")) == bonds
    assert desk.asked_for().count("characters") == 1


async def test_what_a_person_changes_in_book_json_simply_counts(desk: Desk) -> None:
    book = await outlined(desk)
    desk.edit("book.json", '"words": 50', '"words": 77')
    desk.edit("book.json", '"title": "The Salt Road"', '"title": "The Salt Way",\n  "editor": "Olga"')
    await write(book)
    assert 'words="77"' in prompt_of(desk, "section 1.1")
    assert book.title == "The Salt Way"
    assert desk.read("outline.md").startswith("# The Salt Way\n")
    assert json.loads(desk.read("book.json"))["editor"] == "Olga"


# ── while a run is going ──────────────────────────────────────────────────────────────────────────────────────


async def test_an_edit_of_a_written_section_during_a_run_is_kept_and_read(desk: Desk) -> None:
    book = desk.create()
    mine = "## Scene 1.1\n\nThe door was green, said Mira.\n"

    def answer(kind: str, request: Request) -> None:
        if place_of(request) == "section 1.2":
            desk.path(SECTION_11).write_text(mine, encoding="utf-8")

    desk.answer = answer
    run = await write(book)
    assert run.state == "done"
    assert desk.read(SECTION_11) == mine
    assert "The door was green" in desk.read(CONTENT_1)
    assert "The door was green" in prompt_of(desk, "chapter_summary 1")
    assert edits(book) == [("section", SECTION_11)]


async def test_a_section_a_person_writes_while_a_model_does_is_the_persons(desk: Desk) -> None:
    book = desk.create()

    def answer(kind: str, request: Request) -> None:
        if place_of(request) == "section 1.2":
            desk.path(SECTION_12).write_text("I was faster.\n", encoding="utf-8")

    desk.answer = answer
    await write(book)
    assert desk.read(SECTION_12) == "I was faster.\n"
    assert (book.section("1.2").text, book.section("1.2").status) == ("I was faster.", "edited")
    assert [r.text for r in book.ledger.history(book.section("1.2").id, "section")][-1] == "I was faster."
    assert "I was faster." in desk.read(CONTENT_1)


@pytest.mark.parametrize("parallel", [1, 3])
async def test_a_chapter_taken_out_during_a_run_is_not_written_and_stops_nothing(desk: Desk, parallel: int) -> None:
    book = desk.create(chapters=3)
    taken_out = False

    def answer(kind: str, request: Request) -> None:
        nonlocal taken_out
        if kind == "chapter_outline" and not taken_out:
            taken_out = True
            head, one, _two, three = _chapters(desk.read("outline.md"))
            desk.path("outline.md").write_text(head + one + three, encoding="utf-8")

    desk.answer = answer
    run = await write(book, parallel=parallel)
    assert run.state == "done"
    assert [c.title for c in book.chapters] == ["Chapter title 1", "Chapter title 3"]
    assert book.status()["state"] == "complete"
    assert len([p for p in desk.asked_for() if p.startswith("section")]) == 4


async def test_a_section_taken_out_while_it_is_written_stops_nothing_and_its_text_stays_in_the_ledger(
    desk: Desk,
) -> None:
    book = await outlined(desk)
    gone = book.section("1.2").id

    def answer(kind: str, request: Request) -> None:
        if place_of(request) == "section 1.2":
            document = json.loads(desk.read("chapters/chapter_01/outline.json"))
            document["sections"].pop()
            desk.path("chapters/chapter_01/outline.json").write_text(json.dumps(document), encoding="utf-8")
            book.manuscript.reload()
            from ghostkit.writing.absorbing import Absorber
            from ghostkit.writing.tracked_files import FileKeeper, all_files

            FileKeeper(book.manuscript, Absorber(book.manuscript, book.who())).take_in(all_files)

    desk.answer = answer
    run = await write(book)
    assert run.state == "done"
    assert [s.number for c in book.chapters for s in c.sections] == ["1.1", "2.1", "2.2"]
    head = book.ledger.head(gone, "section")
    assert head is not None
    assert "Ada went on with 1.2" in head.text
    assert not desk.path(SECTION_12).exists()


# ── files of what is no longer there ──────────────────────────────────────────────────────────────────────────


async def test_the_files_of_a_place_that_is_gone_go_too_unless_a_person_changed_them(desk: Desk) -> None:
    book = desk.create(chapters=3)
    await write(book, until="1")
    await write(book, until="3.1")
    document = json.loads(desk.read("book.json"))
    document["chapters"].pop(1)
    desk.path("book.json").write_text(json.dumps(document), encoding="utf-8")
    mine = "chapters/chapter_03/metadata.json"
    await write(book)
    assert [c.title for c in book.chapters] == ["Chapter title 1", "Chapter title 3"]
    assert desk.read("chapters/chapter_02/content.md").startswith("# Chapter title 3")
    assert not [p for p in desk.files() if p.startswith("chapters/chapter_03/")]
    assert not desk.path(mine).exists()


def take_out_chapter_2(desk: Desk) -> None:
    """In book.json, by hand."""
    document = json.loads(desk.read("book.json"))
    document["chapters"].pop(1)
    desk.path("book.json").write_text(json.dumps(document), encoding="utf-8")


async def test_a_changed_file_is_its_sections_whatever_number_that_has_by_now(desk: Desk) -> None:
    book = desk.create(chapters=3)
    await write(book)
    was_22, was_32 = book.section("2.2").id, book.section("3.2").id
    take_out_chapter_2(desk)
    mine = desk.edit("chapters/chapter_03/sections/section_02.md", "Ada went on", "Mira went on")
    theirs = desk.edit("chapters/chapter_02/sections/section_02.md", "Ada went on", "Olga went on")
    await write(book)
    assert book.section("2.2").id == was_32
    assert desk.read("chapters/chapter_02/sections/section_02.md") == mine
    assert [str(r.origin) for r in book.ledger.history(was_32, "section")] == ["generated", "human"]
    assert [str(r.origin) for r in book.ledger.history(was_22, "section")] == ["generated"]
    assert [text for path, text in desk.files().items() if "yours" in path] == [theirs]
    assert not desk.path("chapters/chapter_03").exists()


async def test_a_chapter_edited_as_a_whole_is_its_own_whatever_number_it_has_by_now(desk: Desk) -> None:
    book = desk.create(chapters=3)
    await write(book)
    document = json.loads(desk.read("book.json"))
    document["chapters"].reverse()
    desk.path("book.json").write_text(json.dumps(document), encoding="utf-8")
    desk.edit("chapters/chapter_01/content.md", "Ada went on with 1.1", "Mira went on with 1.1")
    desk.edit("chapters/chapter_03/metadata.json", '"title": "Chapter title 3"', '"title": "The Green Door"')
    await write(book)
    assert [c.title for c in book.chapters] == ["The Green Door", "Chapter title 2", "Chapter title 1"]
    assert book.section("3.1").text.startswith("Mira went on with 1.1")
    assert book.section("1.1").text.startswith("Ada went on with 3.1")
    assert desk.read("chapters/chapter_03/content.md").startswith("# Chapter title 1\n\n## Scene 1.1\n\nMira went on")
    assert not [path for path in desk.files() if "yours" in path]


async def test_a_sections_heading_under_another_chapter_moves_the_section(desk: Desk) -> None:
    book = desk.create(chapters=3)
    await write(book)
    moved, last = book.section("1.2").id, [s.id for s in book.chapter(3).sections]
    text = desk.read("outline.md")
    head, one, two, three = _chapters(text)
    start = one.index("### 1.2")
    two = two.rstrip("\n") + "\n\n" + one[start:]
    three_sections = three[three.index("### 3.1") :]  # all that chapter 3 has
    mine = head + one[:start] + two + three_sections + three[: three.index("### 3.1")]
    desk.path("outline.md").write_text(mine, encoding="utf-8")
    await write(book)
    assert [s.id for s in book.chapter(2).sections][2:] == [moved, *last]
    assert desk.read("chapters/chapter_02/sections/section_03.md").startswith("## Scene 1.2\n\nAda went on with 1.2")
    assert [len(c.sections) for c in book.chapters] == [1, 5]
    assert not desk.path("chapters/chapter_01/sections/section_02.md").exists()
    assert not desk.path("chapters/chapter_03").exists()
    assert book.status()["state"] == "complete"


async def test_a_plan_saved_over_a_deletion_does_not_bring_it_back(desk: Desk) -> None:
    book = desk.create(chapters=3)
    await write(book)
    opened = desk.read("outline.md")
    book.chapter(2).delete(force=True)
    book.section("1.2").delete(force=True)
    desk.path("outline.md").write_text(opened.replace("place 3", "the harbour"), encoding="utf-8")
    await write(book)
    assert [c.title for c in book.chapters] == ["Chapter title 1", "Chapter title 3"]
    assert len(book.chapter(1).sections) == 1
    assert "the harbour" in book.chapter(2).value.brief


# ── files that can't be read ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "place",
    [SECTION_11, CONTENT_1, "outline.md", "characters/profiles.json", "chapters/chapter_01/metadata.json", "book.json"],
)
async def test_a_file_that_is_not_utf_8_is_a_sentence_and_stays_as_it_is(desk: Desk, place: str) -> None:
    await write(desk.create(), until="1")
    data = desk.path(place).read_bytes() + "Ёлка".encode("cp1251")
    desk.path(place).write_bytes(data)
    before = {p: t for p, t in _all_bytes(desk).items() if not p.startswith(("ledger", "logs"))}
    desk.leave()
    for _ in range(2):
        with pytest.raises(BookDamaged, match="is not UTF-8 text: byte") as raised:
            desk.open()
        assert place in raised.value.message
        assert "Save it as UTF-8" in raised.value.fix
    assert {p: t for p, t in _all_bytes(desk).items() if not p.startswith(("ledger", "logs"))} == before
    desk.path(place).write_bytes(data[: -len("Ёлка".encode("cp1251"))])
    assert (await write(desk.open())).state == "done"


def _all_bytes(desk: Desk) -> dict[str, bytes]:
    root = desk.path(".")
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    ("place", "old", "new"),
    [
        ("characters/profiles.json", '"characters"', '"characters'),
        ("characters/relationships.json", '"relationships": []', '"relationships": 7'),
        ("chapters/chapter_01/outline.json", '"sections": [', '"sections": '),
        ("chapters/chapter_01/metadata.json", "{", ""),
        ("outline.md", "## 1.", "### 1."),
    ],
)
async def test_a_mangled_file_stops_the_run_with_a_sentence_and_stays_as_it_is(
    desk: Desk, place: str, old: str, new: str
) -> None:
    book = desk.create()
    await write(book, until="1")
    good = desk.read(place)
    broken = desk.edit(place, old, new)
    for _ in range(2):
        with pytest.raises(BookDamaged, match=place.split("/")[-1]):
            await write(book)
        assert desk.read(place) == broken
    desk.path(place).write_text(good, encoding="utf-8")
    assert (await write(book)).state == "done"
