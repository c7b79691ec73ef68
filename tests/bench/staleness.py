"""How long it takes to say what is out of date of a book of 400 sections, untouched and after a change that all see."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import anyio

import ghostkit as gk
from ghostkit.writing.facts import facts_of
from tests.bench.report import Report

BRIEF = Path(__file__).parents[2] / "datasets" / "lantern-coast" / "brief.md"
TURNS = 7
LIMIT, LIMIT_CHANGED = 7.0, 8.0


async def written(folder: Path, chapters: int) -> gk.Book:
    """A book by the rehearsal, with sections of 200 words."""
    book = gk.Book.create(
        folder / "book", title="The Long Walk", brief=BRIEF, chapters=chapters, sections=4, words=200,
        model="rehearsal",
    )  # fmt: skip
    await book.write(use_cache=False)
    return book


async def measure(report: Report, quick: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        book = await written(Path(folder), 25 if quick else 100)
        sections = len(list(book.value.sections()))
        peer = _timed(book.manuscript.reload)
        fresh = _timed(book.stale)
        assert not book.stale().texts, "what was just written is fresh"
        _age(book)
        facts_of.cache_clear()
        started = time.process_time()
        found = book.stale()
        first = time.process_time() - started
        again = _timed(book.stale)
        # Seconds are of this machine; the ratios hold on any.
        report.add(
            "stale_seconds", fresh, 0.2 * sections / 400, "200 ms for 400 sections", gated=False, sections=sections
        )
        report.add("stale_over_reading_the_book", fresh / peer, LIMIT, "reading the ledger's heads anew")
        report.add(
            "stale_after_an_age_changed_over_reading", again / peer, LIMIT_CHANGED, "reading the ledger's heads anew",
            ms=again * 1000, ms_first=first * 1000, stale=len(found), maybe=len(found.maybe),
        )  # fmt: skip
        book.close()


def _age(book: gk.Book) -> None:
    """The first person gets another age, in their file."""
    path = book.folder.root / "characters" / "profiles.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    people = document["characters"] if isinstance(document, dict) else document
    people[0]["age"] = "71"
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
    assert book.look_for_edits()


def _timed(act: Callable[[], object]) -> float:
    """The median of several turns in seconds of the processor: what others do on the machine is not measured."""
    took = []
    for _ in range(TURNS):
        started = time.process_time()
        act()
        took.append(time.process_time() - started)
    return statistics.median(took)


def run(report: Report, quick: bool) -> None:
    anyio.run(measure, report, quick)
