"""What retrieval costs by itself: a question to 10,000 chunks, memory, an update that finds nothing or one section new,
and what it adds to a section that is written. `retrieval_peers` has the same beside other libraries.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio

import ghostkit as gk
from ghostkit.rag.config import RAGConfig
from ghostkit.rag.document import Document
from ghostkit.rag.engine import RetrievalEngine
from tests.bench import keyword
from tests.bench.report import Report
from tests.bench.retrieval_material import asked, many_chunks, novel, with_an_edit
from tests.bench.retrieval_ours import fill, retriever, timed

SECTIONS, SECTION = 500, 4_500
"""A book of so many, of so many characters."""
TURNS = 9
QUERY_MS, QUERY_OVER_SEARCHES = 5.0, 5.0
MEMORY_MB = 60.0
NEW_SHARE = 0.03
NOTHING_MS, NOTHING_OVER_FILLING = 10.0, 0.02
ONE_COSTS = 15
"""Sections that could be indexed for the first time while one changed one is."""


def run(report: Report, quick: bool) -> None:
    if not novel():
        print("retrieval: the novels aren't there; set GHOSTKIT_DATA to a folder that holds them.", file=sys.stderr)
    else:
        with tempfile.TemporaryDirectory() as folder:
            anyio.run(_questions, report, Path(folder), quick)
            _memory(report, Path(folder))
        anyio.run(_updates, report, quick)
        anyio.run(_edits, report, quick)
    anyio.run(_written, report, quick)


# ── questions ─────────────────────────────────────────────────────────────────────────────────────────────


async def _questions(report: Report, home: Path, quick: bool) -> None:
    """Their vectors are known. The two searches and nothing else are what the whole of it is held against."""
    await fill(home, quick)
    questions = asked(many_chunks(quick))
    (home / "task.json").write_text(json.dumps({"questions": questions}), "utf-8")
    whole = await retriever(home, questions, query_cache_size=1)
    known = await retriever(home, questions)
    for question in questions:
        await known.search(question, top_k=1)  # its vector is known now, and not this answer
    new = await timed(whole.search, questions)
    found = await timed(known.search, questions)
    alone = await _searches_alone(home, questions)
    load = os.getloadavg()[0]
    report.add("retrieval_ms_p50", found["p50"], QUERY_MS, "5 ms", gated=False, load=load, **_rest(found))
    report.add("retrieval_new_vector_ms_p50", new["p50"], None, "the vector is given, and new", gated=False, load=load,
               **_rest(new))  # fmt: skip
    report.add(
        "retrieval_cpu_over_its_searches", found["cpu_p50"] / alone, QUERY_OVER_SEARCHES,
        "CPU of the search by words and that by meaning alone", cpu_ms=found["cpu_p50"], cpu_ms_searches=alone,
    )  # fmt: skip


async def _searches_alone(home: Path, questions: Sequence[str]) -> float:
    """Median CPU, in ms."""
    import numpy as np

    made = await retriever(home, questions)
    store, index, vectors = made._store, made._index, made._embedder
    assert index is not None
    assert vectors is not None
    took = []
    for question in questions:
        vector = (await vectors.embed([question], "query"))[0]
        began = time.process_time()
        with store.view() as view:
            index.search(view, np.asarray(vector), 100)
            view.keyword(question, 100)
        took.append(1000 * (time.process_time() - began))
    return statistics.median(took)


def _rest(found: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in found.items() if name != "p50"}


def _memory(report: Report, home: Path) -> None:
    """In a process of its own: the index opened, and a hundred questions."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.retrieval_ours", str(home), "memory"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    report.add("retrieval_memory_mb", found["mb"], MEMORY_MB, "60 MB", mb_before=found["mb_before"])


# ── updates ───────────────────────────────────────────────────────────────────────────────────────────────


def book_of(sections: int) -> list[Document]:
    texts = "\n\n".join(one.text for one in keyword.sections())
    return [
        Document(
            id=f"s{n}", text=texts[n * SECTION : (n + 1) * SECTION], chapter=n // 4 + 1, section=n % 4 + 1,
            language="en", revision=n + 1,
        )
        for n in range(sections)
    ]  # fmt: skip


async def _updates(report: Report, quick: bool) -> None:
    """500 sections with `hashing`, on disk."""
    documents = book_of(SECTIONS // 5 if quick else SECTIONS)
    with _engine() as engine:
        filling = await _seconds(lambda: engine.update(documents))
        nothing = [await _seconds(lambda: engine.update(documents)) for _ in range(TURNS)]
        one = []
        for turn in range(TURNS):
            at = turn * 7
            documents[at] = replace(documents[at], text=f"{documents[at].text} The bell rang.", revision=1000 + turn)
            one.append(await _seconds(lambda: engine.update(documents)))
        store, index = await engine.store(), await engine.index()
        assert index is not None
        with store.view() as view:
            parts = {"known_ms": _best(store.known), "missing_ms": _best(lambda: index.missing(view))}
        await engine.aclose()
    (wall, cpu), (filled, filled_cpu) = _medians(nothing), filling
    report.add("update_of_nothing_ms", 1000 * wall, NOTHING_MS, "10 ms for 500 sections", gated=False,
               cpu_ms=1000 * cpu, sections=len(documents), filling_s=filled, load=os.getloadavg()[0],
               **parts)  # fmt: skip
    report.add("update_of_nothing_over_filling", cpu / filled_cpu, NOTHING_OVER_FILLING, "CPU of filling the index")
    wall, cpu = _medians(one)
    limit = ONE_COSTS / len(documents)
    report.add("update_of_a_section_over_filling", cpu / filled_cpu, limit, "CPU of filling the index",
               ms=1000 * wall, cpu_ms=1000 * cpu)  # fmt: skip


async def _edits(report: Report, quick: bool) -> None:
    """A paragraph of a novel of 200,000 words, in documents by chapter."""
    documents = novel()
    with _engine() as engine:
        first = await engine.update(documents)
        shares, walls = [], []
        for turn in range(5 if quick else 20):
            documents = with_an_edit(documents, random.Random(turn))
            made = await engine.update(documents)
            shares.append(made.embedded / made.chunks)
            walls.append(made.seconds)
        await engine.aclose()
    report.add("edit_embedded_share", max(shares), NEW_SHARE, "the novel's chunks", median=statistics.median(shares),
               chunks=first.chunks)  # fmt: skip
    over = statistics.median(walls) / first.seconds
    report.add("edit_over_filling", over, 0.1, "filling the index", ms=1000 * statistics.median(walls))


@contextmanager
def _engine() -> Iterator[RetrievalEngine]:
    with tempfile.TemporaryDirectory() as folder:
        yield RetrievalEngine(Path(folder), RAGConfig(embedding_model="hashing"))


async def _seconds(act: Callable[[], Awaitable[Any]]) -> tuple[float, float]:
    """Wall and CPU."""
    wall, cpu = time.perf_counter(), time.process_time()
    await act()
    return time.perf_counter() - wall, time.process_time() - cpu


def _medians(took: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return statistics.median(wall for wall, _ in took), statistics.median(cpu for _, cpu in took)


def _best(act: Callable[[], object]) -> float:
    """Milliseconds, the best of many."""
    return min(keyword.timed(act) for _ in range(TURNS)) * 1000


# ── writing ───────────────────────────────────────────────────────────────────────────────────────────────


async def _written(report: Report, quick: bool) -> None:
    """A book by the rehearsal with retrieval and without: what it adds to a section's CPU."""
    chapters = 12 if quick else 100
    took = {}
    with tempfile.TemporaryDirectory() as folder:
        for mode in ("basic", "hybrid"):
            book = gk.Book.create(
                Path(folder) / mode, title="The Long Walk", brief="A courier crosses a dying sea.", chapters=chapters,
                sections=4, words=400, model="rehearsal",
            )  # fmt: skip
            book.rag = RAGConfig(mode=mode, embedding_model="hashing")
            await book.outline()
            began = time.process_time()
            await book.write()
            took[mode] = 1000 * (time.process_time() - began) / (chapters * 4)
            book.close()
    added = took["hybrid"] - took["basic"]
    report.add("section_cpu_with_retrieval_over_without", took["hybrid"] / took["basic"], 3.0, "mode basic, same book",
               gated=False, added_ms=added, sections=chapters * 4,
               **{f"ms_{mode}": ms for mode, ms in took.items()})  # fmt: skip
