"""Recall@10 of an approximate index, measured on the vectors it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ghostkit.rag.index.exact import exact_scores
from ghostkit.rag.index.flat import scan
from ghostkit.rag.index.part import Part, Visible

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

QUESTIONS: Final = 200
"""Of either kind."""
DEPTH: Final = 10
AWAY: Final = 0.62
"""The cosine that a moved question has to the vector it was moved from: at this one the figure agrees with that of real
questions held out, over a million vectors and five widths (at 0.75 it is too kind, at 0.5 too harsh)."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Neighbours:
    """`queries`: float32 (n, d); the first half are vectors of the base, the others such vectors moved away. `own`:
    int64 (n,), the row that doesn't count as found, -1 where all do. `least`: float64 (n,), the tenth best score."""

    queries: NDArray[np.float32]
    own: NDArray[np.int64]
    least: NDArray[np.float64]


def true_neighbours(base: Part, seed: int) -> Neighbours:
    """By an exact scan.

    What is asked seldom looks like what is there: a vector's own neighbours often share its list, and told 0.98 where
    questions from outside had 0.88. So half the questions lie well away from every vector.
    """
    import numpy as np

    random = np.random.default_rng(seed)
    count = min(QUESTIONS, len(base))
    at = np.sort(random.choice(len(base), count, replace=False))
    queries = np.concatenate([base.vectors[at], _moved(base.vectors[at], random)])
    own = np.concatenate([base.rows[at], np.full(count, -1)])
    least = np.empty(2 * count)
    for number, found in enumerate(scan([Visible(base)], queries, DEPTH + 1)):
        vectors, rows = found[0]
        scores = np.sort(exact_scores(vectors[rows != own[number]], queries[number]))[::-1][:DEPTH]
        least[number] = scores[-1] if len(scores) else -np.inf
    return Neighbours(queries=queries, own=own, least=least)


def _moved(vectors: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    import numpy as np

    away = random.standard_normal(vectors.shape)
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    mixed = AWAY * vectors + (1.0 - AWAY**2) ** 0.5 * away
    questions: NDArray[np.float32] = (mixed / np.linalg.norm(mixed, axis=1, keepdims=True)).astype(np.float32)
    return questions


def recall_of(index: Any, truth: Neighbours) -> float:
    """The share of the ten nearest that the index brings, of equal ones any; for the harder kind of questions."""
    import numpy as np

    base: Part = index.base
    wanted = min(DEPTH, len(base) - 1)
    if not wanted:
        return 1.0
    hit = np.zeros(len(truth.queries))
    for number, found in enumerate(index.candidates(Visible(base), truth.queries, DEPTH)):
        vectors = np.concatenate([vectors for vectors, _ in found])
        rows = np.concatenate([rows for _, rows in found])
        scores = exact_scores(vectors[rows != truth.own[number]], truth.queries[number])
        hit[number] = min(wanted, int((scores >= truth.least[number]).sum())) / wanted
    half = len(hit) // 2
    return float(min(hit[:half].mean(), hit[half:].mean()))
