"""ghostkit at the work that `retrieval_rivals` do: `python -m tests.bench.retrieval_ours FOLDER TASK [EMBEDDER]`.

EMBEDDER is `given` (the function that peers are given too) or `hashing`.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import anyio

from ghostkit.rag.config import RAGConfig
from ghostkit.rag.document import Document
from ghostkit.rag.embedding.contract import EmbedderInfo, Role
from ghostkit.rag.embedding.function import FunctionEmbedder
from ghostkit.rag.embedding.vector_store import VectorStore
from ghostkit.rag.engine import RetrievalEngine
from ghostkit.rag.index import VectorIndex
from ghostkit.rag.retrieval import Retriever
from ghostkit.rag.store import ChunkStore
from tests.bench.retrieval_material import many_chunks
from tests.bench.retrieval_rivals.embedding import vectors_of

counted = {"texts": 0, "seconds": 0.0}


def given(texts: Sequence[str]) -> Any:
    """What peers are given, counted."""
    began = time.perf_counter()
    vectors = vectors_of(texts)
    counted["texts"] += len(texts)
    counted["seconds"] += time.perf_counter() - began
    return vectors


async def main(home: Path, what: str, embedder: str) -> None:
    task = json.loads((home / "task.json").read_text("utf-8"))
    if what == "novel":
        print(json.dumps(await _novel(task, home, embedder)))
    elif what == "queries":
        print(json.dumps(await _queries(task, home)))
    else:
        print(json.dumps(await _memory(task, home)))


def _documents(pairs: Sequence[Sequence[str]]) -> list[Document]:
    return [
        Document(id=name, text=text, chapter=number, section=1, language="en")
        for number, (name, text) in enumerate(pairs, start=1)
    ]


async def _novel(task: dict[str, Any], home: Path, embedder: str) -> dict[str, Any]:
    config = RAGConfig(embedding_model="hashing") if embedder == "hashing" else RAGConfig(embedder=given)
    first, second = _documents(task["documents"]), _documents(task["edited"])
    engines = {name: RetrievalEngine(_empty(home / f"{name}-{embedder}"), config) for name in ("one", "two", "three")}
    found: dict[str, Any] = {}
    for name, engine, documents in (
        ("index", engines["three"], first),
        ("rebuild", engines["two"], second),
        ("first", engines["one"], first),
        ("update", engines["one"], second),
    ):
        counted.update(texts=0, seconds=0.0)
        wall, cpu = time.perf_counter(), time.process_time()
        report = await engine.update(documents)
        found[f"{name}_s"] = time.perf_counter() - wall
        found[f"{name}_cpu_s"] = time.process_time() - cpu
        found[f"{name}_embedding_s"] = counted["seconds"]
        found[f"{name}_embedded"] = report.embedded
        found["chunks"] = report.chunks
    for engine in engines.values():
        await engine.aclose()
    return found


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    return folder


class Table:
    """Questions' vectors are there; they are not what is measured."""

    def __init__(self, info: EmbedderInfo, questions: Sequence[str]) -> None:
        self._info = info
        self._rows = dict(zip(questions, vectors_of(questions), strict=True))

    async def info(self) -> EmbedderInfo:
        return self._info

    async def embed(self, texts: Sequence[str], role: Role) -> Any:
        import numpy as np

        return np.stack([self._rows[text] for text in texts])

    async def aclose(self) -> None:
        """Nothing is held."""


async def fill(home: Path, quick: bool) -> None:
    """10,000 chunks with their vectors, as `Indexer` would have left them."""
    folder = home / "ours"
    folder.mkdir()
    chunked = many_chunks(quick)
    store, vectors, info = await _parts(folder)
    store.apply(chunked)
    texts = [chunk.content for one in chunked for chunk in one.chunks]
    digests = [digest for one in chunked for digest in one.digests]
    vectors.put_many(info.key, "passage", digests, vectors_of(texts))
    VectorIndex.open(folder / "vectors", store, vectors, info).merge()
    vectors.close()
    store.close()


async def _parts(folder: Path) -> tuple[ChunkStore, VectorStore, EmbedderInfo]:
    info = await FunctionEmbedder(vectors_of).info()
    return ChunkStore.open(folder / "chunks.sqlite"), VectorStore(folder / "vectors.sqlite"), info


async def retriever(home: Path, questions: Sequence[str], **changes: Any) -> Retriever:
    folder = home / "ours"
    store, vectors, info = await _parts(folder)
    index = VectorIndex.open(folder / "vectors", store, vectors, info)
    return Retriever(store, index, Table(info, questions), RAGConfig(**changes))


async def _queries(task: dict[str, Any], home: Path) -> dict[str, Any]:
    """`hybrid`: everything that a retrieval does; `semantic` and `keyword`: one search alone."""
    questions = task["questions"]
    ways = {"hybrid": "convex", "semantic": "semantic", "keyword": "keyword"}
    found: dict[str, Any] = {}
    for name, fusion in ways.items():
        asked = await retriever(home, questions, fusion=fusion)
        found[name] = await timed(asked.search, questions)
    asked = await retriever(home, questions)
    await timed(asked.search, questions)
    found["asked_again"] = await timed(asked.search, questions)
    return found


async def timed(ask: Callable[[str], Awaitable[Any]], questions: Sequence[str]) -> dict[str, float]:
    """Milliseconds a question, wall and CPU, and by stage, after ten to warm up."""
    for question in questions[:10]:
        await ask(question)
    walls, cpus = [], []
    stages: dict[str, list[float]] = {}
    for question in questions[10:]:
        wall, cpu = time.perf_counter(), time.process_time()
        answer = await ask(question)
        walls.append(1000 * (time.perf_counter() - wall))
        cpus.append(1000 * (time.process_time() - cpu))
        for stage, ms in answer.ms.items():
            stages.setdefault(stage, []).append(ms)
    return {
        "p50": statistics.median(walls),
        "p95": statistics.quantiles(walls, n=20)[-1],
        "cpu_p50": statistics.median(cpus),
        "cpu_p95": statistics.quantiles(cpus, n=20)[-1],
        **{f"ms_{stage}": statistics.median(ms) for stage, ms in stages.items()},
    }


async def _memory(task: dict[str, Any], home: Path) -> dict[str, Any]:
    from tests.bench.retrieval_rivals.measuring import resident_mb

    questions = task["questions"][:100]
    vectors_of(questions)
    before = resident_mb()
    asked = await retriever(home, questions)
    for question in questions:
        await asked.search(question)
    return {"mb": resident_mb() - before, "mb_before": before}


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]), sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else "given")
