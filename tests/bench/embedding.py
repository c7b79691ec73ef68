"""Embedders: texts a second, and what keeping vectors costs beside making them."""

from __future__ import annotations

import hashlib
import tempfile
import time
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import anyio

from ghostkit.errors import GhostkitError
from ghostkit.rag.embedding import Embedder, KeptEmbedder, VectorStore, create_embedder
from tests.bench.report import Report

if TYPE_CHECKING:
    import numpy as np

_WORDS = "the courier rode along salt road until lanterns of town came into sight and nobody crossed before"
WORDS = _WORDS.split()
KEPT = 10_000
DIMENSION = 384


def run(report: Report, quick: bool) -> None:
    _store(report, 2000 if quick else KEPT)
    texts = _texts(500 if quick else 2000)
    hashing = create_embedder("hashing")
    made = anyio.run(_seconds, hashing, texts)
    kept = anyio.run(_kept, texts)
    report.add(
        "embed.hashing.kept_over_made", kept / made, 3.0, "hashing alone, in the same run",
        texts_per_s=len(texts) / made, texts_per_s_kept=len(texts) / kept,
    )  # fmt: skip
    for name in ("onnx:all-MiniLM-L6-v2", "sentence-transformers:all-MiniLM-L6-v2"):
        _model(report, name, texts[: 64 if quick else 256])


def _store(report: Report, count: int) -> None:
    """Put and get of `count` vectors of 384 against writing and reading the same bytes as one file."""
    rows = _vectors(count)
    digests = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(count)]
    with tempfile.TemporaryDirectory() as folder:
        store = VectorStore(Path(folder) / "vectors.sqlite")
        put = _timed(partial(store.put_many, "bench", "passage", digests, rows))
        got = median(_timed(partial(store.get_many, "bench", "passage", digests)) for _ in range(3))
        assert len(store.get_many("bench", "passage", digests)) == count
        store.close()
    scale = count / KEPT
    report.add("embed.store.put_s", put, 1.0 * scale, "the issue's limit, scaled", gated=False, vectors=count)
    report.add("embed.store.get_s", got, 0.3 * scale, "the issue's limit, scaled", gated=False, vectors=count)


def _model(report: Report, name: str, texts: list[str]) -> None:
    try:
        made = create_embedder(name)
        anyio.run(made.info)  # loads it
    except GhostkitError as error:
        report.add(f"embed.{name}", 0.0, None, error.message, gated=False)
        return
    seconds = anyio.run(_seconds, made, texts)
    report.add(f"embed.{name}", seconds, None, "alone", gated=False, texts_per_s=len(texts) / seconds)


async def _seconds(embedder: Embedder, texts: list[str]) -> float:
    """Of the second call: words and kernels are warm."""
    await embedder.embed(texts, "passage")
    began = time.perf_counter()
    await embedder.embed(texts, "passage")
    return time.perf_counter() - began


async def _kept(texts: list[str]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        store, inner = VectorStore(Path(folder) / "vectors.sqlite"), create_embedder("hashing")
        await inner.embed(texts, "passage")
        began = time.perf_counter()
        await KeptEmbedder(inner, store).embed(texts, "passage")
        took = time.perf_counter() - began
        store.close()
    return took


def _timed(act: Any) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _texts(count: int) -> list[str]:
    """About 1,000 characters each, no two alike."""
    return [" ".join(f"{WORDS[at * number % 17]}{at * number % 97}" for at in range(140)) for number in range(count)]


def _vectors(count: int) -> np.ndarray:
    import numpy as np

    rows = np.random.default_rng(5).standard_normal((count, DIMENSION)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
