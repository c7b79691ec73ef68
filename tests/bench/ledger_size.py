"""How large the ledger is beside the text it holds: prompts, receipts, events and all."""

from __future__ import annotations

import tempfile
import zlib
from pathlib import Path

import anyio

import ghostkit as gk
from tests.bench.report import Report

WITH_PASSAGES = 7.0
"""What was retrieved is kept as it was read, with every score: a third of the ledger of a long book."""


async def measure(report: Report, mode: str, name: str, limit: float) -> None:
    """A book of rehearsal prose: 600 words a section; long enough that the empty tables don't count."""
    with tempfile.TemporaryDirectory() as folder:
        book = gk.Book.create(
            Path(folder) / "book", title="The Long Walk", brief="Ada walks from Port Lorn to Bo at Nine Wells.",
            chapters=50, sections=4, words=600, model="rehearsal",
        )  # fmt: skip
        book.rag = gk.RAGConfig(mode=mode)
        await book.write()
        texts = sum(len(zlib.compress(section.content.encode(), 6)) for _, section in book.value.sections())
        sections = sum(1 for _ in book.value.sections())
        book.close()
        size = _bytes_of_ledger(Path(folder) / "book")
    report.add(name, size / texts, limit, "zlib of each section", bytes=size, sections=sections)


def _bytes_of_ledger(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("ledger.sqlite*"))


def run(report: Report, quick: bool) -> None:
    anyio.run(measure, report, "basic", "ledger_bytes_over_compressed_text", 4.0)
    anyio.run(measure, report, "hybrid", "ledger_bytes_with_retrieval_over_compressed_text", WITH_PASSAGES)
