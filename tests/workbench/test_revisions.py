"""Deciding, comparing and going back: the book, its files and its history agree, and nothing is ever lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import ghostkit as gk
from ghostkit import faults
from ghostkit.errors import BookDamaged, InputError, LeaseHeld, UnknownName
from ghostkit.ledger import NothingToChange, SqliteLedger, StaleBase
from ghostkit.writing.worddiff import after, before, marked

from ..desk import STALL, Desk, write
from .test_rewriting import redrawn, rewrite, written

pytestmark = pytest.mark.anyio
REFUSED = r"Input/output error|Could not"
FILE = "chapters/chapter_01/sections/section_01.md"


@pytest.fixture
def anyio_backend() -> str:
    """Runs on asyncio and trio are test_run's."""
    return "asyncio"


async def drawn(desk: Desk, variants: int = 1) -> gk.Book:
    """A written book with proposals for 1.1."""
    book = await written(desk)
    await rewrite(book, "1.1", variants=variants)
    return book


def states(book: gk.Book, number: str = "1.1") -> list[str]:
    return [version.state for version in book.section(number).history()]


# ── deciding ──────────────────────────────────────────────────────────────────────────────────────────────────


async def test_accepting_changes_book_files_and_receipt_and_keeps_the_old_text(desk: Desk) -> None:
    book = await drawn(desk)
    old = book.section("1.1").text
    told: list[str] = []
    book.events.subscribe(gk.events.EventType.PROPOSAL_ACCEPTED, lambda event: told.append(event.type))
    version = book.accept("1.1")
    assert (version.state, version.number) == ("current", "1.1")
    assert book.section("1.1").text == version.text == "Drawn as 1: Ada went on with 1.1."
    assert version.text in desk.read(FILE)
    assert version.text in desk.read("chapters/chapter_01/content.md")
    assert states(book) == ["earlier", "current"]
    assert book.section("1.1").history()[0].text == old
    assert book.receipt("1.1")["slot"].endswith("/section/1")
    assert not book.receipt("1.1")["edited_since"]
    assert told == ["proposal_accepted"]
    again = desk.reopen()
    assert again.section("1.1").text == version.text
    assert again.accept(version.id).id == version.id  # what is so already is no mistake


async def test_by_its_section_a_proposal_is_only_meant_if_it_is_the_only_one(desk: Desk) -> None:
    book = await drawn(desk, 2)
    first, second = (version.id for version in book.proposals())
    with pytest.raises(InputError, match=rf"2 proposals wait for section 1\.1: {first}, {second}"):
        book.accept("1.1")
    with pytest.raises(UnknownName, match=r"Nothing waits for section 1\.2"):
        book.accept("1.2")
    assert book.accept(str(second)).id == second
    with pytest.raises(StaleBase, match="but the book has revision") as refused:
        book.accept(first)
    assert "--over" in refused.value.fix
    assert book.accept(first, over=True).state == "current"


async def test_rejecting_puts_aside_and_keeps(desk: Desk) -> None:
    book = await drawn(desk)
    text = book.section("1.1").text
    version = book.reject("1.1", note="too sweet")
    assert version.state == "rejected"
    assert book.proposals() == []
    assert (book.section("1.1").text, states(book)) == (text, ["current", "rejected"])
    assert book.ledger.proposal(version.id).decision == "too sweet"
    with pytest.raises(NothingToChange, match="was rejected"):
        book.accept(version.id)
    assert book.section("1.1").restore(version.id).state == "current"


@pytest.mark.parametrize("over", [False, True])
async def test_locked_sections_and_passages_give_way_only_to_over(desk: Desk, over: bool) -> None:
    book = await drawn(desk)
    await rewrite(book, "1.2")
    book.section("1.1").lock()
    book.section("1.2").lock(span="Bo watched her")
    for number, said in (("1.1", "is locked"), ("1.2", "lacks the locked passage")):
        if over:
            assert book.accept(number, over=True).state == "current"
        else:
            with pytest.raises(InputError, match=said):
                book.accept(number)
            assert states(book, number) == ["current", "open"]


async def test_a_saved_edit_comes_before_an_acceptance_and_is_never_lost(desk: Desk) -> None:
    await drawn(desk)
    mine = desk.edit(FILE, "Ada went", "Ada strode")
    with pytest.raises(StaleBase):
        desk.reopen().accept("1.1")
    assert desk.read(FILE) == mine
    assert desk.open().section("1.1").text.startswith("Ada strode")
    assert states(desk.open()) == ["earlier", "open", "current"]


async def test_an_edit_that_nobody_has_looked_at_yet_comes_before_any_act(desk: Desk) -> None:
    book = await drawn(desk)
    first = book.section("1.1").history()[0].id
    book.accept("1.1")
    desk.edit(FILE, "Ada went", "Ada strode")
    book.section("1.1").restore(first)
    texts = [version.text for version in book.section("1.1").history()]
    assert "Ada strode" in texts[-1]
    assert book.section("1.1").text == texts[0]
    assert texts[0] in desk.read(FILE)


async def test_another_persons_text_is_proposed_and_accepted_the_same_way(desk: Desk) -> None:
    book = await written(desk)
    head = book.ledger.head(book.section("1.1").id, "section")
    assert head is not None
    book.ledger.add_proposal(
        head.object_id, "section", "By an editor.", book.who(), base_id=head.id, source="editor", note="cut"
    )
    (version,) = book.proposals()
    assert (version.source, version.note, version.origin) == ("editor", "cut", "human")
    book.section("1.1").lock()
    assert book.accept("1.1").text == "By an editor."
    assert book.section("1.1").status == "edited"


@pytest.mark.parametrize("point", ["accept.before_commit", "accept.after_commit", "file.section.before"])
async def test_an_acceptance_that_a_disk_refused_is_made_again(
    desk: Desk, fault: Callable[[str], None], point: str
) -> None:
    book = await drawn(desk)
    old = book.section("1.1").text
    fault(f"{point}:1:eio")
    with pytest.raises(Exception, match=REFUSED):
        book.accept("1.1")
    assert faults._hits.get(point) == 1
    faults.load({})
    book = desk.reopen()
    version = book.section("1.1").history()[-1]
    assert book.section("1.1").text == (old if point == "accept.before_commit" else version.text)
    book.accept(version.id)
    assert version.text in desk.read(FILE)
    assert states(book) == ["earlier", "current"]


async def test_what_another_process_accepts_while_a_run_writes_is_kept_and_is_no_edit(desk: Desk) -> None:
    book = desk.create()
    await write(book, until="1.1")
    section = book.section("1.1").id

    def meanwhile(kind: str, request: Any) -> None:
        if kind == "section" and not len(other.history(section, "section")) > 1:
            head = other.head(section, "section")
            assert head is not None
            waits = other.add_proposal(
                section, "section", "From elsewhere.", book.who(), base_id=head.id, source="editor"
            )
            other.accept(waits.id, book.who())

    other = SqliteLedger(desk.path("ledger.sqlite"), synchronous="OFF")
    desk.answer = meanwhile
    await write(book)
    other.close()
    book = desk.reopen()
    assert book.section("1.1").text == "From elsewhere."
    assert states(book) == ["earlier", "current"]
    await write(book)
    assert states(book) == ["earlier", "current"]
    assert "From elsewhere." in desk.read(FILE)
    assert "From elsewhere." in desk.read("chapters/chapter_01/content.md")


# ── comparing ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_diff_shows_what_waits_then_what_was_taken_then_what_is_named(desk: Desk) -> None:
    book = await drawn(desk)
    old = book.section("1.1").text
    found = book.section("1.1").diff()
    assert (found.old.state, found.new.state) == ("current", "open")
    assert (before(found.pieces), after(found.pieces)) == (old, found.new.text)
    assert marked(found.pieces).startswith("{+Drawn as 1: +}Ada went on with 1.1.")
    book.accept("1.1")
    found = book.section("1.1").diff()
    assert (found.old.state, found.new.state) == ("earlier", "current")
    assert after(found.pieces) == book.section("1.1").text
    book.section("1.1").restore(found.old.id)
    back = book.section("1.1").diff()
    assert (before(back.pieces), after(back.pieces)) == (after(found.pieces), old)
    assert book.section("1.1").diff(found.new.id, found.old.id).new.id == found.old.id


async def test_what_can_not_be_compared_is_told(desk: Desk) -> None:
    book = desk.create()
    await write(book, until="1.1")
    with pytest.raises(UnknownName, match=r"Section 1\.1 has had one text only"):
        book.section("1.1").diff()
    with pytest.raises(UnknownName, match=r"Section 1\.2 has no text yet"):
        book.section("1.2").diff()
    with pytest.raises(UnknownName, match=r"Section 1\.1 has no revision 999"):
        book.section("1.1").diff(999)


# ── going back ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_restored_text_is_the_books_in_every_file_and_restoring_it_again_is_told(desk: Desk) -> None:
    book = await drawn(desk)
    first = book.section("1.1").history()[0]
    files = desk.files()
    book.accept("1.1")
    book.section("1.1").restore(first.id)
    assert desk.files() == files
    assert states(book) == ["current", "earlier"]
    with pytest.raises(NothingToChange, match="is the text the book has"):
        book.section("1.1").restore(first.id)
    assert desk.reopen().section("1.1").text == first.text


async def test_a_locked_passage_does_not_go_by_going_back(desk: Desk) -> None:
    book = await drawn(desk)
    first = book.section("1.1").history()[0].id
    book.accept("1.1")
    book.section("1.1").lock(span="Drawn as 1")
    with pytest.raises(InputError, match="lacks the locked passage"):
        book.section("1.1").restore(first)
    assert states(book) == ["earlier", "current"]


async def test_a_chapters_file_saved_as_it_was_before_going_back_is_no_edit(desk: Desk) -> None:
    book = await drawn(desk)
    first = book.section("1.1").history()[0]
    book.accept("1.1")
    content = desk.read("chapters/chapter_01/content.md")
    book.section("1.1").restore(first.id)
    desk.path("chapters/chapter_01/content.md").write_text(content + "\n", encoding="utf-8")
    book = desk.reopen()
    assert book.section("1.1").text == first.text
    assert states(book) == ["current", "earlier"]


async def test_a_section_goes_back_to_what_a_checkpoint_holds(desk: Desk) -> None:
    book = await drawn(desk)
    old = book.section("1.1").text
    book.accept("1.1")
    await rewrite(book, "1.2", accept=True)
    kept = book.section("1.2").text
    found = book.restore_checkpoint("latest", "1.1")
    assert [text["what"] for text in found["texts"]] == ["Section 1.1"]
    assert (book.section("1.1").text, book.section("1.2").text) == (old, kept)


async def test_a_book_goes_back_to_a_checkpoint_and_forward_again(desk: Desk) -> None:
    book = await drawn(desk)
    before_all = desk.files()
    book.accept("1.1")
    await rewrite(book, "2", accept=True)
    desk.edit("outline.md", "Ada does thing 2.1.", "Ada does nothing.")
    book.look_for_edits()
    book.retitle("Another Road")
    await rewrite(book, "1.2")
    after_all = desk.files()
    found = book.restore_checkpoint()
    assert desk.files() == before_all
    assert found["structure"] is True
    assert len(found["texts"]) >= 3
    with pytest.raises(NothingToChange, match="Nothing would change"):
        book.restore_checkpoint()
    book.restore_checkpoint(found["undo"])
    assert desk.files() == after_all
    assert desk.reopen().title == "Another Road"
    assert [p.number for p in desk.open().proposals()] == ["1.2"]


async def test_what_came_after_the_checkpoint_is_taken_out_and_can_be_brought_back(desk: Desk) -> None:
    book = await written(desk)
    book.add_section(2, title="The Late One", brief="Ada is late.")
    desk.answer = lambda kind, request: None
    await write(book)
    late = book.section("2.3")
    text, late_id = late.text, late.id
    assert text
    found = book.restore_checkpoint(book.checkpoints.list()[1])
    assert len(book.chapters[1].sections) == 2
    assert [gone.part.id for gone in book.value.removed] == [late_id]
    assert [r.text for r in book.ledger.history(late_id, "section")] == [text]
    book.restore_checkpoint(found["undo"])
    assert book.section("2.3").text == text
    assert book.value.removed == ()


async def test_what_was_not_planned_yet_then_stays_as_it_is_and_is_not_bought_again(desk: Desk) -> None:
    book = await drawn(desk)
    book.accept("1.1")
    later = [section.text for section in book.chapters[1].sections]
    calls = desk.calls
    book.restore_checkpoint(book.checkpoints.list()[0])
    assert book.section("1.1").history()[0].state == "current"
    assert [section.text for section in book.chapters[1].sections] == later
    await write(book)
    assert desk.calls == calls


async def test_locks_outlast_going_back(desk: Desk) -> None:
    book = await drawn(desk)
    book.accept("1.1")
    await rewrite(book, "1.2", accept=True)
    mine = book.section("1.1").text
    book.section("1.1").lock()
    found = book.restore_checkpoint()
    assert book.section("1.1").text == mine
    assert book.section("1.1").value.locked
    assert any("1.1 stays as it is: it is locked" in line for line in found["kept"])


@pytest.mark.parametrize(
    "damage", ["[]", "{", '{"heads": 3, "book": "x"}', '{"heads": {"a/b": {"revision": 1}}, "book": {}}']
)
async def test_a_damaged_checkpoint_is_told_and_changes_nothing(desk: Desk, damage: str) -> None:
    book = await drawn(desk)
    name = book.checkpoints.list()[0]
    book.accept("1.1")
    desk.path(f"checkpoints/checkpoint_{name}.json").write_text(damage, encoding="utf-8")
    files = desk.files()
    with pytest.raises((BookDamaged, NothingToChange)):
        book.restore_checkpoint(name)
    assert desk.files() == files


async def test_an_unknown_checkpoint_is_told_with_those_there_are(desk: Desk) -> None:
    book = await drawn(desk)
    with pytest.raises(UnknownName, match="no checkpoint 'x'") as told:
        book.restore_checkpoint("x")
    assert book.checkpoints.list()[0] in told.value.fix


async def test_nobody_goes_back_or_forgets_while_the_book_is_written(desk: Desk) -> None:
    book = await drawn(desk)
    book.accept("1.1")
    first = book.section("1.1").history()[0].id
    desk.answer = lambda kind, request: ["Drawn ", STALL]
    async with gk.background():
        run = book.rewrite("1.2")
        for act in (lambda: book.restore_checkpoint(), lambda: book.purge("1.1", first, "because")):
            with pytest.raises(LeaseHeld, match="being written"):
                act()
        run.cancel()
        await run.wait()


@pytest.mark.parametrize("point", ["restore.before_commit", "restore.after_commit", "structure.before_commit"])
async def test_going_back_that_was_interrupted_is_finished_by_going_back_again(
    desk: Desk, fault: Callable[[str], None], point: str
) -> None:
    book = await drawn(desk)
    wanted = desk.files()
    book.accept("1.1")
    book.retitle("Another Road")
    name = book.checkpoints.list()[-1]
    fault(f"{point}:1:eio")
    with pytest.raises(Exception, match=REFUSED):
        book.restore_checkpoint(name)
    assert faults._hits.get(point) == 1
    faults.load({})
    book = desk.reopen()
    book.restore_checkpoint(name)
    assert desk.files() == wanted


def stored(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


async def test_a_checkpoint_names_texts_and_never_holds_them(desk: Desk) -> None:
    book = await drawn(desk)
    book.accept("1.1")
    book.restore_checkpoint()
    for path in desk.path("checkpoints").glob("*.json"):
        assert "Ada went on with" not in path.read_text("utf-8")
        assert stored(path)["heads"]
    assert redrawn("section", desk.provider.requests[-1]) is not None


async def test_versions_and_differences_show_themselves_in_a_line_and_a_difference_as_safe_html(desk: Desk) -> None:
    book = desk.create()
    await write(book)
    section = book.section("1.1")
    section.edit("Ada went on with <b>1.1</b>. Bo watched her do it twice.")
    old, new = section.history()
    assert repr(old) == f"<1.1 version {old.id}: earlier, 10 words by scripted:x>"
    found = section.diff()
    assert repr(found) == f"<1.1 from version {old.id} to {new.id}: 0 words went, 3 came>"
    assert "{+" in str(found)
    assert "&lt;b&gt;" in found._repr_html_()
    assert "<b>" not in found._repr_html_()
