"""Exact search: a float32 scan that keeps everything that could be among the best, and the exact scores of that.

NumPy does the scan: for one query over 10,000 x 384 it takes less than half of `faiss.knn`'s time, for 64 at once as
long (docs/vector-index.md), and it needs no package.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from ghostkit.rag.index.base import NORM_TOLERANCE
from ghostkit.rag.index.exact import epsilon, exact_scores, norms
from ghostkit.rag.index.part import Visible

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ghostkit.rag.index.part import Candidates

_SCORES_AT_ONCE = 16_000_000
_FEW = 8
_ROWS_FOR_BATCHES = 50_000
"""Fewer questions, or questions to fewer rows, are scanned one by one; else reading the rows once for many pays."""


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
