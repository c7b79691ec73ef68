"""Exact search: a float32 scan that keeps everything that could be among the best, and the exact scores of that.

NumPy does the scan: for one query over 10,000 x 384 it takes less than half of `faiss.knn`'s time, for 64 at once as
long (docs/vector-index.md), and it needs no package.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ghostkit.rag.index.base import NORM_TOLERANCE
from ghostkit.rag.index.exact import epsilon, exact_scores, norms
from ghostkit.rag.index.part import Part

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Candidates = tuple[NDArray[np.float32], NDArray[np.int64]]
    """Vectors (m, d) and their row numbers (m,)."""

_SCORES_AT_ONCE = 4_000_000
_FEW = 8
_ROWS_FOR_BATCHES = 50_000
"""Fewer questions, or questions to fewer rows, are scanned one by one; else reading the rows once for many pays."""
_GATHER_BELOW = 0.2
"""A smaller share of a part is copied out and scanned; of a larger one all is scanned and the rest dropped."""
_GATHER_ROWS = 4096


@dataclass(frozen=True, eq=False)
class Visible:
    """What a question sees of a part: `at` are positions, ascending; None: all of it."""

    part: Part
    at: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.part) if self.at is None else len(self.at)

    def scores(self, queries: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32 (n, m) for (n, d) queries, or (m,) for one (d,)."""
        import numpy as np

        vectors, at = self.part.vectors, self.at
        if at is None or not len(at):
            return _products(vectors if at is None else vectors[:0], queries)
        first, last = int(at[0]), int(at[-1])
        if last - first + 1 == len(at):
            return _products(vectors[first : last + 1], queries)
        if len(at) > _GATHER_BELOW * len(vectors):
            return _products(vectors, queries)[..., at]
        blocks = [
            _products(vectors[at[start : start + _GATHER_ROWS]], queries) for start in range(0, len(at), _GATHER_ROWS)
        ]
        return np.concatenate(blocks, axis=-1) if len(blocks) > 1 else blocks[0]

    def take(self, chosen: NDArray[np.int64]) -> Candidates:
        """Vectors and rows of the `chosen` among what is visible."""
        at = chosen if self.at is None else self.at[chosen]
        return self.part.vectors[at], self.part.rows[at]


def _products(vectors: NDArray[np.float32], queries: NDArray[np.float32]) -> NDArray[np.float32]:
    """One question is scanned by one thread: BLAS's two need 0.15 ms instead of 0.3 for 10,000 rows on an idle
    machine, and 40 ms instead of 0.45 on a busy one, where they wait for each other."""
    import numpy as np

    scores: NDArray[np.float32] = np.vecdot(vectors, queries) if queries.ndim == 1 else queries @ vectors.T
    return scores


def margin(query: NDArray[np.float32]) -> float:
    """2ε: what scores this far below the k-th best of a float32 scan can't be among the k best."""
    length = float(norms(query[None, :])[0])
    return 2.0 * epsilon(len(query), length * (1.0 + NORM_TOLERANCE))


def scan(seen: Sequence[Visible], queries: NDArray[np.float32], limit: int) -> Iterator[list[Candidates]]:
    """For each query everything that could be among the `limit` best of what is `seen`, and little besides."""
    total = sum(map(len, seen))
    block = max(1, _SCORES_AT_ONCE // max(total, 1))
    for start in range(0, len(queries), block):
        some = queries[start : start + block]
        if len(some) < _FEW or total < _ROWS_FOR_BATCHES:
            for query in some:
                yield _possible(seen, [part.scores(query) for part in seen], limit, margin(query))
            continue
        found = [part.scores(some) for part in seen]
        for number, query in enumerate(some):
            yield _possible(seen, [scores[number] for scores in found], limit, margin(query))


def _possible(
    seen: Sequence[Visible], found: Sequence[NDArray[np.float32]], limit: int, slack: float
) -> list[Candidates]:
    import numpy as np

    together = np.concatenate(found) if len(found) > 1 else found[0]
    if len(together) <= limit:
        return [part.take(np.arange(len(part))) for part in seen]
    last = len(together) - limit
    # The next float32 below: rounded upwards, the bound could exclude what belongs to the best.
    bound = np.nextafter(np.float32(float(np.partition(together, last)[last]) - slack), np.float32(-np.inf))
    return [part.take(np.flatnonzero(scores >= bound)) for part, scores in zip(seen, found, strict=True)]


def ranked(
    candidates: Sequence[Candidates],
    query: NDArray[np.float32],
    limit: int,
    ids_of: Callable[[NDArray[np.int64]], Sequence[str]],
) -> list[tuple[str, float]]:
    """The `limit` best by (exact score descending, chunk id)."""
    import numpy as np

    if not candidates or limit < 1:
        return []
    scores = np.concatenate([exact_scores(vectors, query) for vectors, _ in candidates])
    rows = np.concatenate([rows for _, rows in candidates])
    if len(scores) > limit:
        kept = scores >= np.partition(scores, len(scores) - limit)[len(scores) - limit]
        scores, rows = scores[kept], rows[kept]
    pairs = zip(ids_of(rows), scores.tolist(), strict=True)
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))[:limit]
