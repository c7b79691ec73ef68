"""What every peer is asked to do, and how it is timed. `drive_NAME.py FOLDER TASK` prints one JSON object.

FOLDER holds `task.json`: `documents` and `edited` (pairs of id and text; one paragraph of one differs), `pieces` and
`edited_pieces` (the same, cut by ghostkit, for a peer that cuts nothing itself), `chunks` and `questions`.
TASK is `novel`, `queries` or `memory` (of what `queries` left in FOLDER).
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

try:
    from embedding import vectors_of
except ImportError:  # in ghostkit's own Python it is part of a package
    from tests.bench.retrieval_rivals.embedding import vectors_of

Pair = Sequence[str]
"""(id, text)"""
SIZE, OVERLAP = 1000, 128
TOP_K = 10


class Embedding:
    """Counts what it is asked for, and remembers questions: their vectors are not what is measured."""

    def __init__(self) -> None:
        self.texts, self.seconds = 0, 0.0
        self._questions: dict[str, list[float]] = {}

    def passages(self, texts: Sequence[str]) -> Any:
        began = time.perf_counter()
        vectors = vectors_of(texts)
        self.texts += len(texts)
        self.seconds += time.perf_counter() - began
        return vectors

    def know(self, questions: Sequence[str]) -> None:
        self._questions = dict(zip(questions, vectors_of(questions).tolist(), strict=True))

    def question(self, text: str) -> list[float]:
        known = self._questions.get(text)
        return known if known is not None else list(vectors_of([text])[0].tolist())


class Peer(Protocol):
    """One library. `asks`: names of its ways to search."""

    asks: dict[str, Callable[[str], object]]

    def build(self, task: dict[str, Any], folder: Path, *, edited: bool) -> None:
        """Cut, embed, index and save the novel."""
        ...

    def update(self, task: dict[str, Any], folder: Path) -> None:
        """Bring what `build` left in memory up to the edited novel, its documented way, and save."""
        ...

    def fill(self, chunks: Sequence[Pair], folder: Path) -> None:
        """Index chunks as they are, and save."""
        ...

    def load(self, folder: Path, chunks: Sequence[Pair]) -> None:
        """Open what `fill` saved; `chunks` for what can't be saved."""
        ...


def main(make: Callable[[Embedding], Peer], version: str) -> None:
    home = Path(sys.argv[1])
    task = json.loads((home / "task.json").read_text("utf-8"))
    embedding = Embedding()
    peer = make(embedding)
    found = {"novel": _novel, "queries": _queries, "memory": _memory}[sys.argv[2]](peer, embedding, task, home)
    print(json.dumps({"version": version, **found}))


def _novel(peer: Peer, embedding: Embedding, task: dict[str, Any], home: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, act in (
        ("index", lambda: peer.build(task, home / "one", edited=False)),
        ("rebuild", lambda: peer.build(task, home / "two", edited=True)),
        ("first", lambda: peer.build(task, home / "one", edited=False)),
        ("update", lambda: peer.update(task, home / "one")),
    ):
        embedding.texts, embedding.seconds = 0, 0.0
        wall, cpu = time.perf_counter(), time.process_time()
        act()
        found[f"{name}_s"] = time.perf_counter() - wall
        found[f"{name}_cpu_s"] = time.process_time() - cpu
        found[f"{name}_embedding_s"] = embedding.seconds
        found[f"{name}_embedded"] = embedding.texts
    return found


def _queries(peer: Peer, embedding: Embedding, task: dict[str, Any], home: Path) -> dict[str, Any]:
    embedding.know(task["questions"])
    peer.fill(task["chunks"], home / "chunks")
    return {name: timed(ask, task["questions"]) for name, ask in peer.asks.items()}


def timed(ask: Callable[[str], object], questions: Sequence[str]) -> dict[str, float]:
    """Milliseconds a question, wall and CPU, after ten to warm up."""
    for question in questions[:10]:
        ask(question)
    walls, cpus = [], []
    for question in questions[10:]:
        wall, cpu = time.perf_counter(), time.process_time()
        ask(question)
        walls.append(1000 * (time.perf_counter() - wall))
        cpus.append(1000 * (time.process_time() - cpu))
    return {
        "p50": statistics.median(walls),
        "p95": statistics.quantiles(walls, n=20)[-1],
        "cpu_p50": statistics.median(cpus),
        "cpu_p95": statistics.quantiles(cpus, n=20)[-1],
    }


def _memory(peer: Peer, embedding: Embedding, task: dict[str, Any], home: Path) -> dict[str, Any]:
    """MB beyond the process with its libraries imported and the task read."""
    questions = task["questions"][:100]
    embedding.know(questions)
    chunks = task["chunks"]
    before = resident_mb()
    peer.load(home / "chunks", chunks)
    for question in questions:
        for ask in peer.asks.values():
            ask(question)
    return {"mb": resident_mb() - before, "mb_before": before}


def resident_mb() -> float:
    """Of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
