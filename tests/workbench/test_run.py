"""Runs: started at once, watched, waited for, paused, stopped from anywhere; and books side by side."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest

import ghostkit as gk
from ghostkit.errors import (
    BudgetExceeded,
    GhostkitError,
    IllegalTransition,
    InputError,
    LeaseHeld,
    LeaseLost,
    ModelChoiceNeeded,
    NoEventLoop,
    UnknownName,
)
from ghostkit.providers import Ending, Request
from ghostkit.workbench import RUN_TRANSITIONS, Run, RunState
from ghostkit.workbench.progress import Progress
from ghostkit.workbench.run_state import check_transition

from ..desk import STALL, Desk, finish, place_of, write

pytestmark = pytest.mark.anyio


def stalls_at(place: str) -> Callable[[str, Request], Any]:
    """Prose that falls silent in the middle of `place`."""
    return lambda kind, request: ["Ada went ", "on and ", STALL] if place_of(request) == place else None


async def until_text(run: Run) -> None:
    """Wait until prose has come in."""
    heard = anyio.Event()
    run.subscribe(lambda kind, data: heard.set() if kind == "text" else None)
    with anyio.fail_after(10):
        await heard.wait()


# ── states ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("now", list(RunState))
@pytest.mark.parametrize("then", list(RunState))
def test_a_run_moves_only_as_its_table_says_and_an_end_is_an_end(now: RunState, then: RunState) -> None:
    ends = {"done", "incomplete", "cancelled", "failed", "interrupted"}
    legal = {
        "pending": {"running", "cancelled", "failed"},
        "running": {"paused", *ends},
        "paused": {"running", *ends},
    }.get(str(now), set())
    assert {str(state) for state in RUN_TRANSITIONS[now]} == legal
    assert now.ended == (str(now) in ends)
    if str(then) in legal:
        check_transition(now, then)
    else:
        with pytest.raises(IllegalTransition, match=f"can't go from {now} to {then}"):
            check_transition(now, then)


async def test_write_returns_at_once_and_the_run_goes_from_pending_to_done(desk: Desk) -> None:
    book = desk.create()
    seen: list[str] = []
    async with gk.background():
        run = book.write()
        run.subscribe(lambda kind, data: seen.append(data["state"]) if kind == "state" else None)
        assert (run.state, run.done, desk.calls) == ("pending", False, 0)
        assert book.active_run is run
        assert await run is run
        assert (run.state, run.done, book.active_run) == ("done", True, None)
        assert await run is run
        assert await run.wait() == "done"
    assert seen == ["running", "done"]
    assert run.started_at is not None
    assert run.ended_at is not None
    assert run.started_at <= run.ended_at
    assert repr(run) == "<Run: the whole book of 'The Salt Road' with scripted:x: done>"


async def test_nobody_needs_to_wait_for_a_run(desk: Desk) -> None:
    book = desk.create()
    async with gk.background():
        book.write()
    assert book.status()["state"] == "complete"


async def test_the_same_goal_again_is_the_same_run_and_another_one_queues(desk: Desk) -> None:
    book = desk.create()
    async with gk.background():
        first = book.write(until="1")
        assert book.write(until="1") is first
        second = book.write()
        assert second is not first
        assert book.write() is second
        await second
        assert first.state == "done"
        assert book.write() is not second
    assert [run.id for run in book.runs][:2] == [first.id, second.id]
    assert max(desk.answered.values()) == 1
    assert [r.state for r in book.runs] == ["done"] * 3


# ── stopping ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("where", ["loop", "thread"])
async def test_cancel_stops_at_once_keeps_the_text_and_closes_the_source(desk: Desk, where: str) -> None:
    book = desk.create()
    desk.answer = stalls_at("section 1.2")
    async with gk.background():
        run = book.write()
        while "section 1.2" not in desk.asked_for():
            await until_text(run)
        with anyio.fail_after(5):
            if where == "loop":
                run.cancel()
                run.cancel()
            else:
                thread = threading.Thread(target=run.cancel)
                thread.start()
                await anyio.to_thread.run_sync(thread.join)
            await run
    assert (run.state, run.reason, desk.provider.open_streams) == ("cancelled", "stopped", 0)
    slot = book.ledger.steps()[-1].slot
    attempt = book.ledger.attempts(slot)[-1]
    assert (str(slot.kind), attempt.state) == ("section", "cancelled")
    assert book.ledger.partial_text(attempt.id).startswith("Ada went ")
    assert [e.type for e in book.ledger.events()][-1] == "run_ended"
    assert book.ledger.events(types=["run_ended"])[0].data["state"] == "cancelled"
    assert book.ledger.lease_holder()["released"] is True
    assert book.section("1.2").text == ""
    desk.answer = lambda kind, request: None
    assert (await write(book)).state == "done"
    run.cancel()
    assert run.state == "cancelled"


async def test_a_run_cancelled_before_it_began_never_asks_anything(desk: Desk) -> None:
    book = desk.create()
    async with gk.background():
        run = book.write()
        run.cancel()
        await run
    assert (run.state, desk.calls, book.runs) == ("cancelled", 0, [])
    assert (await write(book)).state == "done"


async def test_cancelling_what_waits_leaves_what_runs_alone(desk: Desk) -> None:
    book = desk.create()
    async with gk.background():
        first, second = book.write(until="1"), book.write()
        await anyio.lowlevel.checkpoint()
        second.cancel()
        await first
        await second
    assert (first.state, second.state) == ("done", "cancelled")


async def test_closing_the_loop_around_a_run_ends_it_properly(desk: Desk) -> None:
    book = desk.create()
    desk.answer = stalls_at("section 1.1")
    with anyio.CancelScope() as scope:
        async with gk.background():
            run = book.write()
            await until_text(run)
            scope.cancel()
    assert (run.state, desk.provider.open_streams) == ("cancelled", 0)
    assert book.runs[-1].state == "cancelled"
    desk.answer = lambda kind, request: None
    assert (await write(book)).state == "done"


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_cancel_after_the_loop_has_ended_is_harmless(desk: Desk) -> None:
    book = desk.create()

    def elsewhere() -> Run:
        async def main() -> Run:
            return await book.write()

        return asyncio.run(main())

    run = await anyio.to_thread.run_sync(elsewhere)
    run.cancel()
    run.pause()
    run.resume()
    assert run.state == "done"


def test_a_run_whose_loop_was_closed_before_it_began_does_not_hold_the_book(desk: Desk) -> None:
    book = desk.create()
    runs: list[Run] = []

    async def forgotten() -> None:
        runs.append(book.write())

    async def waited_for() -> None:
        runs.append(await book.write())

    asyncio.run(forgotten())
    asyncio.run(waited_for())
    assert [run.state for run in runs] == ["cancelled", "done"]
    assert runs[0].done


async def test_pause_finishes_what_is_being_written_and_begins_nothing_new_until_resume(desk: Desk) -> None:
    book = desk.create()
    desk.answer = lambda kind, request: ["Ada ", "went ", "on.", Ending.COMPLETE] if kind == "section" else None
    async with gk.background():
        run = book.write()
        await until_text(run)
        run.pause()
        assert run.state == "paused"
        run.pause()
        with anyio.fail_after(5):
            while not book.section("1.1").text:
                await anyio.sleep(0.001)
        for _ in range(200):
            await anyio.lowlevel.checkpoint()
        asked = desk.calls
        await anyio.sleep(0.02)
        assert (desk.calls, desk.asked_for()[-1], run.state) == (asked, "section 1.1", "paused")
        run.resume()
        assert run.state == "running"
        await run
    assert run.state == "done"
    assert max(desk.answered.values()) == 1


async def test_a_paused_run_can_be_cancelled(desk: Desk) -> None:
    book = desk.create()
    async with gk.background():
        run = book.write()
        await until_text(run)
        run.pause()
        run.cancel()
        with anyio.fail_after(5):
            await run
    assert run.state == "cancelled"


# ── progress ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_progress_speed_and_time_left_by_a_clock_of_ours() -> None:
    now = 100.0
    meter = Progress(words_a_section=100, clock=lambda: now)
    assert (meter.fraction, meter.words_per_s, meter.eta_s, meter.elapsed_s) == (0.0, 0.0, None, 0.0)
    meter.begin()
    meter.sections_total = 4
    meter.sections_before = 1
    assert meter.fraction == 0.25
    assert meter.eta_s is None
    fractions, etas = [], []
    for section in ("a", "b", "c"):
        for _ in range(100):
            meter.add_text(section, "word ")
            now += 0.1
            fractions.append(meter.fraction)
            etas.append(meter.eta_s)
        meter.section_done(section, 100)
        fractions.append(meter.fraction)
    assert fractions == sorted(fractions)
    assert (fractions[-1], meter.eta_s, meter.words) == (1.0, 0.0, 300)
    assert meter.words_per_s == pytest.approx(10.0)
    assert meter.elapsed_s == pytest.approx(30.0)
    known = [eta for eta in etas if eta is not None]
    assert all(eta >= 0 for eta in known)
    assert known[99] == pytest.approx(20.0, rel=0.05)
    meter.end()
    now += 1000
    assert meter.elapsed_s == pytest.approx(30.0)


def test_progress_never_falls_when_the_plan_grows_or_a_text_begins_again() -> None:
    meter = Progress(words_a_section=10, sections_total=2)
    meter.begin()
    meter.add_text("a", "word " * 9)
    before = meter.fraction
    assert 0 < before < 0.5
    meter.sections_total = 20
    assert meter.fraction == before


async def test_a_runs_progress_rises_to_one_and_its_status_is_json(desk: Desk) -> None:
    book = desk.create()
    seen: list[dict[str, Any]] = []
    async with gk.background():
        run = book.write()
        run.subscribe(lambda kind, data: seen.append(run.status()))
        await run
    fractions = [status["progress"] for status in seen]
    assert fractions == sorted(fractions)
    assert seen[-1]["progress"] == 1.0
    assert seen[-1] == json.loads(json.dumps(seen[-1]))
    assert (seen[-1]["sections_done"], seen[-1]["sections_total"], seen[-1]["eta_s"]) == (4, 4, 0.0)
    assert seen[-1]["words"] == book.value.word_count == run.progress_meter.words
    assert run.speed > 0


async def test_a_listener_hears_every_word_once_and_a_failing_one_harms_nobody(desk: Desk) -> None:
    book = desk.create()
    heard: dict[str, str] = {}

    def broken(kind: str, data: Any) -> None:
        raise RuntimeError("the view is gone")

    def listen(kind: str, data: Any) -> None:
        if kind == "text":
            heard[data["section"]] = heard.get(data["section"], "") + data["delta"]

    async with gk.background():
        run = book.write(parallel=2)
        run.subscribe(broken)
        leave = run.subscribe(listen)
        await run
        leave()
        leave()
    assert heard == {s.id: s.content for _, s in book.value.sections()}
    assert run.text() == "\n\n".join(s.content for _, s in book.value.sections())


# ── what a run leaves ─────────────────────────────────────────────────────────────────────────────────────────


async def test_the_frame_has_a_row_a_section_of_the_goal(desk: Desk) -> None:
    book = desk.create()
    run = await write(book, until="1")
    frame = run.frame
    assert frame.columns == [
        "section", "title", "status", "words", "input_tokens", "output_tokens", "seconds", "cost_usd", "chunks",
        "model",
    ]  # fmt: skip
    assert frame["section"].to_list() == ["1.1", "1.2"]
    assert frame["status"].to_list() == ["complete", "complete"]
    assert frame["words"].to_list() == [s.value.word_count for s in book.chapter(1).sections]
    assert min(frame["input_tokens"]) > 0
    assert set(frame["model"]) == {"scripted:x"}


REOPEN = """
import json, sys
import ghostkit as gk
from ghostkit.testing import ScriptedProvider
gk.registry.register_provider("scripted", ScriptedProvider)
book = gk.Book.open(sys.argv[1])
run = book.runs[-1]
print(json.dumps({"runs": [str(r.state) for r in book.runs], "goal": run.goal_text, "id": run.id,
    "reason": run.reason, "progress": run.progress, "text": run.text(), "rows": run.frame.height,
    "done": run.done, "repr": repr(run)}))
"""


async def test_another_process_sees_the_runs_as_they_were(desk: Desk) -> None:
    book = desk.create()
    await write(book, until="1.2")
    desk.answer = lambda kind, request: ["Half ", Ending.LENGTH] if kind == "section" else None
    async with gk.background():
        run = await finish(book.write())
    desk.leave()
    out = await anyio.run_process([sys.executable, "-c", REOPEN, str(desk.path("."))])
    seen = json.loads(out.stdout)
    assert (seen["runs"], seen["goal"], seen["id"]) == (["done", "incomplete"], "the whole book", run.id)
    assert seen["reason"] == run.reason == "Section 2.1 (Scene 2.1) ended as length."
    assert 0.5 <= seen["progress"] < 0.6
    assert (seen["rows"], seen["done"]) == (4, True)
    assert seen["text"].startswith("Ada went on with 1.1")


async def test_a_run_of_a_killed_process_is_interrupted_and_the_next_goes_on(desk: Desk) -> None:
    book = desk.create()
    desk.leave()
    program = (
        "import anyio, os, sys\nimport ghostkit as gk\nfrom ghostkit.testing import ScriptedProvider\n"
        "def answer(kind, request):\n    if kind == 'section': os._exit(9)\n"
        "gk.registry.register_provider('scripted', lambda: ScriptedProvider(answer))\n"
        "async def main():\n    await gk.Book.open(sys.argv[1]).write()\nanyio.run(main)\n"
    )
    ended = await anyio.run_process([sys.executable, "-c", program, str(desk.path("."))], check=False)
    assert ended.returncode == 9
    book = desk.open()
    assert [(run.state, run.done) for run in book.runs] == [("interrupted", True)]
    attempts = book.status()["attempts"]  # in doubt at once, although only the next runner records it so
    assert (attempts["in_doubt"], "open" in attempts) == (1, False)
    run = await write(book)
    assert [run.state for run in book.runs] == ["interrupted", "done"]
    assert book.ledger.totals().attempts["in_doubt"] == 1
    assert len(book.ledger.events(types=["generation_in_doubt"])) == 1
    assert run.state == "done"


# ── books side by side, other processes ───────────────────────────────────────────────────────────────────────


async def test_ten_books_at_once_do_not_mix(desk: Desk) -> None:
    desk.answer = lambda kind, request: (
        f"Of {request.messages[-1].text.split('title=')[1][:12]}: {place_of(request)}." if kind == "section" else None
    )
    books = [desk.create(f"b{n}", title=f"Book no {n:02d}", chapters=1 + n % 3) for n in range(10)]
    async with gk.background():
        runs = [book.write(parallel=1 + n % 2) for n, book in enumerate(books)]
        for run in runs:
            await run
    assert desk.most_at_once > 1
    for n, book in enumerate(books):
        assert len(book.chapters) == 1 + n % 3
        for chapter, section in book.value.sections():
            assert section.content == f'Of "Book no {n:02d}": section {chapter.number}.{section.number}.'
        assert {e.run_id for e in book.ledger.events()} == {runs[n].id}


HOLD = """
import sys
import anyio
import ghostkit as gk
from ghostkit.testing import ScriptedProvider
def answer(kind, request):
    if kind == "section":
        print("writing", flush=True)
        return ["Ada ", 3600.0]
gk.registry.register_provider("scripted", lambda: ScriptedProvider(answer))
async def main():
    await gk.Book.open(sys.argv[1]).write()
anyio.run(main)
"""


async def test_a_book_another_process_writes_is_refused_naming_it_but_can_be_read_and_edited(desk: Desk) -> None:
    desk.create()
    desk.leave()
    async with await anyio.open_process([sys.executable, "-c", HOLD, str(desk.path("."))]) as other:
        try:
            assert other.stdout is not None
            assert (await other.stdout.receive()).startswith(b"writing")
            book = desk.open()
            assert book.status()["state"] == "outlined"
            async with gk.background():
                run = await finish(book.write())
            assert run.state == "failed"
            assert isinstance(run.error, LeaseHeld)
            assert f"process {other.pid} on " in run.reason
            assert "writing the whole book" in run.reason
            with pytest.raises(LeaseHeld):
                await write(book)
            assert book.section("1.1").status == "writing"
            assert not book.look_for_edits()
        finally:
            other.kill()
    assert (await write(book)).state == "done"


# ── trouble ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_error_in_the_block_comes_out_as_it_is_and_stops_the_run(desk: Desk) -> None:
    book = desk.create()
    desk.answer = stalls_at("section 1.1")
    runs: list[Run] = []

    async def cell() -> None:
        async with gk.background():
            runs.append(book.write())
            await until_text(runs[0])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await cell()
    assert (runs[0].state, desk.provider.open_streams) == ("cancelled", 0)


async def test_a_runner_that_lost_its_book_stops_with_that_error(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from ghostkit.workbench import session

    monkeypatch.setattr(session, "HEARTBEAT_S", 0.01)
    book = desk.create()
    desk.answer = stalls_at("section 1.1")

    def lost() -> None:
        raise LeaseLost("Another runner has taken this book over.")

    monkeypatch.setattr(book.ledger, "heartbeat", lost)
    with anyio.fail_after(5), pytest.raises(LeaseLost):
        await write(book)
    assert book.runs[-1].state == "failed"
    assert desk.provider.open_streams == 0
    trouble = book.ledger.events(types=["error_occurred", "book_failed"])
    assert [e.type for e in trouble] == ["error_occurred", "book_failed"]


async def test_a_budget_stops_cleanly_and_more_of_it_goes_on(desk: Desk) -> None:
    desk.provider._price = 100.0
    book = desk.create()
    await write(book, until="1.1")
    with pytest.raises(BudgetExceeded, match="budget is left") as raised:
        await write(book, budget_usd=0.2)
    run = book.runs[-1]
    assert (run.state, run.reason) == ("incomplete", raised.value.message)
    totals = book.ledger.totals(run.id)
    assert 0 < totals.cost_usd <= 0.2
    assert set(totals.attempts) == {"complete"}
    gk.get_settings().budget_usd = 0.0
    with pytest.raises(BudgetExceeded):
        await write(book)
    assert (await write(book, budget_usd=10.0)).state == "done"


@pytest.mark.parametrize("parallel", [0, -1, 65])
async def test_numbers_out_of_range_are_refused_before_anything_starts(desk: Desk, parallel: int) -> None:
    book = desk.create()
    async with gk.background():
        with pytest.raises(InputError, match=f"parallel is {parallel}"):
            book.write(parallel=parallel)
        for wrong in (-0.01, float("nan"), float("inf")):
            with pytest.raises(InputError, match="budget"):
                book.write(budget_usd=wrong)
        for place in ("two", "0", "1.x", "", "-1", "1.2.3"):
            with pytest.raises(InputError, match="is no place in a book"):
                book.write(until=place)
        with pytest.raises(UnknownName):
            book.write(model="nobody:x")
    assert book.runs == []


# ── where runs live ───────────────────────────────────────────────────────────────────────────────────────────


def test_without_a_loop_a_run_says_what_to_use_instead(desk: Desk) -> None:
    with pytest.raises(NoEventLoop, match=r"ghostkit\.sync"):
        desk.create().write()


@pytest.mark.parametrize("anyio_backend", ["trio"])
async def test_on_trio_a_run_needs_a_block_to_live_in(desk: Desk) -> None:
    book = desk.create()
    with pytest.raises(NoEventLoop, match=r"ghostkit\.background"):
        book.write()
    assert (await write(book)).state == "done"


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_on_asyncio_a_run_needs_none(desk: Desk) -> None:
    assert (await desk.create().write()).state == "done"


async def test_a_spawner_of_ones_own_is_used(desk: Desk) -> None:
    names: list[str] = []
    async with anyio.create_task_group() as tasks:

        def spawn(work: Any, name: str) -> None:
            names.append(name)
            tasks.start_soon(work)

        run = await desk.create().write(spawner=spawn)
    assert names == [f"ghostkit run {run.id}"]


# ── models ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_rehearsal_is_never_slipped_into_a_book_with_a_persons_words(desk: Desk, tmp_path: Path) -> None:
    gk.registry.register_provider("rehearsal", lambda: desk.provider)
    desk.provider.name = "rehearsal"
    book = desk.create(model=None)
    await write(book, until="1.1")
    assert book.section("1.1").value.content
    desk.edit("chapters/chapter_01/sections/section_01.md", "Ada", "Mira")  # not yet noticed by anybody
    async with gk.background():
        with pytest.raises(ModelChoiceNeeded, match="words of a person") as raised:
            book.write()
        assert "rehearsal" in raised.value.fix
        assert raised.value.exit_code == 2
    run = await write(book, model="rehearsal")
    assert run.model == "rehearsal:default"
    assert book.value.settings.model == "rehearsal:default"
    assert (await write(book)).state == "done"


async def test_nor_into_one_with_a_real_models(desk: Desk) -> None:
    book = desk.create(model=None)
    gk.get_settings().model = "scripted:y"
    run = await write(book, until="1.1")
    assert run.model == "scripted:y"
    gk.get_settings().model = ""
    async with gk.background():
        with pytest.raises(ModelChoiceNeeded, match="text by scripted:y"):
            book.write()
        assert (await book.write(model="scripted:z")).model == "scripted:z"


# ── nothing is left behind ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_twenty_books_leave_no_task_no_stream_and_no_growing_pile_of_threads(desk: Desk) -> None:
    await write(desk.create("warm"))
    threads, tasks = threading.active_count(), len(asyncio.all_tasks())
    for n in range(20):
        book = desk.create(f"b{n}", title=f"Book {n}", chapters=1, sections=1)
        await write(book)
        desk.leave()
    assert len(asyncio.all_tasks()) == tasks
    assert threading.active_count() <= threads + 4
    assert desk.provider.open_streams == 0
    del book
    gc.collect()
    # Only this test's: another's fixture or widget may well hold a book of its own.
    alive = [thing for thing in gc.get_objects() if type(thing) is gk.Book and thing.title.startswith("Book ")]
    assert alive == []


async def test_an_ended_run_tells_its_error_again_without_growing(desk: Desk) -> None:
    book = desk.create()
    desk.answer = lambda kind, request: ["Half ", Ending.REFUSED]
    async with gk.background():
        run = await finish(book.write())
        for _ in range(2):
            with pytest.raises(GhostkitError, match="ended as refused"):
                await run
