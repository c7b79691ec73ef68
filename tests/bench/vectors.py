"""How long a vector search takes: a book of 10,000 chunks, exactly; 200,000 and a million vectors, nearly exactly.

`GHOSTKIT_BENCH_VECTORS` names an .npy of real text vectors, float32 (n, d), of length one; without it vectors are
drawn in clusters. More than there are is drawn around them, each as far from its own as texts are from their nearest
neighbour. `GHOSTKIT_BENCH_CACHE` names a folder where large bases and their indexes stay between runs.
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ghostkit.rag.document import Chunk, ChunkMetadata, Document, chunk_ids, text_digest
from ghostkit.rag.embedding.contract import EmbedderInfo
from ghostkit.rag.embedding.vector_store import VectorStore
from ghostkit.rag.index import LIMITS, VectorIndex
from ghostkit.rag.index.approximate import build, kind_for
from ghostkit.rag.index.base import Base, mapped_base, write_base
from ghostkit.rag.index.exact import exact_scores
from ghostkit.rag.index.faiss_file import read_verified, write_index
from ghostkit.rag.index.flat import ranked, scan
from ghostkit.rag.index.manifest import Manifest, read_manifest, write_manifest
from ghostkit.rag.index.part import Part, Visible
from ghostkit.rag.index.seal import seal_key
from ghostkit.rag.scope import Scope
from ghostkit.rag.store import ChunkedDocument, ChunkStore
from tests.bench.report import Report

DIMENSION = 384
QUESTIONS = 300
BOOK_MS, BOOK_OVER_FAISS = 1.5, 1.0
LARGE_MS, LEAST_RECALL = 10.0, 0.95
BOOK_MB = 60

Vectors = np.ndarray[Any, np.dtype[np.float32]]


def run(report: Report, quick: bool) -> None:
    real = _real()
    with _place() as folder:
        _book(report, folder, drawn(real, 10_000, 1))
        for count in [50_000] if quick else [200_000, 1_000_000]:
            _large(report, folder, real, count)


# ── vectors ───────────────────────────────────────────────────────────────────────────────────────────────


def _real() -> Vectors:
    """Of real texts, or else in clusters of many sizes."""
    named = os.environ.get("GHOSTKIT_BENCH_VECTORS")
    if named:
        loaded: Vectors = np.load(named)
        return loaded
    random = np.random.default_rng(7)
    centres = random.standard_normal((2000, DIMENSION))
    return _unit(centres[random.zipf(1.3, 40_000) % 2000] + 0.8 * random.standard_normal((40_000, DIMENSION)))


def drawn(real: Vectors, count: int, seed: int, *, nearest: float | None = None) -> Vectors:
    """`count` of them; beyond those there are, drawn around them at their own nearest neighbours' cosine."""
    random = np.random.default_rng(seed)
    if count <= len(real):
        return real[random.permutation(len(real))[:count]]
    cosine = nearest or typical_nearest(real)
    made = np.empty((count, real.shape[1]), np.float32)
    made[: len(real)] = real
    away = np.sqrt(1 / cosine**2 - 1) / np.sqrt(real.shape[1])
    for start in range(len(real), count, 50_000):
        some = real[random.integers(0, len(real), min(50_000, count - start))]
        made[start : start + len(some)] = _unit(some + away * random.standard_normal(some.shape))
    return made


def typical_nearest(real: Vectors) -> float:
    """The median cosine of a vector and its nearest other."""
    scores = real[:: max(1, len(real) // 500)] @ real.T
    return float(np.median(np.sort(scores, axis=1)[:, -2]))


def _unit(rows: np.ndarray[Any, Any]) -> Vectors:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


# ── a book ────────────────────────────────────────────────────────────────────────────────────────────────


def _book(report: Report, folder: Path, vectors: Vectors) -> None:
    """10,000 chunks through store, cache and index, as the retriever asks: the 100 best."""
    info = EmbedderInfo(name="bench", dimension=vectors.shape[1])
    home = Path(tempfile.mkdtemp(dir=folder))
    store, kept = ChunkStore.open(home / "chunks.sqlite"), VectorStore(home / "vectors.sqlite")
    _put(store, kept, info, vectors)
    index = VectorIndex.open(home / "vectors", store, kept, info)
    first = _seconds(index.catch_up)
    again = VectorIndex.open(home / "vectors", store, kept, info)
    opened = _seconds(again.catch_up)
    questions = _unit(
        vectors[:QUESTIONS] + 0.02 * np.random.default_rng(3).standard_normal((QUESTIONS, info.dimension))
    )
    with store.view() as view, store.view(Scope(before=(3, 1))) as small:
        wall = timed(lambda question: again.search(view, question, 100), questions)
        cpu = timed(lambda question: again.search(view, question, 100), questions, time.process_time)
        few = timed(lambda question: again.search(small, question, 100), questions)
        many = _seconds(lambda: again.search_many(view, questions, 100)) / QUESTIONS
    peer = _faiss_flat(vectors, questions)
    report.add(
        "vectors_10k_ms", 1000 * wall[0], BOOK_MS, "1.5 ms of 5 for a query", gated=False, p95=1000 * wall[1],
        cpu_ms=1000 * cpu[0], ms_200_of_10k=1000 * few[0], ms_in_a_batch=1000 * many, rebuild_ms=1000 * first,
        reopen_ms=1000 * opened,
    )  # fmt: skip
    if peer:
        report.add(
            "vectors_10k_over_faiss_flat", wall[0] / peer, BOOK_OVER_FAISS, "IndexFlatIP.search, no ids, no order"
        )
    mapped = again.status().bytes_mapped / 1e6
    report.add("vectors_10k_mapped_mb", mapped, BOOK_MB, "60 MB for a book's index", gated=False)


def _put(store: ChunkStore, kept: VectorStore, info: EmbedderInfo, vectors: Vectors) -> None:
    documents = []
    for start in range(0, len(vectors), 100):
        texts = [f"chunk {number}" for number in range(start, min(start + 100, len(vectors)))]
        name = f"d{start:06}"
        document = Document(id=name, text="\n".join(texts), chapter=start // 100 + 1, section=1, language="en")
        chunks = [
            Chunk(id=one, content=text, metadata=ChunkMetadata(document=name, language="en"))
            for one, text in zip(chunk_ids(name, texts), texts, strict=True)
        ]
        documents.append(ChunkedDocument(document=document, chunks=chunks, digests=list(map(text_digest, texts))))
    store.apply(documents)
    digests = [digest for one in documents for digest in one.digests]
    kept.put_many(info.key, "passage", digests, vectors)


def _faiss_flat(vectors: Vectors, questions: Vectors) -> float:
    """Median seconds of FAISS's own exact search; 0 where it isn't installed."""
    try:
        import faiss
    except ImportError:
        return 0.0
    index: Any = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    return timed(lambda question: index.search(question[None, :], 100), questions)[0]


# ── hundreds of thousands ─────────────────────────────────────────────────────────────────────────────────


def _large(report: Report, folder: Path, real: Vectors, count: int) -> None:
    """The part of `VectorIndex` that grows with the corpus: candidates and exact scores over a mapped base."""
    held_out, known = real[:QUESTIONS], real[QUESTIONS:]
    home = folder / f"vectors-{count}-{real.shape[1]}-{len(real)}"
    built = 0.0
    if read_manifest(home) is None if home.is_dir() else True:
        built = _make(home, drawn(known, count, 5))
    manifest = read_manifest(home)
    assert manifest is not None
    before = _resident_mb()
    base = mapped_base(home, manifest)
    finder, why = read_verified(home, manifest, base)
    if finder is None:
        report.add(f"vectors_{count}", 0, None, f"not measured: {why or manifest.flat_because}", gated=False)
        return
    seen = Visible(base)

    def ask(question: Vectors) -> list[tuple[str, float]]:
        return ranked(finder.candidates(seen, question[None, :], 10)[0], question, 10, _names)

    wall = timed(ask, held_out)
    cpu = timed(ask, held_out, time.process_time)
    after = _resident_mb()
    exact = timed(lambda question: next(scan([seen], question[None, :], 10)), held_out[:20])
    recall = _recall(ask, base, held_out)
    report.add(
        f"vectors_{count}_ms", 1000 * wall[0], LARGE_MS, "10 ms on two cores", gated=False, p95=1000 * wall[1],
        cpu_ms=1000 * cpu[0], scan_ms=1000 * exact[0], kind=finder.kind, resident_mb=after - before, build_s=built,
        disk_mb=sum(path.stat().st_size for path in home.iterdir()) / 1e6, **finder.parameters,
    )  # fmt: skip
    report.add(f"vectors_{count}_missed", 1 - recall, 1 - LEAST_RECALL, "recall@10 of 0.95 on questions held out",
               recall=recall, measured_when_built=finder.recall)  # fmt: skip
    report.add(f"vectors_{count}_over_scan", wall[0] / exact[0], 1.0, "an exact scan of the same base")


def _make(home: Path, vectors: Vectors) -> float:
    """The files of a base with its index, and how many seconds they took."""
    home.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    part = Part(vectors, np.arange(len(vectors)))
    noted, rows = write_base(home, 1, [Visible(part)], vectors.shape[1])
    manifest = Manifest(
        embedder="bench",
        dimension=vectors.shape[1],
        epoch="bench",
        version=1,
        count=len(part),
        vectors=noted,
        rows=rows,
    )
    base = mapped_base(home, manifest)
    kind, _ = kind_for(len(part), replace(LIMITS, approximate_from=1))
    if kind != "flat":
        made, why = build(kind, base, LIMITS)
        update = {"index": write_index(home, 1, made)} if made else {"flat_because": why}
        manifest = manifest.model_copy(update=update).sealed(seal_key(create=True) or b"")
    write_manifest(home, manifest)
    return time.perf_counter() - started


def _recall(ask: Callable[[Vectors], list[tuple[str, float]]], base: Base, questions: Vectors) -> float:
    """Against every exact score: of ties any counts."""
    hit = 0
    for question, found in zip(questions, scan([Visible(base)], questions, 10), strict=True):
        least = np.sort(exact_scores(found[0][0], question))[-10]
        hit += sum(score >= least for _, score in ask(question))
    return float(hit / (10 * len(questions)))


def _names(rows: np.ndarray[Any, Any]) -> list[str]:
    return [f"{row:08}" for row in rows.tolist()]


# ── measuring ─────────────────────────────────────────────────────────────────────────────────────────────


def timed(
    ask: Callable[[Vectors], object],
    questions: Sequence[Vectors] | Vectors,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[float, float]:
    """Seconds a question: median and 95th percentile, after ten to warm up."""
    for question in questions[:10]:
        ask(question)
    taken = []
    for question in questions:
        started = clock()
        ask(question)
        taken.append(clock() - started)
    taken.sort()
    return taken[len(taken) // 2], taken[int(len(taken) * 0.95)]


def _seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _resident_mb() -> float:
    """Of this process, mapped pages that were touched included."""
    try:
        fields = Path("/proc/self/statm").read_text().split()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return int(fields[1]) * resource.getpagesize() / 1e6


@contextmanager
def _place() -> Iterator[Path]:
    kept = os.environ.get("GHOSTKIT_BENCH_CACHE")
    if kept:
        Path(kept).mkdir(parents=True, exist_ok=True)
        yield Path(kept)
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)
