"""A sync tool's copy of a file that two machines changed: its words wait as a proposal, once, and it is kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import ghostkit as gk
from ghostkit.errors import StorageError
from ghostkit.events import EVENT_DATA, Event, EventType
from ghostkit.writing.conflicts import original_of

from ..desk import Desk, write

pytestmark = pytest.mark.anyio

SECTIONS = "chapters/chapter_01/sections"
COPIES = [
    "section_01 (Ana's conflicted copy 2026-11-20).md",
    "section_01 (conflicted copy 2026-11-20 101010).md",
    "section_01 (SFConflict ana@example.com 2026-11-20-10-10-10).md",
    "section_01 (конфликтующая копия Ana 2026-11-20).md",
    "section_01.sync-conflict-20261120-101010-ABCDEFG.md",
    "section_01-DESKTOP-1A2B3C.md",
    "section_01-Anas-MacBook-Pro.md",
    "section_01 (1).md",
    "section_01 2.md",
    "section_01.Conflict.md",
    "section_01.md.Conflict",
]
NOT_COPIES = [
    "section_01.md", "section_01.yours-1a2b3c4d.md", "section_01-notes.md", "section_1 (1).md", "notes (1).md",
    "section_01.md~", "section_01 draft.md", "content-old.md", ".section_01.md.1a2b3c4d.tmp", "section_01 (1).txt",
]  # fmt: skip


@pytest.mark.parametrize("name", COPIES)
def test_the_names_that_sync_tools_give_are_known(name: str) -> None:
    assert original_of(name) == "section_01.md"


@pytest.mark.parametrize("name", NOT_COPIES)
def test_a_persons_own_files_are_no_copies(name: str) -> None:
    assert original_of(name) is None


async def written(desk: Desk) -> gk.Book:
    book = desk.create()
    await write(book)
    return book


def told(book: gk.Book) -> list[dict[str, str]]:
    found = [dict(event.data) for event in book.ledger.events(types=["file_set_aside"])]
    assert all(set(data) == set(EVENT_DATA[EventType.FILE_SET_ASIDE]) for data in found)
    return found


@pytest.mark.parametrize("name", COPIES)
async def test_a_sections_copy_becomes_a_proposal_once_and_lies_in_conflicts(desk: Desk, name: str) -> None:
    book = await written(desk)
    events: list[Event] = []
    book.events.subscribe(EventType.FILE_SET_ASIDE, events.append)
    theirs = desk.read(f"{SECTIONS}/section_01.md").replace("Ada went", "Mira went")
    desk.path(f"{SECTIONS}/{name}").write_text(theirs, encoding="utf-8")
    assert book.look_for_edits() is True
    assert book.look_for_edits() is False
    (waiting,) = book.ledger.proposals()
    section = book.section("1.1")
    assert waiting.revision.object_id == section.id
    assert waiting.revision.text == section.text.replace("Ada went", "Mira went")
    assert (waiting.source, waiting.note) == ("conflict", name)
    head = book.ledger.head(section.id, "section")
    assert head is not None
    assert waiting.revision.base_id == head.id
    assert section.text.startswith("Ada went")
    assert not desk.path(f"{SECTIONS}/{name}").exists()
    assert desk.read(f"conflicts/{SECTIONS}/{name}") == theirs
    assert [data["path"] for data in told(book)] == [f"{SECTIONS}/{name}"]
    assert len(events) == 1
    desk.leave()
    assert len(desk.open().ledger.proposals()) == 1


async def test_its_base_is_the_text_it_was_made_from_however_often_ours_changed_since(desk: Desk) -> None:
    book = await written(desk)
    section = book.section("1.1")
    old = book.ledger.head(section.id, "section")
    assert old is not None
    section.edit("Something else entirely, written over there.")
    name = f"{SECTIONS}/section_01 (1).md"
    desk.path(name).write_text(f"## Scene 1.1\n\n{old.text} And so on.\n", encoding="utf-8")
    book.look_for_edits()
    (waiting,) = book.ledger.proposals()
    assert waiting.revision.base_id == old.id
    assert section.text == "Something else entirely, written over there."


async def test_a_copy_that_says_what_is_known_is_moved_aside_without_a_proposal(desk: Desk) -> None:
    book = await written(desk)
    ours = desk.read(f"{SECTIONS}/section_01.md")
    desk.path(f"{SECTIONS}/section_01 (1).md").write_text(ours, encoding="utf-8")
    book.section("1.2").edit("Newer.")
    old = ours.replace("1.1", "1.2")
    desk.path(f"{SECTIONS}/section_02 (1).md").write_text(old, encoding="utf-8")
    book.look_for_edits()
    assert book.ledger.proposals() == []
    assert [data["reason"] for data in told(book)] == ["A copy in conflict said nothing new."] * 2
    assert desk.read(f"conflicts/{SECTIONS}/section_01 (1).md") == ours


async def test_a_chapters_copy_becomes_proposals_for_the_sections_that_differ(desk: Desk) -> None:
    book = await written(desk)
    place = "chapters/chapter_01/content (Ana's conflicted copy 2026-11-20).md"
    text = desk.read("chapters/chapter_01/content.md").replace("Ada went on with 1.2", "Olga went on with 1.2")
    desk.path(place).write_text(text, encoding="utf-8")
    book.look_for_edits()
    (waiting,) = book.ledger.proposals()
    assert waiting.revision.object_id == book.section("1.2").id
    assert waiting.revision.text.startswith("Olga went on with 1.2")
    assert desk.read(f"conflicts/{place}") == text


@pytest.mark.parametrize(
    "place",
    ["outline (1).md", "book (conflicted copy).json", "characters/profiles 2.json", f"{SECTIONS}/section_09 (1).md",
     "chapters/chapter_01/content (1).md"],
)  # fmt: skip
async def test_what_is_no_sections_text_is_kept_and_told(desk: Desk, place: str) -> None:
    book = await written(desk)
    desk.path(place).write_text("anything, but no chapter\n", encoding="utf-8")
    assert book.look_for_edits() is True
    assert book.ledger.proposals() == []
    (data,) = told(book)
    assert (data["path"], data["kept"]) == (place, f"conflicts/{place}")
    assert desk.read(f"conflicts/{place}") == "anything, but no chapter\n"


async def test_a_copy_that_is_not_text_stays_and_is_told_once(desk: Desk) -> None:
    book = await written(desk)
    path = desk.path(f"{SECTIONS}/section_01 (1).md")
    path.write_bytes(b"\xff\xfe\x00binary")
    desk.path(f"{SECTIONS}/section_01 2.md").mkdir()
    desk.path(f"{SECTIONS}/section_01 3.md").symlink_to(desk.path("book.json"))
    book.look_for_edits()
    book.look_for_edits()
    assert path.exists()
    assert [data["kept"] for data in told(book)] == [f"{SECTIONS}/section_01 (1).md"]


async def test_a_copy_of_a_section_that_has_moved_since_is_still_that_sections(desk: Desk) -> None:
    book = await written(desk)
    moved = book.section("1.1")
    moved.move("2.1")
    desk.path("chapters/chapter_02/sections/section_01 (1).md").write_text("From over there.\n", encoding="utf-8")
    book.look_for_edits()
    (waiting,) = book.ledger.proposals()
    assert waiting.revision.object_id == moved.id


@pytest.mark.parametrize("point", ["propose.before_commit", "propose.after_commit"])
async def test_a_crash_while_a_copy_is_taken_in_makes_it_neither_two_nor_none(
    desk: Desk, point: str, fault: Callable[[str], None]
) -> None:
    book = await written(desk)
    desk.path(f"{SECTIONS}/section_01 (1).md").write_text("From over there.\n", encoding="utf-8")
    fault(f"{point}:1:eio")
    with pytest.raises((StorageError, OSError)):
        book.look_for_edits()
    desk.leave()
    book = desk.open()
    assert [p.revision.text for p in book.ledger.proposals()] == ["From over there."]
    assert desk.read(f"conflicts/{SECTIONS}/section_01 (1).md") == "From over there.\n"


async def test_two_copies_of_one_name_and_different_words_are_both_kept(desk: Desk) -> None:
    book = await written(desk)
    for words in ("One.\n", "Two.\n"):
        desk.path(f"{SECTIONS}/section_01 (1).md").write_text(words, encoding="utf-8")
        book.look_for_edits()
    assert [p.revision.text for p in book.ledger.proposals()] == ["One.", "Two."]
    kept = sorted(path.read_text("utf-8") for path in desk.path(f"conflicts/{SECTIONS}").iterdir())
    assert kept == ["One.\n", "Two.\n"]
