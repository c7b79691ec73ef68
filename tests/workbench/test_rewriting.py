"""Sections written anew: what is asked, what waits, what a stop or a crash leaves, and what is never bought twice."""

from __future__ import annotations

import shutil
from typing import Any

import anyio
import pytest

import ghostkit as gk
from ghostkit import faults
from ghostkit.errors import BudgetExceeded, IncompleteEnding, InputError, ProviderError, StorageError, UnknownName
from ghostkit.ledger import NothingToChange
from ghostkit.providers import Ending, Request
from ghostkit.workbench import Run
from ghostkit.workbench.rewriting import described
from ghostkit.writing.revising import Wish, seed_of

from ..desk import STALL, Desk, place_of, write

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """One of them is enough here: runs on both are test_run's."""
    return "asyncio"


def redrawn(kind: str, request: Request) -> Any:
    """A text of its own for every seed."""
    seed = request.parameters.get("seed")
    return None if seed is None else f"Drawn as {seed}: Ada went on with {place_of(request).split()[1]}."


async def rewrite(book: gk.Book, *place: Any, **options: Any) -> Run:
    async with gk.background():
        return await book.rewrite(*place, **options)


async def written(desk: Desk) -> gk.Book:
    """A finished book of 2 × 2 sections: written once, and copied for every further test."""
    once = desk.root.parent / "written-once"
    if once.exists():
        shutil.copytree(once, desk.path(""))
    else:
        await write(desk.create())
        desk.leave()
        shutil.copytree(desk.path(""), once)
    book = desk.open()
    desk.answer = redrawn
    desk.provider.requests.clear()
    return book


# ── what is asked ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_request_holds_the_text_there_is_what_is_wanted_and_all_that_writing_would_read(desk: Desk) -> None:
    book = await written(desk)
    await rewrite(book, "2.1", note="Less <weather> & more doubt.")
    (request,) = desk.provider.requests
    text = request.messages[-1].text
    for said in (
        "<current_text>\n\nAda went on with 2.1. Bo watched her do it.\n\n</current_text>",
        "<wish>\nLess &lt;weather> &amp; more doubt.\n</wish>",
        "Ada went on with 1.2.",
        "Ada does thing 2.1.",
    ):
        assert said in text
    assert text.index("<current_text>") < text.index("<task ") < text.index("<wish>") < text.index("</task>")
    assert text.rstrip().endswith("</task>")
    assert request.slot.endswith("/section/1")
    (proposal,) = book.proposals()
    asked = book.ledger.request(str(book.ledger.revision(proposal.id).attempt_id))
    assert asked["template"].startswith("section@")
    assert "+current_text@1" in asked["template"]
    assert "+rewrite@1" in asked["template"]
    # What it reads is recorded as writing would record it, so that an accepted text is not out of date at once.
    plain = book.ledger.request(str(book.ledger.head(book.section("2.1").id, "section").attempt_id))  # type: ignore[union-attr]
    assert asked["inputs"] == plain["inputs"]


@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_the_book_keeps_its_text_until_the_new_one_is_accepted(desk: Desk) -> None:
    book = await written(desk)
    before, files = book.section("2.1").text, desk.files()
    run = await rewrite(book, "2.1", note="Shorter.")
    assert (run.status()["sections_done"], run.status()["sections_total"]) == (1, 1)
    assert book.section("2.1").text == before
    assert desk.files() == files
    (proposal,) = book.proposals()
    assert (proposal.number, proposal.state, proposal.note, proposal.source) == ("2.1", "open", "Shorter.", "rewrite")
    assert proposal.text == f"Drawn as {seed_of('Shorter.', 1)}: Ada went on with 2.1."


async def test_every_draw_and_every_note_has_a_seed_of_its_own(desk: Desk) -> None:
    book = await written(desk)
    await rewrite(book, "1.1", variants=3)
    await rewrite(book, "1.1", variants=2, note="Colder.")
    await rewrite(book, "1.1", note="Warmer.")
    seeds = [request.parameters["seed"] for request in desk.provider.requests]
    assert seeds[:3] == [1, 2, 3]
    assert len(set(seeds)) == 6
    assert all(0 < seed < 2**31 for seed in seeds)
    assert len({p.text for p in book.proposals("1.1")}) == 6


async def test_rehearsal_writes_another_text_for_each_draw_and_note_and_the_same_for_the_same(desk: Desk) -> None:
    texts = []
    for name in ("one", "two"):
        book = desk.create(name, model="rehearsal", words=60)
        await write(book)
        await rewrite(book, "1.2", variants=2)
        await rewrite(book, "1.2", note="Colder.")
        texts.append([book.section("1.2").text, *(p.text for p in book.proposals())])
    assert texts[0] == texts[1]
    assert len(set(texts[0])) == 4


@pytest.mark.parametrize(
    ("place", "numbers"),
    [(None, ["1.1", "1.2", "2.1", "2.2"]), ("2", ["2.1", "2.2"]), (["2.2", "1.1"], ["1.1", "2.2"])],
)
async def test_several_sections_are_written_anew_in_reading_order(desk: Desk, place: Any, numbers: list[str]) -> None:
    book = await written(desk)
    run = await rewrite(book, place)
    assert [request.split()[1] for request in desk.asked_for()] == numbers
    assert [proposal.number for proposal in book.proposals()] == numbers
    assert run.status()["sections_done"] == len(numbers)


async def test_a_locked_passage_is_told_to_the_model(desk: Desk) -> None:
    book = await written(desk)
    book.section("1.1").lock(span="Bo watched her")
    desk.provider.requests.clear()
    await rewrite(book, "1.1")
    assert "<passage>Bo watched her</passage>" in desk.provider.requests[-1].messages[-1].text


# ── nothing is bought twice ───────────────────────────────────────────────────────────────────────────────────


async def test_asking_again_for_what_waits_buys_nothing_and_for_more_buys_the_rest(desk: Desk) -> None:
    book = await written(desk)
    for variants, calls in ((2, 2), (2, 2), (1, 2), (3, 3), (3, 3)):
        run = await rewrite(book, "1.1", variants=variants, note="Colder.")
        assert (str(run.state), desk.calls) == ("done", calls)
    assert len(book.proposals()) == 3


async def test_a_draw_that_was_rejected_is_not_given_again(desk: Desk) -> None:
    book = await written(desk)
    await rewrite(book, "1.1")
    first = book.proposals()[0]
    book.reject(first.id)
    await rewrite(book, "1.1")
    (second,) = book.proposals()
    assert desk.calls == 2
    assert second.text != first.text


async def test_after_an_acceptance_the_text_is_another_and_so_is_the_request(desk: Desk) -> None:
    book = await written(desk)
    await rewrite(book, "1.1")
    taken = book.accept("1.1")
    await rewrite(book, "1.1")
    (again,) = book.proposals()
    assert taken.text in desk.provider.requests[-1].messages[-1].text
    assert again.text != taken.text
    assert desk.calls == 2


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (["Half of ", "it, ", Ending.LENGTH], "length"),
        (["Half of ", "it, "], "truncated"),
        (ProviderError("It broke."), "error"),
    ],
)
async def test_a_draw_that_ended_badly_is_gone_on_with_in_its_own_place(desk: Desk, answer: Any, state: str) -> None:
    book = await written(desk)
    desk.answer = lambda kind, request: answer
    async with gk.background():
        run = book.rewrite("1.1")
        await run.wait()
    assert str(run.state) in ("incomplete", "failed")
    assert book.proposals() == []
    slots = {request.slot for request in desk.provider.requests}
    desk.answer = redrawn
    await rewrite(book, "1.1")
    assert slots == {desk.provider.requests[-1].slot}
    attempts = book.ledger.attempts_of(book.section("1.1").id, "section")
    assert [str(a.state) for a in attempts if a.slot.variant][-2:] == [state, "complete"]
    assert len(book.proposals()) == 1


async def test_an_answer_that_ended_early_is_told_by_section_and_ending(desk: Desk) -> None:
    book = await written(desk)
    desk.answer = lambda kind, request: ["Half ", Ending.LENGTH]
    with pytest.raises(IncompleteEnding, match=r"The re-write of 1\.2 ended as length"):
        await rewrite(book, "1.2")


async def test_a_stop_keeps_what_was_drawn_and_asking_again_draws_the_rest(desk: Desk) -> None:
    book = await written(desk)
    desk.answer = lambda kind, request: (
        ["Drawn ", "and ", STALL] if place_of(request) == "section 2.1" else redrawn(kind, request)
    )
    heard = anyio.Event()
    async with gk.background():
        run = book.rewrite()
        run.subscribe(lambda kind, data: heard.set() if data.get("section") == book.section("2.1").id else None)
        with anyio.fail_after(10):
            await heard.wait()
        run.cancel()
        await run.wait()
    assert str(run.state) == "cancelled"
    assert [p.number for p in book.proposals()] == ["1.1", "1.2"]
    desk.answer = redrawn
    book = desk.reopen()
    await rewrite(book)
    assert [p.number for p in book.proposals()] == ["1.1", "1.2", "2.1", "2.2"]
    assert [place for place in desk.asked_for() if place == "section 1.1"] == ["section 1.1"]


async def test_a_persons_edit_while_it_is_drawn_makes_it_a_proposal_on_what_was(desk: Desk) -> None:
    book = await written(desk)
    base = book.section("1.1").history()[-1].id

    def edits(kind: str, request: Request) -> Any:
        desk.edit("chapters/chapter_01/sections/section_01.md", "Ada went", "Ada strode")
        return redrawn(kind, request)

    desk.answer = edits
    await rewrite(book, "1.1", accept=True)
    book = desk.reopen()
    assert book.section("1.1").text.startswith("Ada strode")
    (proposal,) = book.proposals()
    assert proposal.base_id == base


# ── taken at once ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_taken_at_once_a_models_text_is_the_books_and_its_files(desk: Desk) -> None:
    book = await written(desk)
    await rewrite(book, "1", accept=True)
    assert book.proposals() == []
    assert [book.section(n).text[:5] for n in ("1.1", "1.2", "2.1")] == ["Drawn", "Drawn", "Ada w"]
    assert "Drawn as 1" in desk.read("chapters/chapter_01/content.md")
    assert "Drawn as 1" in desk.read("chapters/chapter_01/sections/section_02.md")
    # The second section has read the first one's new text.
    assert "Drawn as 1: Ada went on with 1.1." in desk.provider.requests[-1].messages[-1].text
    types = [event.type for event in book.ledger.events()]
    assert types.count("proposal_accepted") == 2


@pytest.mark.parametrize("why", ["edited", "locked", "passage"])
async def test_what_is_a_persons_or_locked_goes_on_waiting(desk: Desk, why: str) -> None:
    book = await written(desk)
    if why == "edited":
        desk.edit("chapters/chapter_01/sections/section_01.md", "Ada went", "Ada strode")
        book.look_for_edits()
    elif why == "locked":
        book.section("1.1").lock()
    else:
        book.section("1.1").lock(span="Bo watched her")
    before = book.section("1.1").text
    await rewrite(book, "1", accept=True)
    assert book.section("1.1").text == before
    assert [p.number for p in book.proposals()] == ["1.1"]
    assert book.section("1.2").text.startswith("Drawn")


async def test_after_an_interrupted_run_what_was_taken_is_not_written_anew_again(desk: Desk) -> None:
    book = await written(desk)
    desk.answer = lambda kind, request: (
        ["Half ", Ending.LENGTH] if place_of(request) == "section 2.1" else redrawn(kind, request)
    )
    with pytest.raises(IncompleteEnding):
        await rewrite(book, accept=True, note="Colder.")
    assert [str(s.text[:5]) for c in book.chapters for s in c.sections] == ["Drawn", "Drawn", "Ada w", "Ada w"]
    desk.answer = redrawn
    run = await rewrite(desk.reopen(), accept=True, note="Colder.")
    assert run.status()["sections_done"] == 4
    assert desk.asked_for().count("section 1.1") == 1
    book = desk.open()
    assert all(section.text.startswith("Drawn") for c in book.chapters for section in c.sections)
    await rewrite(book, "1.1", accept=True, note="Colder.")  # a new wish, since the first one came true
    assert desk.asked_for().count("section 1.1") == 2


@pytest.mark.parametrize(
    "point", ["result.after_commit", "accept.before_commit", "accept.after_commit", "run.before_end"]
)
async def test_a_crash_on_the_way_never_buys_an_answer_twice(desk: Desk, fault: Any, point: str) -> None:
    book = await written(desk)
    fault(f"{point}:1:eio")
    async with gk.background():
        run = book.rewrite("1.1", accept=True)
        await run.wait()
    fired = faults._hits.get(point, 0)
    faults.load({})
    assert fired >= 1
    assert str(run.state) != "done"
    book = desk.reopen()
    if book.section("1.1").history()[0].state == "current":
        await rewrite(book, "1.1", accept=True)
    else:
        await write(book)
    assert desk.asked_for().count("section 1.1") == 1
    assert book.section("1.1").text.startswith("Drawn as 1")
    assert "Drawn as 1" in desk.read("chapters/chapter_01/sections/section_01.md")


# ── limits and looking ahead ──────────────────────────────────────────────────────────────────────────────────


async def test_a_forecast_counts_what_is_left_to_ask_and_records_nothing(desk: Desk) -> None:
    book = await written(desk)
    await rewrite(book, "1.1")
    events, calls = len(book.ledger.events()), desk.calls
    found = await book.rewrite_forecast("1", variants=2)
    assert [call.number for call in found.calls] == ["1.1", "1.2", "1.2"]
    assert found.counted
    assert found.goal == "2 re-writes of 1.1, 1.2"
    assert (len(book.ledger.events()), desk.calls, book.ledger.runs()[-1].state) == (events, calls, "done")


async def test_the_budget_holds(desk: Desk) -> None:
    book = await written(desk)
    desk.provider._price = 1000.0
    with pytest.raises(BudgetExceeded):
        await rewrite(book, "1.1", budget_usd=0.000001)
    assert desk.calls == 0


async def test_asking_while_it_goes_on_gives_the_same_run(desk: Desk) -> None:
    book = await written(desk)
    desk.answer = lambda kind, request: ["Drawn ", STALL]
    async with gk.background():
        one = book.rewrite("1.1", note="Colder.")
        assert book.rewrite("1.1", note="Colder.") is one
        one.cancel()
        await one.wait()


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"variants": 0}, InputError, "0 variants"),
        ({"variants": 1000}, InputError, "1000 variants"),
        ({"variants": 2, "accept": True}, InputError, "none can be taken at once"),
        ({"note": "  \n"}, InputError, "note is empty"),
        ({"note": "x" * 5000}, InputError, "5,000 characters"),
        ({"section": "9.9"}, UnknownName, "no section '9.9'"),
        ({"section": "9"}, UnknownName, "no chapter 9"),
        ({"stale": True}, InputError, "Both"),
        ({"parallel": 0}, InputError, "parallel"),
        ({"budget_usd": -1.0}, InputError, "budget"),
        ({"model": "nobody:x"}, UnknownName, "nobody"),
    ],
)
async def test_what_can_not_be_asked_is_told_and_nothing_is_sent(
    desk: Desk, options: dict[str, Any], error: type[Exception], said: str
) -> None:
    book = await written(desk)
    runs = len(book.ledger.runs())
    async with gk.background():
        with pytest.raises(error, match=said):
            book.rewrite(**{"section": "1.1", **options})
    assert (desk.calls, len(book.ledger.runs())) == (0, runs)


async def test_what_is_not_written_can_not_be_written_anew(desk: Desk) -> None:
    book = desk.create()
    with pytest.raises(InputError, match="Nothing of the book is written"):
        book.rewrite()
    await write(book, until="1.1")
    with pytest.raises(InputError, match=r"Section 1\.2 is not written yet"):
        book.rewrite("1.2")
    with pytest.raises(InputError, match="Nothing of chapter 2"):
        book.rewrite("2")
    assert book.sections_to_rewrite("1") == (book.section("1.1").id,)


async def test_what_is_out_of_date_is_written_anew(desk: Desk) -> None:
    book = await written(desk)
    with pytest.raises(NothingToChange, match="Nothing is out of date"):
        book.rewrite(stale=True)
    desk.edit("outline.md", "Ada does thing 2.1.", "Ada sells thing 2.1 to 37 sailors.")
    book.look_for_edits()
    assert book.sections_to_rewrite(stale=True) == tuple(text.object_id for text in book.stale().sections)
    await rewrite(book, stale=True, accept=True)
    assert "section 2.1" in desk.asked_for()
    assert book.section("2.1").text.startswith("Drawn")
    assert book.section("2.1").id not in [text.object_id for text in book.stale().sections]


def summaries(kind: str, request: Request) -> Any:
    """A summary that says which state of the chapter it was made of."""
    if kind != "chapter_summary":
        return redrawn(kind, request)
    return "Summed up with 37 sailors." if "37 sailors" in request.messages[-1].text else "Summed up."


async def test_summaries_that_are_out_of_date_are_made_again_and_never_bought_twice(desk: Desk) -> None:
    desk.answer = summaries
    book = desk.create(sections=1)
    await write(book)
    file = "chapters/chapter_01/sections/section_01.md"
    desk.provider.requests.clear()
    for old, new, summary, asked in (
        ("Bo watched her do it.", "Bo sold it to 37 sailors.", "Summed up with 37 sailors.", 1),
        ("Bo sold it to 37 sailors.", "Bo watched her do it.", "Summed up.", 1),
        ("Bo watched her do it.", "Bo sold it to 37 sailors.", "Summed up with 37 sailors.", 1),
    ):
        desk.edit(file, old, new)
        book = desk.reopen()
        assert [text.what for text in book.stale().derived] == ["the summary of chapter 1"]
        while book.stale().sections:  # chapter 2 follows on chapter 1
            book.accept_stale(*[text.number for text in book.stale().sections], note="fine")
        ahead = await book.rewrite_forecast(stale=True)
        assert len(ahead.calls) == (1 if not desk.asked_for() else 0)
        run = await rewrite(book, stale=True)
        assert run.goal_text == "the summaries that are out of date"
        assert book.chapters[0].summary == summary
        assert summary in desk.read("chapters/chapter_01/metadata.json")
        assert desk.asked_for().count("chapter_summary 1") == asked
        assert not book.stale().derived
    assert book.proposals() == []
    assert len(book.ledger.history(book.chapters[0].id, "chapter_summary")) == 2


async def test_a_summary_that_a_person_wrote_stays(desk: Desk) -> None:
    desk.answer = summaries
    book = desk.create(sections=1)
    await write(book)
    desk.edit("chapters/chapter_01/metadata.json", "Summed up.", "As I say.")
    desk.edit("chapters/chapter_01/sections/section_01.md", "Bo watched", "37 sailors watched")
    book = desk.reopen()
    book.accept_stale(*[text.number for text in book.stale().sections], note="fine")
    with pytest.raises(NothingToChange):
        book.rewrite(stale=True)
    assert book.chapters[0].summary == "As I say."


async def test_a_summary_that_ends_early_is_told_and_gone_on_with(desk: Desk) -> None:
    book = desk.create(sections=1)
    await write(book)
    desk.edit("chapters/chapter_01/sections/section_01.md", "Bo watched", "37 sailors watched")
    book = desk.reopen()
    book.accept_stale(*[text.number for text in book.stale().sections], note="fine")
    desk.answer = lambda kind, request: ["Half ", Ending.LENGTH]
    with pytest.raises(IncompleteEnding, match="The chapter summary ended as length"):
        await rewrite(book, stale=True)
    desk.answer = summaries
    await rewrite(book, stale=True)
    assert book.chapters[0].summary == "Summed up with 37 sailors."
    assert {request.slot.split("/")[-1] for request in desk.provider.requests[-2:]} == {"1"}


async def test_a_disk_that_refuses_is_told_and_nothing_is_lost(desk: Desk, fault: Any) -> None:
    book = await written(desk)
    fault("intent.before_commit:1:enospc")
    with pytest.raises(StorageError):
        await rewrite(book, "1.1")
    faults.load({})
    await rewrite(book, "1.1")
    assert desk.calls == 1


async def test_a_wish_is_described_in_words(desk: Desk) -> None:
    book = await written(desk)
    ids = tuple(section.id for chapter in book.chapters for section in chapter.sections)
    assert described(book, Wish(sections=ids[:1])) == "a re-write of 1.1"
    assert described(book, Wish(sections=ids[1:3], note="Colder.", variants=2)) == "2 re-writes of 1.2, 2.1: “Colder.”"
    assert described(book, Wish(sections=ids, accept=True)) == "a re-write of 1.1, 1.2, 2.1, 2.2, taken at once"
    assert described(book, Wish(sections=(), stale=True)) == "the summaries that are out of date"
