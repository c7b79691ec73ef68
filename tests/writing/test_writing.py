"""A book from its plan: the same words in any order, resumed anywhere, told exactly once."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import anyio.lowlevel
import pytest

from ghostkit.errors import BookDamaged, GhostkitError, IncompleteEnding, ProviderError, ServerError, StorageError
from ghostkit.events import EVENT_CONTEXT, EVENT_DATA, Event, EventType
from ghostkit.events.rotating_file import in_writer_thread
from ghostkit.providers import Ending, Request

from ..desk import Desk, finish, place_of, write

pytestmark = pytest.mark.anyio

WHOLE = [
    "outline", "characters", "chapter_outline 1", "section 1.1", "section 1.2", "chapter_summary 1",
    "chapter_outline 2", "section 2.1", "section 2.2", "chapter_summary 2",
]  # fmt: skip


async def test_a_whole_book_is_asked_for_in_reading_order_and_written_to_its_files(desk: Desk) -> None:
    book = desk.create()
    run = await write(book)
    assert (run.state, run.progress, book.status()["state"]) == ("done", 1.0, "complete")
    assert desk.asked_for() == WHOLE
    assert desk.read("chapters/chapter_02/sections/section_01.md").startswith("## Scene 2.1\n\nAda went on with 2.1.")
    assert desk.read("chapters/chapter_01/content.md").count("## Scene") == 2
    assert desk.read("outline.md").startswith("# The Salt Road\n")
    assert json.loads(desk.read("chapters/chapter_01/metadata.json"))["summary"] == "A chapter_summary of 1."
    assert [c["name"] for c in json.loads(desk.read("characters/profiles.json"))["characters"]] == ["Ada", "Bo"]
    assert not list(desk.path(".").rglob("*.tmp"))


async def test_writing_a_finished_book_again_asks_for_nothing_and_changes_no_file(desk: Desk) -> None:
    await write(desk.create())
    before, calls = desk.files(), desk.calls
    stats = {p: p.stat().st_mtime_ns for p in desk.path("chapters").rglob("*") if p.is_file()}
    await write(desk.open())
    await write(desk.reopen(), parallel=4)
    assert (desk.calls, desk.files()) == (calls, before)
    assert stats == {p: p.stat().st_mtime_ns for p in desk.path("chapters").rglob("*") if p.is_file()}


# ── parallel ──────────────────────────────────────────────────────────────────────────────────────────────────


def telling(kind: str, request: Request) -> str | None:
    """Prose that depends on every word it was asked with, so that another input can't hide."""
    if kind in ("section", "chapter_summary", "span_summary"):
        return f"{place_of(request)}: {request.fingerprint('x')[:12]}. Ada looked back."
    return None


def _slowly(text: str | None) -> Any:
    return None if text is None else [text, 0.005, Ending.COMPLETE]


@pytest.mark.parametrize(("chapters", "lag"), [(5, 2), (4, 4), (4, 1)])
async def test_sequential_and_parallel_runs_write_the_same_book(desk: Desk, chapters: int, lag: int) -> None:
    desk.answer = telling
    one = desk.create("one", chapters=chapters, continuity_lag=lag)
    await write(one)
    assert desk.most_at_once == 1
    desk.most_at_once = 0
    desk.answer = lambda kind, request: _slowly(telling(kind, request))
    many = desk.create("many", chapters=chapters, continuity_lag=lag)
    await write(many, parallel=4)
    assert desk.files("one") == desk.files("many")
    assert desk.most_at_once > (1 if lag > 1 else 0)
    assert max(desk.answered.values()) == 2  # once in each book: they have the same ids


@pytest.mark.parametrize(("parallel", "overlap"), [(1, 1), (2, 2), (3, 3), (8, 4)])
async def test_as_many_texts_are_in_the_making_as_were_allowed_and_the_plan_has(
    desk: Desk, parallel: int, overlap: int
) -> None:
    book = desk.create(chapters=4, continuity_lag=4)
    desk.answer = lambda kind, request: ["Ada ", 0.02, Ending.COMPLETE] if kind == "section" else None
    await write(book, parallel=parallel)
    assert desk.most_at_once == overlap


async def test_a_run_in_pieces_writes_what_one_run_does(desk: Desk) -> None:
    desk.answer = telling
    await write(desk.create("one", chapters=3))
    await write(desk.create("pieces", chapters=3), until="1.1")
    for until in ("2.1", "2", None):
        desk.leave()
        await write(desk.open("pieces"), until=until, parallel=2)
    assert desk.files("one") == desk.files("pieces")


# ── goals ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_until_a_section_writes_up_to_it(desk: Desk) -> None:
    book = desk.create(chapters=3, sections=3)
    run = await write(book, until="2.2")
    written = [s["number"] for c in book.status()["chapters"] for s in c["sections"] if s["words"]]
    assert written == ["1.1", "1.2", "1.3", "2.1", "2.2"]
    assert (run.state, run.progress) == ("done", 1.0)
    assert book.status()["state"] == "writing"
    assert "chapter_outline 3" not in desk.asked_for()
    kinds = [e.type for e in book.ledger.events()]
    assert kinds.count("chapter_completed") == 1
    assert "book_completed" not in kinds


async def test_one_chapter_alone_leaves_its_neighbours_untouched(desk: Desk) -> None:
    book = desk.create(chapters=3)
    import ghostkit as gk

    async with gk.background():
        await book.outline()
        before = desk.files()
        await book.chapter(2).write()
    after = desk.files()
    changed = {path for path in after if after.get(path) != before.get(path)}
    assert changed
    assert all(path.startswith("chapters/chapter_02/") for path in changed), changed
    assert [p for p in desk.asked_for() if p.split()[0] in ("section", "chapter_summary", "span_summary")] == [
        "section 2.1", "section 2.2", "chapter_summary 2",
    ]  # fmt: skip


async def test_one_section_alone_is_written(desk: Desk) -> None:
    import ghostkit as gk

    book = desk.create()
    async with gk.background():
        await book.outline()
        await book.section("2.2").write()
    assert desk.asked_for()[-1] == "section 2.2"
    assert [s.number for c in book.chapters for s in c.sections if s.text] == ["2.2"]


# ── resuming ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("call", "how"), [*((n, "error") for n in range(len(WHOLE))), *((n, h) for n in (0, 4) for h in ("length", "bug"))]
)
async def test_whichever_call_fails_the_next_run_finishes_the_same_book_and_asks_nothing_twice(
    desk: Desk, call: int, how: str
) -> None:
    failures: dict[str, Any] = {"error": ServerError("down"), "length": ["Half ", Ending.LENGTH], "bug": KeyError("x")}
    fails = True

    def answer(kind: str, request: Request) -> Any:
        nonlocal fails
        if fails and place_of(request) == WHOLE[call]:
            fails = False
            return failures[how]
        return telling(kind, request)

    import ghostkit as gk

    gk.get_settings().max_retries = 0
    desk.answer = telling
    await write(desk.create("undisturbed"))
    desk.answered.clear()
    desk.answer = answer
    book = desk.create()
    with pytest.raises(IncompleteEnding if how == "length" else ProviderError) as raised:
        await write(book)
    assert not fails
    assert raised.value.message
    assert book.runs[-1].state == ("incomplete" if how == "length" else "failed")
    run = await write(desk.reopen())
    assert run.state == "done"
    assert desk.files() == desk.files("undisturbed")
    twice = [slot for slot, times in desk.answered.items() if times > 1]
    assert len(twice) <= (1 if how == "length" else 0)


async def test_what_stopped_a_run_is_said_with_the_providers_own_words(desk: Desk) -> None:
    from ghostkit.errors import AuthError

    book = desk.create()
    desk.answer = lambda kind, request: AuthError("The key was refused.", fix="Set another key.")
    with pytest.raises(AuthError, match="The key was refused") as raised:
        await write(book)
    assert "Set another key." in str(raised.value)
    desk.answer = lambda kind, request: AuthError("The key ran out.") if kind == "section" else None
    with pytest.raises(AuthError, match="The key ran out"):
        await write(book)
    assert book.section("1.1").status == "failed"
    failed = book.ledger.events(types=["section_failed", "chapter_failed"])
    assert [(e.type, set(EVENT_DATA[EventType(e.type)]) <= set(e.data)) for e in failed] == [
        ("section_failed", True), ("chapter_failed", True),
    ]  # fmt: skip
    assert "The key ran out." in failed[0].data["reason"]


async def test_a_failure_in_parallel_lets_what_runs_end_and_begins_nothing_new(desk: Desk) -> None:
    import ghostkit as gk

    gk.get_settings().max_retries = 0
    desk.answer = lambda kind, request: ServerError("down") if place_of(request) == "section 2.1" else None
    book = desk.create(chapters=4, sections=3)
    with pytest.raises(ServerError, match="down"):
        await write(book, parallel=4)
    totals = book.ledger.totals()
    assert "open" not in totals.attempts
    assert totals.attempts["error"] == 1
    written = [s.number for c in book.chapters for s in c.sections if s.text]
    assert len(written) < 11
    desk.answer = lambda kind, request: None
    assert (await write(book, parallel=4)).state == "done"


POINTS = [
    "lease.before_commit", "run.before_commit", "run.before_end", "intent.before_commit", "intent.after_commit",
    "result.before_commit", "result.after_commit", "files.before", "files.after", "structure.before_commit",
    "structure.after_commit", "chapter.before_commit", "chapter.after_commit", "book.before_commit",
    "checkpoint.before", "checkpoint.before_commit", "checkpoint.after_commit", "event.before_emit",
    "file.section.before", "file.section.written", "file.section.renamed", "file.book.synced", "file.content.before",
    "file.outline.synced", "file.profiles.renamed", "file.checkpoint.before", "file.checkpoint_latest.written",
]  # fmt: skip


ONCE = {"lease.before_commit", "run.before_commit", "run.before_end", "book.before_commit", "file.profiles.renamed"}
"""Passed once a book; the others fire at their second passing."""


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("point", POINTS)
async def test_wherever_the_disk_fails_the_next_run_finishes_the_same_book(
    desk: Desk, fault: Callable[[str], None], point: str
) -> None:
    desk.answer = telling
    await write(desk.create("undisturbed"))
    book = desk.create()
    fault(f"{point}:{1 if point in ONCE else 2}:enospc")
    try:
        await write(book)
    except OSError as error:
        pytest.fail(f"an OSError came through: {error!r}")
    except GhostkitError:
        pass
    fault("")
    run = await write(book)
    assert run.state == "done"
    assert desk.files() == desk.files("undisturbed")
    assert "open" not in book.ledger.totals().attempts
    assert desk.provider.open_streams == 0


async def test_unusable_json_stops_with_a_sentence_and_is_asked_for_again(desk: Desk) -> None:
    book = desk.create()
    desk.answer = lambda kind, request: "Here is your outline!" if kind == "outline" else None
    with pytest.raises(ProviderError, match="outline can't be used: it is not JSON"):
        await write(book)
    assert book.status()["attempts"]["error"] == 1
    desk.answer = lambda kind, request: '```json\n{"chapters": []}\n```' if kind == "outline" else None
    with pytest.raises(ProviderError, match="outline can't be used: chapters"):
        await write(book)
    desk.answer = lambda kind, request: None
    assert (await write(book)).state == "done"


async def test_an_answer_that_was_cut_off_says_where(desk: Desk) -> None:
    desk.answer = lambda kind, request: ["Half ", Ending.LENGTH] if place_of(request) == "section 1.2" else None
    book = desk.create()
    with pytest.raises(IncompleteEnding, match=r"Section 1\.2 \(Scene 1\.2\) ended as length"):
        await write(book)
    desk.answer = lambda kind, request: ["Half ", Ending.LENGTH] if kind == "chapter_summary" else None
    with pytest.raises(IncompleteEnding, match=r"The chapter summary of chapter 1 ended as length"):
        await write(book)


# ── checkpoints and events ────────────────────────────────────────────────────────────────────────────────────


async def test_the_events_of_a_book_are_each_there_as_often_as_the_thing_happened(desk: Desk) -> None:
    book = desk.create(chapters=2, sections=2)
    told: list[Event] = []
    book.events.subscribe_all(told.append)
    await write(book, parallel=2)
    await book.export("markdown")
    wanted = {
        "book_started": 1, "book_completed": 1, "book_exported": 1, "chapter_started": 2, "chapter_completed": 2,
        "section_started": 4, "section_completed": 4, "generation_started": 10, "generation_completed": 10,
        "checkpoint_saved": 2, "run_started": 1, "run_ended": 1,
    }  # fmt: skip
    recorded = book.ledger.events()
    assert Counter(e.type for e in recorded if e.type != "outline_adopted") == wanted
    assert Counter(str(e.type) for e in told if e.type != "outline_adopted") == wanted
    for event in recorded:
        missing = EVENT_DATA[EventType(event.type)].keys() - event.data.keys()
        assert not missing, (event.type, missing)
        assert event.ghostkit_version
        assert event.actor
    run_id = book.runs[-1].id
    assert {e.run_id for e in recorded if e.type != "book_exported"} == {run_id}
    order = [e.type for e in recorded]
    assert order[0] == "book_started"
    assert order.index("book_completed") < order.index("run_ended") < order.index("book_exported")
    assert set(EVENT_CONTEXT) == {"book", "chapter", "section"}


async def test_adopting_an_outline_is_told_with_its_children(desk: Desk) -> None:
    book = desk.create()
    await write(book)
    adopted = [dict(e.data) for e in book.ledger.events(types=["outline_adopted"])]
    assert adopted[0] == {"object": book.value.id, "children": [c.id for c in book.value.chapters]}
    assert adopted[1:] == [{"object": c.id, "children": [s.id for s in c.sections]} for c in book.value.chapters]


async def test_a_checkpoint_follows_each_completed_chapter_exactly_once_and_is_loaded_on_resume(desk: Desk) -> None:
    book = desk.create(chapters=3)
    await write(book, until="2")
    assert len(list(desk.path("checkpoints").glob("checkpoint_2*.json"))) == 2
    book = desk.reopen()
    await write(book)
    await write(book)
    saved = book.ledger.events(types=["checkpoint_saved"])
    assert [e.data["reason"] for e in saved] == [f"chapter {n} completed" for n in (1, 2, 3)]
    assert all(desk.path(e.data["path"]).is_file() for e in saved)
    loaded = book.ledger.events(types=["checkpoint_loaded"])
    assert len(loaded) == 2
    assert loaded[0].data["path"] == "checkpoints/checkpoint_latest.json"
    assert loaded[1].data["steps_done"] > loaded[0].data["steps_done"] > 0
    latest = json.loads(desk.read("checkpoints/checkpoint_latest.json"))
    assert (latest["after"]["number"], latest["words"]) == (3, book.value.word_count)


async def test_a_checkpoint_the_disk_refused_follows_with_the_next_run(
    desk: Desk, fault: Callable[[str], None]
) -> None:
    book = desk.create(chapters=3)
    told: list[Event] = []
    book.events.subscribe(EventType.ERROR_OCCURRED, told.append)
    fault("checkpoint.before:1:enospc")
    await write(book)
    (trouble,) = told
    assert trouble.data["where"] == "checkpoints"
    assert "The checkpoint after chapter 1 was not saved: " in trouble.data["reason"]
    assert [e.data["reason"] for e in book.ledger.events(types=["checkpoint_saved"])] == [
        "chapter 2 completed", "chapter 3 completed",
    ]  # fmt: skip
    fault("")
    await write(book)
    await write(book)
    saved = book.ledger.events(types=["checkpoint_saved"])
    assert sorted(e.data["reason"] for e in saved) == [f"chapter {n} completed" for n in (1, 2, 3)]
    assert all(desk.path(e.data["path"]).is_file() for e in saved)
    assert json.loads(desk.read("checkpoints/checkpoint_latest.json"))["after"]["number"] == 3


async def test_a_handler_that_fails_or_listens_twice_harms_nobody(desk: Desk) -> None:
    book = desk.create()

    def broken(event: Event) -> None:
        raise RuntimeError("handler broke")

    async def broken_too(event: Event) -> None:
        await anyio.lowlevel.checkpoint()
        raise RuntimeError("handler broke")

    book.events.subscribe_all(broken)
    book.events.subscribe_all(broken_too)
    assert (await write(book)).state == "done"
    assert book.events.failures > 20
    assert len(book.ledger.events(types=["checkpoint_saved"])) == 2


async def test_broken_checkpoints_do_not_keep_a_book_from_being_finished(desk: Desk) -> None:
    book = desk.create()
    await write(book, until="1")
    for path in desk.path("checkpoints").iterdir():
        path.write_text("{", encoding="utf-8")
    book = desk.reopen()
    assert (await write(book)).state == "done"
    trouble = book.ledger.events(types=["error_occurred"])
    assert [set(EVENT_DATA[EventType.ERROR_OCCURRED]) <= set(e.data) for e in trouble] == [True]
    assert "None of the checkpoints" in trouble[0].data["reason"]


# ── locks and files ───────────────────────────────────────────────────────────────────────────────────────────


async def test_a_locked_section_is_never_asked_for(desk: Desk) -> None:
    import ghostkit as gk

    book = desk.create()
    async with gk.background():
        await book.outline()
        book.section("1.2").lock()
        await book.write()
    assert "section 1.2" not in desk.asked_for()
    assert json.loads(desk.read("book.json"))["chapters"][0]["sections"][1]["locked"] is True
    book.section("1.2").unlock()
    await write(book)
    assert desk.asked_for().count("section 1.2") == 1


@pytest.mark.parametrize(
    "place",
    [
        "outline.md", "characters/profiles.json", "characters/relationships.json", "chapters/chapter_01/content.md",
        "chapters/chapter_01/outline.json", "chapters/chapter_02/metadata.json",
        "chapters/chapter_02/sections/section_02.md", "chapters/chapter_01",
    ],
)  # fmt: skip
async def test_a_file_that_was_deleted_is_derived_again(desk: Desk, place: str) -> None:
    await write(desk.create())
    before, calls = desk.files(), desk.calls
    target = desk.path(place)
    shutil.rmtree(target) if target.is_dir() else target.unlink()
    assert desk.files() != before
    await write(desk.reopen())
    assert (desk.files(), desk.calls) == (before, calls)


async def test_a_mangled_book_json_stops_every_run_and_is_not_written_over(desk: Desk) -> None:
    book = desk.create()
    await write(book, until="1")
    good = desk.read("book.json")
    broken = desk.edit("book.json", '"title"', '"title')
    for _ in range(2):
        run = await _ended(book)
        assert (run.state, type(run.error)) == ("failed", BookDamaged)
        assert desk.read("book.json") == broken
    desk.path("book.json").write_text(good, encoding="utf-8")
    assert (await write(book)).state == "done"


async def test_a_missing_folder_is_a_sentence(desk: Desk) -> None:
    book = desk.create()
    await write(book, until="1")
    desk.path(".").rename(desk.root / "moved")
    run = await _ended(book)
    assert run.state == "failed"
    assert isinstance(run.error, GhostkitError)
    in_writer_thread(lambda: None).result(timeout=10)  # the log writes in a thread of its own
    # Nothing of the book itself is made anew where it was; only its lock and its log tell of the try.
    assert {path.name for path in desk.path(".").iterdir()} <= {"ledger.lock", "logs"}
    shutil.rmtree(desk.path("."))
    (desk.root / "moved").rename(desk.root / "book")
    assert (await write(book)).state == "done"


async def _ended(book: Any) -> Any:
    import ghostkit as gk

    async with gk.background():
        return await finish(book.write())


async def test_a_read_only_folder_is_a_sentence(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Permissions don't bind root, so the refusal is put where every file is written."""
    import errno

    from ghostkit.book import files

    book = desk.create()
    await write(book, until="1")

    def refuse(path: Any) -> Any:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(files, "_claim_temporary", refuse)
    run = await _ended(book)
    assert (run.state, type(run.error)) == ("failed", StorageError)
    assert "Permission denied" in run.reason
    monkeypatch.undo()


# ── what is read ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_section_reads_the_chapters_before_it_word_for_word(desk: Desk) -> None:
    desk.answer = telling
    book = desk.create(chapters=3, sections=2)
    await write(book)
    sent = {place_of(request): request for request in desk.provider.requests}
    parts = sent["section 3.2"].messages[1].parts
    texts = [section.content for _, section in book.value.sections()][:5]
    at = [parts.index(text) for text in texts]
    assert at == sorted(at)
    assert [part for part in parts if part.startswith("## ")] == [f"## {n}. Chapter title {n}" for n in (1, 2, 3)]
    inputs = book.receipt("3.2")["inputs"]
    assert {f"section:{s.id}" for _, s in book.value.sections()} - inputs.keys() == {
        f"section:{book.section('3.2').id}"
    }
    assert inputs["previous"] == inputs[f"section:{book.section('3.1').id}"]


async def test_what_a_context_source_finds_stands_before_the_task_and_in_the_receipt(desk: Desk) -> None:
    asked: list[tuple[str, str, int]] = []

    class Found:
        async def context_for(self, slot: str, query: str, budget_tokens: int) -> dict[str, str]:
            asked.append((slot, query, budget_tokens))
            return {"chunk-1": "A lamp & a <rope>."}

    import ghostkit as gk
    from ghostkit.ledger import text_hash

    from ..desk import QUICK

    desk.create().close()
    desk.leave()
    book = gk.Book.open(desk.path("."), services=replace(QUICK, context=lambda folder: Found()))
    try:
        async with gk.background():
            await book.write(until="1.1")
        parts = book.receipt("1.1")["request"]["messages"][1]["parts"]
        at = parts.index("A lamp &amp; a &lt;rope>.")
        assert parts[at - 1].endswith("<retrieved>")
        assert parts[at + 1].startswith("</retrieved>")
        assert book.receipt("1.1")["inputs"]["retrieved:chunk-1"] == text_hash("A lamp &amp; a &lt;rope>.")
        assert asked == [(f"{book.section('1.1').id}/section/0", "Scene 1.1\nAda does thing 1.1.", asked[0][2])]
        assert 0.3 * 123_904 < asked[0][2] < 123_904  # its share, and what the other parts leave
        assert not book.stale().texts
    finally:
        book.close()


async def test_a_window_that_is_too_small_is_told_in_the_record(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.answer = lambda kind, request: f"{place_of(request)} " + "word " * 3000 if kind == "section" else None
    monkeypatch.setenv("MAX_CONTEXT_TOKENS", "10000")
    monkeypatch.setenv("RESERVED_RESPONSE_TOKENS", "500")
    from ghostkit.settings import reset_settings

    reset_settings()
    book = desk.create(chapters=4, sections=1)
    await write(book)
    notes = {event.data["slot"]: event.data["notes"] for event in book.ledger.events(types=["context_shortened"])}
    assert notes[f"{book.section('4.1').id}/section/0"] == [
        "Chapter 1 is read as its summary: in full it would not fit.",
        "Chapter 2 is read as its summary: in full it would not fit.",
    ]
    assert f"section:{book.section('1.1').id}" not in book.receipt("4.1")["inputs"]
    assert f"chapter_summary:{book.value.chapters[0].id}" in book.receipt("4.1")["inputs"]
    assert not book.stale().texts
