"""Books and the cache: a second run calls nobody, statistics are the events, trouble never stops the writing."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import ghostkit as gk
from ghostkit import config
from ghostkit.cache import cache_for
from ghostkit.errors import InputError
from ghostkit.events import EVENT_DATA, Event, EventType, MetricsCollector
from ghostkit.ledger import Slot, SqliteLedger
from ghostkit.providers import Ending
from ghostkit.workbench import Services

from ..desk import BRIEF, Desk, finish, write

pytestmark = pytest.mark.anyio

CACHED = Services(ledger=lambda path: SqliteLedger(path, synchronous="OFF"))
"""Like the desk's own, with the cache that the settings ask for."""


def make(desk: Desk, name: str = "book", **options: Any) -> gk.Book:
    wish = {"title": "The Salt Road", "brief": BRIEF, "chapters": 2, "sections": 2, "words": 50, "model": "scripted:x"}
    return desk._kept(gk.Book.create(desk.root / name, services=CACHED, **{**wish, **options}))


def prints(book: gk.Book) -> dict[str, str]:
    """The fingerprint of every completed text, by its slot."""
    slots = [step.slot for step in book.ledger.steps()]
    return {str(slot): book.ledger.attempts(slot)[-1].fingerprint for slot in slots}


def look_ups(book: gk.Book) -> Counter[str]:
    return Counter(event.type for event in book.ledger.events(types=["cache_hit", "cache_miss"]))


def texts(book: gk.Book) -> list[str]:
    return [section.content for _, section in book.value.sections()]


# ── the second run ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("parallel", [1, 3])
async def test_two_books_of_one_brief_ask_for_the_same_things_and_the_second_calls_nobody(
    desk: Desk, parallel: int
) -> None:
    one, two = make(desk, "one"), make(desk, "two")
    await write(one)
    calls = desk.calls
    await write(two, parallel=parallel)
    assert desk.calls == calls
    assert prints(one) == prints(two)
    assert texts(one) == texts(two)
    assert desk.files("one") == desk.files("two")
    assert (look_ups(one)["cache_miss"], look_ups(two)["cache_hit"]) == (calls, calls)
    assert (two.stats()["calls"], two.stats()["cost_usd"], two.stats()["cache"]["hit_rate"]) == (0, 0.0, 1.0)
    assert {event.type for event in two.ledger.events()} & {"generation_started", "generation_completed"} == set()


PROGRAM = """
import json, sys
from ghostkit import sync
book = sync.Book.create(sys.argv[1], title="Salt", brief="A courier crosses a dying sea.", chapters=2, sections=2,
    words=60, model="rehearsal")
book.write()
print(json.dumps(book.stats() | {"in_doubt": book.status()["attempts"]["in_doubt"], "text": book.to_legacy()["toc"]}))
"""


def process(root: Path, name: str, fault: str = "") -> tuple[dict[str, Any], list[str]]:
    """Write the book `name` in a process of its own with a cache in `shared`: what it tells, and its bill."""
    bill = root / f"{name}.jsonl"
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(root / name)], capture_output=True, text=True, check=False,
        env={
            "PYTHONPATH": str(Path(__file__).parents[2]), "PATH": "", "GHOSTKIT_REHEARSAL_BILL": str(bill),
            "CACHE_BACKEND": "file", "CACHE_DIR": str(root / "shared"), "GHOSTKIT_FAULT": fault,
        },
    )  # fmt: skip
    assert ended.returncode == (-signal.SIGKILL if fault else 0), ended.stderr
    lines = bill.read_text("utf-8").splitlines() if bill.exists() else []
    return json.loads(ended.stdout or "{}"), lines


def test_killed_while_it_is_served_from_the_cache_a_book_goes_on_from_there_and_nothing_is_in_doubt(
    tmp_path: Path,
) -> None:
    first, _ = process(tmp_path, "one")
    for hit, point in enumerate(
        ("result.before_commit", "result.after_commit", "files.before", "chapter.after_commit")
    ):
        name = f"two-{hit}"
        process(tmp_path, name, f"{point}:{2 if point.startswith('chapter') else 5}:kill")
        found, bill = process(tmp_path, name)
        assert bill == []
        assert (found["calls"], found["in_doubt"], found["cache"]["hits"]) == (0, 0, first["calls"])
        assert found["text"] == first["text"]


def test_a_shared_folder_survives_the_process_and_the_bill_stays_empty(tmp_path: Path) -> None:
    first, paid = process(tmp_path, "one")
    assert (first["calls"], first["cache"]["misses"]) == (len(paid) // 2, len(paid) // 2)
    second, unpaid = process(tmp_path, "two")
    assert unpaid == []
    assert (second["calls"], second["cache"]["hits"], second["cache"]["misses"]) == (0, first["calls"], 0)
    assert sorted(path.name for path in (tmp_path / "shared").iterdir()) == ["generations", "summaries"]
    assert list((tmp_path / "two" / "cache").rglob("*.entry")) == []


async def test_a_books_own_folder_serves_it_after_everything_else_is_gone(desk: Desk) -> None:
    config.CACHE_BACKEND = "file"
    book = make(desk)
    await write(book)
    calls, words = desk.calls, texts(book)
    desk.leave()
    for path in (desk.root / "book").iterdir():
        if path.name != "cache":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    book = make(desk)
    await write(book)
    assert (desk.calls, texts(book)) == (calls, words)
    assert {path.name for path in (desk.root / "book" / "cache").iterdir() if any(path.iterdir())} == {
        "generations", "summaries",
    }  # fmt: skip


# ── statistics ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_statistics_of_book_process_and_metrics_equal_the_events(desk: Desk) -> None:
    metrics, told = MetricsCollector(), list[Event]()
    for name, chapters in (("one", 1), ("two", 2), ("three", 2)):
        book = make(desk, name, chapters=chapters)
        book.events.subscribe_all(metrics)
        book.events.subscribe_all(told.append)
        await write(book)
        found, events = book.stats()["cache"], look_ups(book)
        assert (found["hits"], found["misses"]) == (events["cache_hit"], events["cache_miss"])
        assert found["hit_rate"] == events["cache_hit"] / sum(events.values())
        by_kind = Counter((e.type, e.data["kind"]) for e in book.ledger.events(types=["cache_hit", "cache_miss"]))
        for kind, row in found["kinds"].items():
            assert (row["hits"], row["misses"]) == (by_kind["cache_hit", kind], by_kind["cache_miss", kind])
        assert found["kinds"]["summaries"]["entries"] > 0
        calls = book.ledger.totals().calls
        assert book.stats()["calls"] == calls - events["cache_hit"]
    cache = (await gk.get_stats())["cache"]
    live = Counter(event.type for event in told)
    assert (cache["hits"], cache["misses"]) == (live[EventType.CACHE_HIT], live[EventType.CACHE_MISS])
    assert cache["hits"] > 0
    counters = metrics.export_metrics()["counters"]
    assert sum(n for name, n in counters.items() if name.startswith("cache_hits")) == cache["hits"]
    assert sum(n for name, n in counters.items() if name.startswith("cache_misses")) == cache["misses"]
    for event in told:
        if event.type in (EventType.CACHE_HIT, EventType.CACHE_MISS):
            assert set(event.data) == set(EVENT_DATA[event.type])


async def test_the_order_of_a_sections_events_is_the_flow_on_a_miss_and_on_a_hit(desk: Desk) -> None:
    one, two = make(desk, "one"), make(desk, "two")
    await write(one)
    await write(two)

    def of_a_section(book: gk.Book) -> list[str]:
        section = book.section("1.1").id
        return [
            e.type for e in book.ledger.events() if section in (e.data.get("section"), str(e.data.get("slot"))[:10])
        ]

    miss = ["section_started", "cache_miss", "generation_started", "generation_completed", "section_completed"]
    assert of_a_section(one) == miss
    assert of_a_section(two) == ["section_started", "cache_hit", "section_completed"]


async def test_a_receipt_says_that_the_text_came_from_the_cache_also_after_a_restart(desk: Desk) -> None:
    await write(make(desk, "one"))
    desk.provider._price = 9.0
    await write(make(desk, "two"))
    assert desk.open("one").receipt("1.1")["served_by"] == "provider"
    receipt = desk.reopen("two").receipt("1.1")
    assert (receipt["served_by"], receipt["cost_usd"], receipt["model"]) == ("cache", 0.0, "scripted:x")
    assert (receipt["attempts"][0]["state"], receipt["attempts"][0]["error"]) == ("complete", "")
    assert receipt["request"]["messages"]
    assert desk.open("two").status()["cached"] == 10


async def test_entries_are_filed_where_people_find_them(desk: Desk) -> None:
    await write(make(desk))
    cache = cache_for()
    assert cache is not None
    assert len(cache.keys("generations", "chapter:1:section:*")) == 2
    assert len(cache.keys("generations", "chapter:*:chapter_outline:*")) == 2
    assert [len(cache.keys("generations", f"book:{kind}:*")) for kind in ("outline", "characters")] == [1, 1]
    assert len(cache.keys("summaries", "chapter:2:chapter_summary:*")) == 1
    calls = desk.calls
    assert await gk.clear_cache("chapter:1:*") == 4
    await write(make(desk, "again"))
    assert desk.calls == calls + 4


# ── off, and trouble ──────────────────────────────────────────────────────────────────────────────────────────


async def test_without_the_cache_nothing_is_looked_up_or_kept(desk: Desk) -> None:
    await write(make(desk, "one"), use_cache=False)
    config.CACHE_BACKEND = "none"
    await write(make(desk, "two"))
    book = desk.open("two")
    assert desk.calls == 20
    assert not look_ups(desk.open("one"))
    assert not look_ups(book)
    assert (book.stats()["cache"]["backend"], book.stats()["cache"]["entries"]) == ("none", 0)


async def test_redis_without_its_package_is_refused_before_anything_starts(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    config.CACHE_BACKEND = "redis"
    book = make(desk)
    async with gk.background():
        with pytest.raises(InputError, match="needs the package redis"):
            book.write()
        assert book.runs == []
        assert book.stats()["cache"]["hits"] == 0
        assert (await book.write(use_cache=False)).state == "done"


async def test_a_folder_that_can_not_be_used_is_told_once_and_the_book_is_written(desk: Desk) -> None:
    config.CACHE_BACKEND = "file"
    book = make(desk)
    shutil.rmtree(book.folder.cache)
    book.folder.cache.write_text("in the way", "utf-8")
    run = await write(book, parallel=3)
    assert run.state == "done"
    (told,) = book.ledger.events(types=["error_occurred"])
    assert told.data["where"] == "cache"
    assert "Writing goes on without it" in told.data["reason"]
    assert look_ups(book) == {"cache_miss": 10}
    assert book.folder.cache.read_text("utf-8") == "in the way"


async def test_an_answer_cut_short_is_not_what_the_next_book_gets(desk: Desk) -> None:
    desk.answer = lambda kind, request: ["Half ", Ending.LENGTH] if kind == "section" else None
    one = make(desk, "one")
    async with gk.background():
        assert (await finish(one.write())).state == "incomplete"
    cache = cache_for()
    assert cache is not None
    assert cache.keys("generations", "chapter:1:section:*") == []
    desk.answer = lambda kind, request: None
    two = make(desk, "two")
    await write(two)
    assert "Half" not in "".join(texts(two))
    slot = Slot(object_id=two.section("1.1").id, kind="section")
    assert [str(attempt.state) for attempt in two.ledger.attempts(slot)] == ["complete"]


async def test_a_changed_brief_or_model_is_asked_anew(desk: Desk) -> None:
    await write(make(desk, "one"))
    calls = desk.calls
    await write(make(desk, "two", brief=BRIEF + " It rains."))
    changed = desk.asked_for()[calls:]
    assert len(changed) == calls - 2
    assert not [place for place in changed if "summary" in place]  # which doesn't read the brief
    await write(make(desk, "three", model="scripted:y"))
    assert desk.calls == 2 * calls - 2 + calls


async def test_a_hit_shows_in_a_run_like_a_text_that_was_written(desk: Desk) -> None:
    await write(make(desk, "one"))
    book, heard = make(desk, "two"), dict[str, str]()

    def listen(kind: str, data: Any) -> None:
        if kind == "text":
            heard[data["section"]] = heard.get(data["section"], "") + data["delta"]

    async with gk.background():
        run = book.write()
        run.subscribe(listen)
        await run
    assert heard == {section.id: section.content for _, section in book.value.sections()}
    assert (run.progress, run.frame["words"].sum()) == (1.0, book.value.word_count)
