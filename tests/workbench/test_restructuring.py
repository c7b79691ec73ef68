"""What people do to a live book's structure and words, beside runs and beside other processes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import anyio
import pytest

import ghostkit as gk
from ghostkit.errors import DependedOn, InputError, LeaseHeld, StorageError, UnknownName
from ghostkit.events import EVENT_DATA, Event, EventType
from ghostkit.ledger import SqliteLedger, in_thread
from ghostkit.providers import Request

from ..desk import Desk, finish, place_of, write

pytestmark = pytest.mark.anyio


async def written(desk: Desk, **options: Any) -> gk.Book:
    book = desk.create(**{"chapters": 3, **options})
    await write(book)
    return book


def numbers(book: gk.Book) -> list[str]:
    return [section.number for chapter in book.chapters for section in chapter.sections]


def changes(book: gk.Book) -> list[tuple[str, str, str]]:
    found = book.ledger.events(types=["structure_changed"])
    assert all(set(e.data) >= set(EVENT_DATA[EventType.STRUCTURE_CHANGED]) for e in found)
    return [(e.data["what"], e.data["number"], e.data["to"]) for e in found]


# ── acts ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_is_added_is_planned_and_then_written(desk: Desk) -> None:
    book = await written(desk, chapters=2)
    prologue = book.add_chapter("Prologue", "Olga waits.", ["She has a key"], after=0)
    ferry = book.chapter(2).add_section("The Ferry", "They cross.", ["The ferryman is mute"], after="2.1")
    assert (prologue.number, ferry.number) == (1, "2.2")
    assert "## 1. Prologue" in desk.read("outline.md")
    assert "### 2.2 The Ferry" in desk.read("outline.md")
    calls = desk.calls
    run = await write(book)
    assert run.state == "done"
    new = desk.asked_for()[calls:]
    assert [p for p in new if p.startswith(("section", "chapter_outline"))] == [
        "chapter_outline 1", "section 1.1", "section 1.2", "section 2.2",
    ]  # fmt: skip
    assert changes(book) == [("add", "", "1"), ("add", "", "2.2")]


async def test_a_moved_section_takes_its_text_history_and_receipt_along(desk: Desk) -> None:
    book = await written(desk)
    section = book.section("1.2")
    text, paid = section.text, section.receipt()["fingerprint"]
    section.move("3.1")
    assert (section.number, section.text, section.receipt()["fingerprint"]) == ("3.1", text, paid)
    assert desk.read("chapters/chapter_03/sections/section_01.md") == f"## {section.title}\n\n{text}\n"
    assert not desk.path("chapters/chapter_01/sections/section_02.md").exists()
    assert numbers(book) == ["1.1", "2.1", "2.2", "3.1", "3.2", "3.3"]
    assert json.loads(desk.read("book.json"))["chapters"][2]["sections"][0]["id"] == section.id
    calls = desk.calls
    await write(book)
    assert desk.calls == calls


async def test_a_split_keeps_every_word_and_both_receipts(desk: Desk) -> None:
    book = await written(desk)
    section = book.section("2.1")
    text, paid = section.text, section.receipt()
    second = section.split("Bo watched", title="Bo")
    assert (section.text, second.text) == ("Ada went on with 2.1.", "Bo watched her do it.")
    assert (second.number, second.title) == ("2.2", "Bo")
    assert [part.receipt()["fingerprint"] for part in (section, second)] == [paid["fingerprint"]] * 2
    assert [part.receipt()["edited_since"] for part in (section, second)] == [False, False]
    assert [part.status for part in (section, second)] == ["complete", "complete"]
    section.merge_with_next()
    assert section.text.split() == text.split()
    assert section.receipt()["fingerprint"] == paid["fingerprint"]
    with pytest.raises(UnknownName):
        second.text  # noqa: B018
    assert [str(r.origin) for r in book.ledger.history(second.id, "section")] == ["generated"]
    with pytest.raises(InputError, match=r"was merged into 2\.1"):
        book.undelete(second.id)


async def test_a_chapter_is_split_before_a_section_and_merged_again(desk: Desk) -> None:
    book = await written(desk, sections=3)
    ids = [s.id for s in book.chapter(2).sections]
    second = book.chapter(2).split("2.2", title="Later")
    assert [c.title for c in book.chapters] == ["Chapter title 1", "Chapter title 2", "Later", "Chapter title 3"]
    assert [s.id for s in second.sections] == ids[1:]
    assert desk.read("chapters/chapter_03/content.md").startswith("# Later\n\n## Scene 2.2")
    book.chapter(2).merge_with_next()
    assert [s.id for s in book.chapter(2).sections] == ids
    assert not desk.path("chapters/chapter_04").exists()


async def test_deleting_what_others_read_names_them_and_needs_force(desk: Desk) -> None:
    book = await written(desk)
    files = desk.files()
    with pytest.raises(DependedOn, match=r"^1\.2 is read by 2\.1, 2\.2, 3\.1 and 3\.2\. ") as refused:
        book.section("1.2").delete()
    assert "--yes" in refused.value.fix
    with pytest.raises(DependedOn, match=r"^Chapter 2 is read by 3\.1 and 3\.2\. "):
        book.chapter(2).delete()
    assert desk.files() == files
    last = book.section("3.2")
    last.delete()  # nobody reads it
    book.chapter(2).delete(force=True)
    assert numbers(book) == ["1.1", "1.2", "2.1"]
    assert not desk.path("chapters/chapter_03").exists()
    assert [str(r.origin) for r in book.ledger.history(last.id, "section")] == ["generated"]


async def test_what_was_deleted_comes_back_with_its_words_under_its_id(desk: Desk) -> None:
    book = await written(desk)
    before = {path: text for path, text in desk.files().items() if path != "book.json"}
    chapter, section = book.chapter(1), book.section("2.2")
    chapter.delete(force=True)
    section.delete(force=True)
    desk.leave()
    book = desk.open()
    assert [gone.part.id for gone in book.removed] == [chapter.id, section.id]
    for gone in book.removed:
        book.undelete(gone.part.id)
    assert {path: text for path, text in desk.files().items() if path != "book.json"} == before
    assert book.removed == ()
    with pytest.raises(UnknownName, match="Nothing deleted has the id 's-00000000'"):
        book.undelete("s-00000000")


async def test_ids_of_deleted_parts_are_never_given_again(desk: Desk) -> None:
    book = await written(desk)
    seen = {s.id for c in book.value.chapters for s in c.sections} | {c.id for c in book.value.chapters}
    book.chapter(3).delete(force=True)
    book.section("2.2").delete(force=True)
    fresh = [book.add_chapter("New").id, book.add_section(2, "New").id, book.section("1.1").split("Bo").id]
    assert seen.isdisjoint(fresh)
    assert len(set(fresh)) == 3


WRONG: dict[str, Callable[[gk.Book], Any]] = {
    "There is no chapter 9": lambda book: book.move("9", "1"),
    "There is no place 9 for a chapter": lambda book: book.move("1", "9"),
    "There is no place 2.9 for a section": lambda book: book.move("1.1", "2.9"),
    "There is no section '4.4'": lambda book: book.move("4.4", "1.1"),
    "'x.y' is no place": lambda book: book.move("x.y", "1"),
    "can't become section 2.1": lambda book: book.move("1", "2.1"),
    "needs a title": lambda book: book.add_chapter(" \n "),
    "is not in chapter 2": lambda book: book.add_section(2, "T", after="1.1"),
    "does not say “Nobody": lambda book: book.section("1.1").split("Nobody said this"),
    "says “Ada” 2 times": lambda book: book.section("1.1").split("Ada"),
    "no paragraph 2": lambda book: book.section("1.1").split(2),
    "halves would be empty": lambda book: book.section("1.1").split("Ada went"),
    "already begins there": lambda book: book.chapter(1).split("1.1"),
    "are not neighbours in one chapter": lambda book: book.merge("1.1", "2.1"),
    "Chapters 1 and 3 are not neighbours": lambda book: book.merge("1", "3"),
    "can't become one": lambda book: book.merge("1", "2.1"),
    "is the last section of its chapter": lambda book: book.section("1.2").merge_with_next(),
    "Chapter 3 is the last one": lambda book: book.chapter(3).merge_with_next(),
}


async def test_what_can_not_be_meant_is_one_sentence_and_changes_nothing(desk: Desk) -> None:
    book = await written(desk)
    book.section("1.1").edit("Ada went on. Bo, too. Ada sat.")
    files, known = desk.files(), len(book.ledger.events())
    for sentence, act in WRONG.items():
        with pytest.raises(InputError, match=re.escape(sentence)) as refused:
            act(book)
        assert refused.value.fix, sentence
        assert (desk.files(), len(book.ledger.events())) == (files, known), sentence


async def test_the_only_section_and_the_only_chapter_stay(desk: Desk) -> None:
    book = await written(desk, chapters=1, sections=1)
    for act in (book.section("1.1").delete, book.chapter(1).delete):
        with pytest.raises(InputError, match="is the only"):
            act(force=True)


# ── words ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_edit_is_a_persons_revision_in_every_file_and_told(desk: Desk) -> None:
    book = await written(desk)
    told: list[Event] = []
    book.events.subscribe(EventType.HUMAN_EDIT, told.append)
    section = book.section("1.1")
    edited = section.edit("## The Gate\n\nMira went on with 1.1. Bo watched her do it.")
    assert (edited.changed, edited.words_in, edited.words_out, edited.words) == (True, 1, 1, 10)
    assert (section.title, section.status, section.value.word_count) == ("The Gate", "edited", 10)
    assert desk.read("chapters/chapter_01/sections/section_01.md").startswith("## The Gate\n\nMira went")
    assert "Mira went on with 1.1" in desk.read("chapters/chapter_01/content.md")
    assert section.edit(section.text).changed is False
    assert len(told) == 1
    assert book.look_for_edits() is False


async def test_an_edit_of_a_text_that_has_changed_meanwhile_waits_as_a_proposal(desk: Desk) -> None:
    book = await written(desk)
    section = book.section("1.1")
    base = book.ledger.head(section.id, "section")
    assert base is not None
    section.edit("Faster.")
    late = section.edit("Slower.", base_id=base.id)
    (waiting,) = book.ledger.proposals()
    assert (late.proposal, waiting.source, waiting.revision.text) == (waiting.id, "editor", "Slower.")
    assert section.text == "Faster."


async def test_locked_words_stay_locked_until_a_person_takes_them_out(desk: Desk) -> None:
    book = await written(desk)
    section = book.section("1.1")
    section.lock("Bo watched   her")
    with pytest.raises(InputError, match="does not say “Bo watches her”") as wrong:
        section.lock("Bo watches her")
    assert wrong.value.fix == "Did you mean “Bo watched her”?"
    assert desk.reopen().section("1.1").locks == ("Bo watched her",)
    book, section = desk.open(), desk.open().section("1.1")
    desk.edit("chapters/chapter_01/sections/section_01.md", "Ada", "Mira")
    book.look_for_edits()
    assert section.locks == ("Bo watched her",)
    with pytest.raises(InputError, match="lies across that place"):
        section.split("watched her")
    second = section.split("Bo watched")
    assert [part.locks for part in (section, second)] == [(), ("Bo watched her",)]
    edited = second.edit("Bo saw her.")
    assert edited.unlocked == ("Bo watched her",)
    assert second.locks == ()
    assert book.ledger.events(types=["human_edit"])[-1].data["unlocked"] == ["Bo watched her"]


async def test_unlocking_words_frees_those_and_unlocking_frees_all(desk: Desk) -> None:
    book = await written(desk)
    section = book.section("1.1")
    section.lock()
    section.lock("Ada went on")
    section.lock("watched her")
    with pytest.raises(InputError, match="No locked passage says “the sea”"):
        section.unlock("the sea")
    section.unlock("Ada")
    assert (section.value.locked, section.locks) == (True, ("watched her",))
    section.unlock()
    assert (section.value.locked, section.locks) == (False, ())


# ── beside runs and other processes ───────────────────────────────────────────────────────────────────────────


async def test_acts_during_a_run_go_through_and_the_plan_follows(desk: Desk) -> None:
    book = desk.create(chapters=3)
    done: list[str] = []

    def answer(kind: str, request: Request) -> None:
        if place_of(request) == "section 1.2" and not done:
            done.append("")
            with pytest.raises(InputError, match=r"1\.2 is being written at the moment"):
                book.section("1.2").delete(force=True)
            book.chapter(3).delete(force=True)
            book.add_section(1, "One More", "Olga sings.")
            book.section("1.1").move("2.1")

    desk.answer = answer
    run = await write(book)
    assert run.state == "done"
    assert done
    assert book.status()["state"] == "complete"
    assert [s.title for s in book.chapter(1).sections] == ["Scene 1.2", "One More"]
    assert book.section("2.1").title == "Scene 1.1"
    assert len(book.chapters) == 2
    slots = [request.slot for request in desk.provider.requests]
    assert len(slots) == len(set(slots))
    for chapter in book.value.chapters:
        for section in chapter.sections:
            path = f"chapters/chapter_{chapter.number:02d}/sections/section_{section.number:02d}.md"
            assert section.content in desk.read(path)


async def test_while_another_process_writes_acts_are_refused_and_words_are_not(desk: Desk) -> None:
    book = await written(desk)
    files = desk.files()
    other = SqliteLedger(desk.path("ledger.sqlite"), synchronous="OFF")
    other.acquire_lease({"goal": "chapter 2"})
    try:
        with pytest.raises(LeaseHeld, match="writing chapter 2") as refused:
            book.section("1.1").move("2.1")
        assert refused.value.exit_code == 4
        assert desk.files() == files
        book.section("1.1").edit("Words of mine.")
        assert "Words of mine." in desk.read("chapters/chapter_01/content.md")
    finally:
        other.release_lease()
        other.close()
    book.section("1.1").move("2.1")
    assert book.section("2.1").text == "Words of mine."


async def test_a_run_reads_what_another_process_wrote_since_the_book_was_opened(desk: Desk) -> None:
    book = await written(desk)
    other = SqliteLedger(desk.path("ledger.sqlite"), synchronous="OFF")
    section = book.section("1.1")
    head = other.head(section.id, "section")
    assert head is not None
    other.add_human_revision(section.id, "section", "From elsewhere.", book.who(), base_id=head.id)
    other.close()
    async with gk.background():
        await finish(book.write())
    assert section.text == "From elsewhere."
    assert "From elsewhere." in desk.read("chapters/chapter_01/sections/section_01.md")


@pytest.mark.parametrize("point", ["restructure.after_commit", "file.book.before", "file.section.before"])
async def test_what_a_full_disk_interrupted_the_next_act_or_run_finishes(
    desk: Desk, point: str, fault: Callable[[str], None]
) -> None:
    book = await written(desk)
    text = book.section("1.1").text
    fault(f"{point}:1:enospc")
    with pytest.raises((StorageError, OSError)):
        book.section("1.1").split("Bo watched")
    fault("")
    async with gk.background():
        await book.write()
    assert numbers(book)[:3] == ["1.1", "1.2", "1.3"]
    assert " ".join(s.text for s in book.chapter(1).sections[:2]).split() == text.split()
    assert book.ledger.pending_change() is None
    assert len(changes(book)) == 1


async def test_an_edit_made_while_a_split_was_interrupted_waits_as_a_proposal(
    desk: Desk, fault: Callable[[str], None]
) -> None:
    book = await written(desk)
    place = "chapters/chapter_01/sections/section_01.md"
    fault("restructure.after_commit:1:eio")
    with pytest.raises((StorageError, OSError)):
        book.section("1.1").split("Bo watched")
    fault("")
    desk.edit(place, "Ada went", "Mira went")
    book = desk.reopen()
    assert [s.text for s in book.chapter(1).sections[:2]] == ["Ada went on with 1.1.", "Bo watched her do it."]
    assert desk.read(place) == "## Scene 1.1\n\nAda went on with 1.1.\n"
    (waiting,) = book.ledger.proposals()
    assert waiting.revision.text == "Mira went on with 1.1. Bo watched her do it."
    assert waiting.source == "conflict"
    desk.reopen()
    assert len(desk.open().ledger.proposals()) == 1


async def test_several_threads_that_act_at_once_leave_one_order(desk: Desk) -> None:
    book = await written(desk)
    async with anyio.create_task_group() as tasks:
        for title in "abcdef":
            tasks.start_soon(in_thread, book.add_chapter, title)
    assert sorted(c.title for c in book.chapters[3:]) == list("abcdef")
    assert len({c.id for c in book.chapters}) == 9


@pytest.mark.parametrize("rewritten", [True, False])
async def test_an_edit_made_after_a_crash_among_the_files_is_whose_text_it_is(
    desk: Desk, fault: Callable[[str], None], rewritten: bool
) -> None:
    """The first file holds the new owner's text already and the second the old one's; the ledger knows of neither."""
    book = await written(desk)
    ids = {s.title: s.id for c in book.value.chapters for s in c.sections}
    fault("file.section.done:1:eio")
    with pytest.raises((StorageError, OSError)):
        book.section("1.1").move("2.1")
    fault("")
    place, title = ("chapter_01/sections/section_01.md", "Scene 1.2") if rewritten else (
        "chapter_02/sections/section_01.md", "Scene 2.1"
    )  # fmt: skip
    desk.edit(f"chapters/{place}", "Ada went", "Mira went")
    book = desk.reopen()
    edited = {s.title: s.text for c in book.chapters for s in c.sections if s.status == "edited"}
    assert edited == {title: f"Mira went on with {title.split()[1]}. Bo watched her do it."}
    assert {s.title: s.id for c in book.value.chapters for s in c.sections} == ids
    assert book.section("2.1").title == "Scene 1.1"
    assert not [path for path in desk.files() if "yours" in path]
    assert "Mira went" in desk.read(f"chapters/{_place_of(book, ids[title])}")


def _place_of(book: gk.Book, section: str) -> str:
    chapter, _, inner = book.section(section).number.partition(".")
    return f"chapter_{int(chapter):02d}/sections/section_{int(inner):02d}.md"


async def test_a_deleted_section_s_answer_leaves_the_cache_too(desk: Desk) -> None:
    from dataclasses import replace

    import ghostkit as gk
    from ghostkit.cache import CacheManager

    from ..desk import QUICK

    cache = CacheManager()
    desk.create().close()
    desk.leave()
    book = gk.Book.open(desk.path("."), services=replace(QUICK, cache=lambda folder: cache))
    try:
        await write(book)
        text = book.section("2.2").text
        assert cache.purge([text + "never written"]) == 0
        book.section("2.2").delete(force=True)
        assert cache.purge([text]) == 0
        assert cache.purge([book.section("2.1").text]) == 1
    finally:
        book.close()
