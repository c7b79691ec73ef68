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
DEPTH: Final = 10


@dataclass(frozen=True, eq=False, kw_only=True)
class Neighbours:
    """`asked`: int64 (n,), positions whose vectors are the questions; `least`: float64 (n,), the exact score of the
    tenth nearest besides the question itself."""

    asked: NDArray[np.int64]
    least: NDArray[np.float64]


def true_neighbours(base: Part, seed: int) -> Neighbours:
    """By an exact scan. A question is a vector of the base, and itself never counts as found."""
    import numpy as np

    count = min(QUESTIONS, len(base))
    asked = np.sort(np.random.default_rng(seed).choice(len(base), count, replace=False))
    least = np.empty(count)
    queries = base.vectors[asked]
    for number, found in enumerate(scan([Visible(base)], queries, DEPTH + 1)):
        least[number] = _tenth(found[0], base.rows[asked[number]], queries[number])
    return Neighbours(asked=asked, least=least)


def _tenth(found: Any, own: int, query: NDArray[np.float32]) -> float:
    import numpy as np

    vectors, rows = found
    scores = np.sort(exact_scores(vectors[rows != own], query))[::-1][:DEPTH]
    return float(scores[-1]) if len(scores) else float("-inf")


def recall_of(index: Any, truth: Neighbours) -> float:
    """The share of the ten nearest that the index brings; of equal ones any counts."""
    import numpy as np

    base: Part = index.base
    queries = base.vectors[truth.asked]
    hit = 0
    wanted = min(DEPTH, len(base) - 1)
    for number, found in enumerate(index.candidates(Visible(base), queries, DEPTH)):
        vectors = np.concatenate([vectors for vectors, _ in found])
        rows = np.concatenate([rows for _, rows in found])
        scores = exact_scores(vectors[rows != base.rows[truth.asked[number]]], queries[number])
        hit += min(wanted, int((scores >= truth.least[number]).sum()))
    return hit / (wanted * len(truth.asked)) if wanted else 1.0
