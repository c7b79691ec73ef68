"""What the engine costs: CPU a section and a chunk beyond a bare loop, along a long book, and when resuming."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import anyio

import ghostkit as gk
from ghostkit.events import EventType
from ghostkit.providers import Message, Request
from tests.bench.report import Report
from tests.bench.scripted_books import FixedProvider, make_book

FEW, MANY = 10, 810


async def measure(report: Report, quick: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        await _per_section_and_chunk(report, Path(folder), 6 if quick else 12)
        await _long_book(report, Path(folder), 30 if quick else 100)


async def _per_section_and_chunk(report: Report, folder: Path, chapters: int) -> None:
    sections = chapters * 4
    few = await _engine_cpu(folder / "few", chapters, FEW) - await _bare_cpu(sections, FEW)
    many = await _engine_cpu(folder / "many", chapters, MANY) - await _bare_cpu(sections, MANY)
    chunk_us = (many - few) / (sections * (MANY - FEW)) * 1e6
    section_ms = (few / sections) * 1e3
    peer = "CPU of a bare loop over the same provider"
    report.add("engine_cpu_per_section_ms", section_ms, 10.0, peer, gated=False)
    report.add("engine_cpu_per_chunk_us", chunk_us, 40.0, peer, gated=False)


async def _engine_cpu(folder: Path, chapters: int, tokens: int) -> float:
    book = make_book(folder, chapters=chapters, sections=4, tokens=tokens, title=folder.name)
    await book.outline()
    run = book.write()
    run.subscribe(lambda kind, data: None)
    started = time.process_time()
    await run
    spent = time.process_time() - started
    book.close()
    return spent


async def _bare_cpu(sections: int, tokens: int) -> float:
    provider = FixedProvider()
    text = '<task kind="section" number="1.1">'
    request = Request(model=str(tokens), messages=(Message(role="user", parts=(text,)),), max_tokens=1)
    started = time.process_time()
    for _ in range(sections):
        async with provider.stream(request) as events:
            async for _event in events:
                pass
    return time.process_time() - started


async def _long_book(report: Report, folder: Path, chapters: int) -> None:
    """One book of many chapters: flat time a section, and resuming it finished."""
    path = folder / "long"
    book = make_book(path, chapters=chapters, sections=4, tokens=800, title="Long")
    await book.outline()
    await book.write()
    early, late = _section_seconds(book, chapters // 10), _section_seconds(book, chapters)
    report.add(
        "section_time_last_over_tenth", late / early, 1.2, f"chapter {chapters // 10} of the same book", gated=False,
        early_ms=early * 1e3, late_ms=late * 1e3,
    )  # fmt: skip
    book.close()
    sections = chapters * 4
    started = time.perf_counter()
    book = gk.Book.open(path)
    await book.write()
    seconds = time.perf_counter() - started
    report.add("resume_finished_s_per_400_sections", seconds * 400 / sections, 1.0, "the limit", gated=False)
    book.close()


def _section_seconds(book: gk.Book, last: int) -> float:
    """Median seconds from one section's end to the next within the ten chapters up to `last`."""
    ends: dict[int, list[float]] = {}
    for event in book.ledger.events(types=[EventType.SECTION_COMPLETED]):
        ends.setdefault(int(event.data["number"].split(".")[0]), []).append(event.timestamp.timestamp())
    gaps = [
        later - earlier
        for chapter in range(max(last - 9, 1), last + 1)
        for earlier, later in zip(ends[chapter], ends[chapter][1:], strict=False)
    ]
    return sorted(gaps)[len(gaps) // 2]


def run(report: Report, quick: bool) -> None:
    anyio.run(measure, report, quick)
