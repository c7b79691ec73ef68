"""Keyword search over 10,000 chunks of real novels: query time, an edit, memory; beside SQLite's FTS5 in one run."""

from __future__ import annotations

import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from ghostkit.rag.chunking import chunk_many, chunker_for
from ghostkit.rag.config import RAGConfig
from ghostkit.rag.document import Document, text_digest
from ghostkit.rag.store import ChunkedDocument, ChunkStore, bm25, terms_of
from ghostkit.rag.store.terms import STOP
from tests.bench.report import Report
from tests.quality.chunking_data import data_folder

CHUNKS = 10_000
QUERIES = 200
SECTION = 12_000
"""Characters of a section."""


def run(report: Report, quick: bool) -> None:
    documents = sections()
    if not documents:
        print("keyword: the novels aren't there; set GHOSTKIT_DATA to a folder that holds them.", file=sys.stderr)
        return
    wanted = CHUNKS // 5 if quick else CHUNKS
    chunked = cut(documents, wanted)
    asked = questions(chunked, random.Random(1))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chunks.sqlite"
        with ChunkStore.open(path) as store:
            filling = timed(lambda: store.apply(chunked))
            peer = Peer(chunked)
            report.add("keyword_filling_over_fts5", filling / peer.filling, 4.0, "FTS5, stemmed the same", s=filling)
            _queries(report, store, peer, asked)
            _edits(report, store, chunked, filling)
        report.add("keyword_file_mb", path.stat().st_size / 1e6, None, "texts, rows and postings", gated=False)
    _memory(report, quick)


def sections() -> list[Document]:
    """The English and Russian novels in sections of equal length."""
    found: list[Document] = []
    for language in ("en", "ru"):
        folder = data_folder(f"novels-{language}")
        for path in sorted(folder.iterdir()) if folder else ():
            text = decoded(path)
            found += [
                Document(id=f"{path.stem}/{at}", text=text[at : at + SECTION], chapter=at // SECTION + 1, section=1)
                for at in range(0, len(text), SECTION)
            ]
    return [one for one in found if one.text.strip()]


def decoded(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return path.read_bytes().decode("latin-1")


def cut(documents: Sequence[Document], wanted: int) -> list[ChunkedDocument]:
    """Into `wanted` chunks, or as near as whole sections come."""
    found: list[ChunkedDocument] = []
    chunker = chunker_for(RAGConfig(chunk_size=640, chunk_overlap=64))
    for document, chunks in zip(documents, chunk_many(documents, chunker), strict=True):
        if wanted <= 0:
            break
        kept = chunks[:wanted]
        wanted -= len(kept)
        digests = [text_digest(chunk.content) for chunk in kept]
        found.append(ChunkedDocument(document=document, chunks=kept, digests=digests))
    return found


def questions(chunked: Sequence[ChunkedDocument], chance: random.Random) -> list[str]:
    """Four to ten words in a row of a chunk drawn by chance, stop words and all."""
    found: list[str] = []
    while len(found) < QUERIES:
        words = chance.choice(chance.choice(chunked).chunks).content.split()
        many = chance.randint(4, 10)
        if len(words) > many:
            at = chance.randrange(len(words) - many)
            found.append(" ".join(words[at : at + many]))
    return found


def _queries(report: Report, store: ChunkStore, peer: Peer, asked: Sequence[str]) -> None:
    first = [timed(lambda query=query: _ask(store, query)) for query in asked]  # type: ignore[misc]
    again = [timed(lambda query=query: _ask(store, query)) for query in asked]  # type: ignore[misc]
    by_fts5 = [timed(lambda query=query: peer.ranked(query)) for query in asked]  # type: ignore[misc]
    by_vocabulary = [timed(lambda query=query: peer.scored(query)) for query in asked]  # type: ignore[misc]
    p50, p95 = statistics.median(first), statistics.quantiles(first, n=20)[-1]
    report.add("keyword_ms_p50", p50 * 1000, 2.0, "2 ms", gated=False, ms_p95=p95 * 1000, chunks=store.view().count)
    warm = statistics.median(again) * 1000
    report.add("keyword_again_ms_p50", warm, 2.0, "2 ms", gated=False)
    over = p50 / statistics.median(by_fts5)
    report.add("keyword_over_fts5_bm25", over, 1.0, "FTS5's own bm25(), no stop words", ms_fts5=1000 * p50 / over)
    over = p50 / statistics.median(by_vocabulary)
    report.add("keyword_over_fts5_postings", over, 1.0, "our BM25 over fts5vocab", ms_fts5=1000 * p50 / over)


def _ask(store: ChunkStore, query: str) -> None:
    with store.view() as view:
        view.keyword(query, 100)


def _edits(report: Report, store: ChunkStore, chunked: Sequence[ChunkedDocument], filling: float) -> None:
    """One paragraph of a section changes: cutting it, the store's change, and the first question after it."""
    applied, asked = [], []
    for one in chunked[10:31]:
        text = one.document.text
        edited = replace(one.document, text=f"{text[:6000]} A sentence is put in here. {text[6000:]}")
        (again,) = cut([edited], CHUNKS)
        applied.append(timed(lambda again=again: store.apply([again])))  # type: ignore[misc]
        asked.append(timed(lambda: _ask(store, "a sentence put in")))
    edit = statistics.median(applied)
    ms = statistics.median(asked) * 1000
    limit = 0.02 * CHUNKS / store.view().count
    report.add(
        "keyword_edit_over_filling", edit / filling, limit, "filling the store", ms=edit * 1000, ms_next_query=ms
    )


def timed(work: Callable[[], object]) -> float:
    """Seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


class Peer:
    """The same chunks and terms in an FTS5 table, contentless, so that nothing is measured but the postings."""

    def __init__(self, chunked: Sequence[ChunkedDocument]) -> None:
        self._sqlite = sqlite3.connect(":memory:")
        began = time.perf_counter()
        self._sqlite.execute("CREATE VIRTUAL TABLE words USING fts5(terms, content='', tokenize='unicode61')")
        self._sqlite.execute("CREATE VIRTUAL TABLE postings USING fts5vocab(words, instance)")
        texts, self._lengths = [], [0]
        for one in chunked:
            for chunk in one.chunks:
                terms = terms_of(chunk.content, chunk.metadata.language, stop=True)
                texts.append((" ".join(terms),))
                self._lengths.append(sum(term[0] != STOP for term in terms))
        self._sqlite.executemany("INSERT INTO words (terms) VALUES (?)", texts)
        self._sqlite.commit()
        self.filling = time.perf_counter() - began

    def ranked(self, query: str) -> list[tuple[int, float]]:
        """By FTS5's own ranking."""
        terms = " OR ".join(f'"{term}"' for term in self._terms(query))
        asked = "SELECT rowid, rank FROM words WHERE words MATCH ? ORDER BY rank LIMIT 100"
        return self._sqlite.execute(asked, (terms,)).fetchall() if terms else []

    def scored(self, query: str) -> object:
        """By ours, over postings that FTS5 supplies."""
        import numpy as np

        scores = np.zeros(len(self._lengths))
        norms = bm25.length_norms(np.array(self._lengths, np.int32), sum(self._lengths) / len(self._lengths))
        for term in self._terms(query):
            asked = "SELECT doc, count(*) FROM postings WHERE term = ? GROUP BY doc"
            found = self._sqlite.execute(asked, (term,)).fetchall()
            if found:
                places, counts = np.array(found, np.int32).T
                weight = bm25.idf(len(scores), len(found))
                bm25.add_scores(scores, places, counts.astype(np.uint16), norms, weight)
        return np.argpartition(scores, -100)[-100:]

    def _terms(self, query: str) -> list[str]:
        return sorted({term for language in ("en", "ru") for term in terms_of(query, language)})


def _memory(report: Report, quick: bool) -> None:
    """In a process of its own: what opening the store and asking all the questions adds to it."""
    with tempfile.TemporaryDirectory() as folder:
        for what in ("fill", "ask"):
            done = subprocess.run(
                [sys.executable, "-m", "tests.bench.keyword", what, folder, str(CHUNKS // 5 if quick else CHUNKS)],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
        added = float(done.stdout)
    # 60 MB are for all of retrieval at 10,000 chunks; 15 of them are vectors of 384 dimensions.
    report.add("keyword_memory_mb", added, 45.0, "60 MB less the vectors'")


def _main(what: str, folder: Path, wanted: int) -> None:
    import numpy as np  # noqa: F401 - part of what is there before
    import psutil  # type: ignore[import-untyped]

    if what == "fill":
        with ChunkStore.open(folder / "chunks.sqlite") as store:
            chunked = cut(sections(), wanted)
            store.apply(chunked)
        (folder / "questions").write_text("\n".join(questions(chunked, random.Random(1))), "utf-8")
        return
    asked = (folder / "questions").read_text("utf-8").split("\n")
    before = psutil.Process().memory_info().rss
    with ChunkStore.open(folder / "chunks.sqlite") as store:
        for query in asked:
            _ask(store, query)
        print((psutil.Process().memory_info().rss - before) / 1e6)


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
