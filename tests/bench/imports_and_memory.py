"""What an import costs over bare python, and whether a process that writes many books grows."""

from __future__ import annotations

import gc
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import anyio
import psutil

from tests.bench.report import Report
from tests.bench.scripted_books import make_book


def _import_ms(statement: str, rounds: int) -> float:
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", statement], check=True)
        times.append(time.perf_counter() - started)
    return median(times) * 1000


async def _growth(books: int) -> tuple[float, float]:
    """MB resident after a tenth of the books and after all of them."""
    process = psutil.Process()
    first = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(books):
            book = make_book(Path(folder) / f"b{number}", chapters=2, sections=3, tokens=200, title=f"Book {number}")
            await book.write()
            book.close()
            if number == books // 10:
                gc.collect()
                first = process.memory_info().rss / 1e6
        gc.collect()
        return first, process.memory_info().rss / 1e6


def run(report: Report, quick: bool) -> None:
    rounds = 5 if quick else 15
    bare = _import_ms("pass", rounds)
    for name, statement, limit in (
        ("import_ghostkit_ms", "import ghostkit", 150.0),
        ("import_book_ms", "from ghostkit import Book", 400.0),
    ):
        report.add(name, _import_ms(statement, rounds) - bare, limit, "bare python", gated=False, bare_ms=bare)
    first, last = anyio.run(_growth, 30 if quick else 100)
    report.add("memory_last_over_tenth", last / first, 1.15, "the same process a tenth of the way", mb=last)
