"""1,000 questions at once on a GPU, against the time its memory needs to be read: where there is a GPU.

The floor is one pass over the vectors for every block of questions whose scores fit on the device, at the bandwidth
that a copy on the same device is measured to have.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from ghostkit.rag.index.flat import ranked, scan
from ghostkit.rag.index.gpu import gpu_finder
from ghostkit.rag.index.part import Part, Visible
from tests.bench.report import Report

COUNT, DIMENSION, QUESTIONS = 1_000_000, 384, 1000
LIMIT = 2.0


def run(report: Report, quick: bool) -> None:
    torch = _torch()
    if torch is None:
        report.add("gpu_vectors", 0, None, "skipped: PyTorch sees no CUDA device here", gated=False)
        return
    count = 100_000 if quick else COUNT
    random = np.random.default_rng(1)
    made = random.standard_normal((count, DIMENSION), dtype=np.float32)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    base = Part(made, np.arange(count))
    finder: Any = gpu_finder(base)
    if finder is None:
        report.add("gpu_vectors", 0, None, "skipped: no index could be put on the device", gated=False)
        return
    questions = made[:QUESTIONS] + np.float32(0.01)
    _same(finder, base, questions[:5])
    on_device = _best(lambda: finder.device.best(questions, 32, None))
    whole = _best(lambda: finder.candidates(Visible(base), questions, 10))
    floor = made.nbytes / _bandwidth(torch)
    report.add(
        "gpu_1000_questions_over_one_read", on_device / floor, LIMIT, "one read of all vectors", gated=False,
        ms=1000 * on_device, floor_ms=1000 * floor, ms_with_candidates_on_the_host=1000 * whole,
        device=torch.cuda.get_device_name(), by=type(finder.device).__name__,
    )  # fmt: skip


def _same(finder: Any, base: Part, questions: np.ndarray[Any, Any]) -> None:
    """What the device finds is what the CPU finds, bit for bit."""

    def names(rows: np.ndarray[Any, Any]) -> list[str]:
        return [f"{row:08}" for row in rows.tolist()]

    found = finder.candidates(Visible(base), questions, 10)
    for question, near, exact in zip(questions, found, scan([Visible(base)], questions, 10), strict=True):
        assert ranked(near, question, 10, names) == ranked(exact, question, 10, names)


def _bandwidth(torch: Any) -> float:
    """Bytes a second that a copy on the device reads; half of what it moves."""
    source = torch.empty(1 << 28, dtype=torch.float32, device="cuda")
    target = torch.empty_like(source)

    def copy() -> None:
        target.copy_(source)
        torch.cuda.synchronize()

    return 2 * source.nbytes / _best(copy)


def _best(act: Callable[[], object]) -> float:
    act()
    taken = []
    for _ in range(5):
        started = time.perf_counter()
        act()
        taken.append(time.perf_counter() - started)
    return min(taken)


def _torch() -> Any:
    try:
        import torch
    except ImportError:
        return None
    return torch if torch.cuda.is_available() else None
