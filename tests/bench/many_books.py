"""Two hundred books written at once by a paced provider: how close to the pace, how responsive the loop."""

from __future__ import annotations

import os
import resource
import tempfile
import time
from pathlib import Path

import anyio
import psutil

import ghostkit as gk
from ghostkit.providers import Request
from ghostkit.providers.rehearsal import RehearsalProvider
from tests.bench.report import Report

TICK_S = 0.01


class MeteredRehearsal(RehearsalProvider):
    """The rehearsal, adding up what it was told to sleep. A run opens a provider of its own, so one is one book."""

    made: list[MeteredRehearsal] = []  # noqa: RUF012 - a register of all, on purpose

    def __init__(self, **config: object) -> None:
        super().__init__(**config)  # type: ignore[arg-type]
        self.slept_s = 0.0
        self.made.append(self)

    def _due(self, request: Request, tokens: list[str]) -> list[float]:
        due = super()._due(request, tokens)
        self.slept_s += due[-1] if due else 0.0
        return due


async def measure(report: Report, quick: bool) -> None:
    books, chapters, sections, words, stagger = (60, 1, 3, 150, 2.0) if quick else (200, 3, 4, 600, 16.0)
    gk.registry.register_provider("rehearsal", MeteredRehearsal)
    with tempfile.TemporaryDirectory() as folder:
        open_books = []
        for number in range(books):
            book = gk.Book.create(
                Path(folder) / f"b{number}", title=f"Book {number}", brief=f"Ada walks {number} miles to Bo.",
                chapters=chapters, sections=sections, words=words, model="rehearsal",
            )  # fmt: skip
            await book.outline()
            open_books.append(book)
        MeteredRehearsal.made.clear()
        os.environ.update(
            GHOSTKIT_REHEARSAL_TOKENS_PER_S="50",
            GHOSTKIT_REHEARSAL_FIRST_TOKEN_S="0.5",
            GHOSTKIT_REHEARSAL_JITTER="0.2",
        )
        walls, lags, peak = await _write_all(open_books, stagger)
        await _report(report, open_books, walls, lags, peak, quick)


async def _write_all(books: list[gk.Book], stagger: float) -> tuple[dict[int, float], list[float], int]:
    lags: list[float] = []
    walls: dict[int, float] = {}
    process = psutil.Process()
    peak = 0

    async def watch() -> None:
        nonlocal peak
        while True:
            started = time.perf_counter()
            await anyio.sleep(TICK_S)
            lags.append(time.perf_counter() - started - TICK_S)
            if len(lags) % 100 == 0:
                peak = max(peak, process.memory_info().rss)

    async def one(number: int, book: gk.Book) -> None:
        await anyio.sleep(stagger * number / len(books))
        started = time.perf_counter()
        await book.write()
        walls[number] = time.perf_counter() - started

    async with anyio.create_task_group() as watching:
        watching.start_soon(watch)
        async with anyio.create_task_group() as writing:
            for number, book in enumerate(books):
                writing.start_soon(one, number, book)
        watching.cancel_scope.cancel()
    return walls, lags, peak


async def _report(
    report: Report, books: list[gk.Book], walls: dict[int, float], lags: list[float], peak: int, quick: bool
) -> None:
    path = max(provider.slept_s for provider in MeteredRehearsal.made)
    slowest = max(walls.values())
    lags.sort()
    words = sum(book.value.word_count for book in books)
    assert all(book.status()["state"] == "complete" for book in books)
    report.add(
        "many_books_wall_over_path", slowest / path, 1.05, "the slowest book's own paced sleeps", gated=not quick,
        books=len(books), path_s=path, wall_s=slowest, words=words,
    )  # fmt: skip
    report.add("many_books_lag_p99_ms", lags[int(len(lags) * 0.99)] * 1e3, 50.0, "a 10 ms tick", gated=False)
    report.add("many_books_lag_max_ms", lags[-1] * 1e3, 250.0, "a 10 ms tick", gated=False)
    report.add("many_books_peak_mb", peak / 1e6, 1500.0, "the limit", gated=True)


def run(report: Report, quick: bool) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    anyio.run(measure, report, quick)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
