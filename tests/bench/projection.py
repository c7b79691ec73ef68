"""How long the projection of a ledger takes beside a bare read of the same rows; and what an append costs."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from ghostkit.analytics import connect
from ghostkit.ledger.streamed import streaming
from tests.analytics.histories import WHO, Desk, make_book, many_events, write_section
from tests.bench.report import Report

COLD_OVER_BARE = 12.0
COLD_S, APPEND_MS = 2.5, 20.0
"""What is promised for a machine that does nothing else; the gates are ratios, which a busy one keeps too."""


def run(report: Report, quick: bool) -> None:
    import duckdb  # noqa: F401  # what is measured is the projection, not the import
    import polars  # noqa: F401

    count = 20_000 if quick else 100_000
    with tempfile.TemporaryDirectory() as folder:
        desk = make_book(Path(folder) / "book", chapters=40, sections=5)
        for number in range(count // 100):
            write_section(
                desk, f"s-{1 + number % 40}-{1 + number % 5}", f"w-{number}", text=f"Ada went home. {number} " * 40
            )
        desk.ledger.record(list(many_events(count - desk.ledger.events(newest=True, limit=1)[0].seq)), WHO)
        bare = min(_bare(desk) for _ in range(3))
        cold = min(_cold(desk) for _ in range(2))
        began = time.perf_counter()
        with connect(desk.folder.root) as analytics:
            warm = time.perf_counter() - began
            appends = []
            for number in range(7):
                desk.ledger.record(list(many_events(100, seed=number)), WHO)
                began = time.perf_counter()
                assert analytics.refresh() == 100
                appends.append((time.perf_counter() - began) * 1000)
        desk.close()
    report.add(
        "projection_cold_over_bare_read", cold / bare, COLD_OVER_BARE, "reading and unpacking the same rows",
        events=count, seconds=cold, promised_s=COLD_S, bare_s=bare,
    )  # fmt: skip
    report.add(
        "projection_append_of_100_ms", min(appends), APPEND_MS, "the promise", gated=False, median_ms=sorted(appends)[3]
    )
    report.add("projection_warm_over_cold", warm / cold, 0.5, "the projection made anew", seconds=warm)


def _bare(desk: Desk) -> float:
    began = time.perf_counter()
    with streaming(desk.folder.ledger) as look:
        rows = sum(len(batch) for read in (look.events, look.attempts, look.revisions) for batch in read(0))
    assert rows
    return time.perf_counter() - began


def _cold(desk: Desk) -> float:
    """With the file written at the end."""
    for path in desk.folder.root.glob("analytics.duckdb*"):
        path.unlink()
    began = time.perf_counter()
    connect(desk.folder.root).close()
    return time.perf_counter() - began
