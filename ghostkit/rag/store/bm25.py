"""BM25 as we score it: over the chunks that may be seen, and nothing else.

    idf(t)      = ln(1 + (N - n + 1/2) / (n + 1/2))
    score(c, t) = idf(t) * f * (k1 + 1) / (f + k1 * (1 - b + b * length(c) / average length))

N chunks may be seen, n of them hold the term, f times each. The sum runs over the terms in their alphabetical order,
in float64, so that equal texts give equal bits whatever was indexed before or beside them.

Source: Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond (2009), section 3; the idf that
never falls below zero is Lucene's. FTS5's own idf is clamped, so a main character's name in most chunks weighs nothing.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

K1: Final = 1.5
"""How soon a further occurrence stops to count."""
B: Final = 0.75
"""How far a long chunk is held against it."""


def idf(chunks: int, holding: int) -> float:
    return math.log(1.0 + (chunks - holding + 0.5) / (holding + 0.5))


def length_norms(lengths: NDArray[np.int32], average: float) -> NDArray[np.float64]:
    """k1 · (1 - b + b · length / average), chunk by chunk."""
    import numpy as np

    return K1 * (1.0 - B + B * lengths.astype(np.float64) / (average or 1.0))


def add_scores(
    scores: NDArray[np.float64],
    places: NDArray[np.int32],
    counts: NDArray[np.uint16],
    norms: NDArray[np.float64],
    weight: float,
) -> None:
    """Add one term's share to the chunks at `places`; `weight` is its idf times its count in the question."""
    import numpy as np

    times = counts.astype(np.float64)
    scores[places] += (weight * (K1 + 1.0)) * times / (times + norms[places])


def best(scores: NDArray[np.float64], ids: NDArray[np.bytes_], limit: int) -> list[tuple[str, float]]:
    """The `limit` best above zero: by score descending, then by id."""
    import numpy as np

    found = np.flatnonzero(scores > 0.0)
    if limit <= 0 or not len(found):
        return []
    values = scores[found]
    if len(found) > limit:
        least = np.partition(values, len(values) - limit)[len(values) - limit]
        found, values = found[values >= least], values[values >= least]
    order = np.lexsort((ids[found], -values))[:limit]
    return [(bytes(ids[found[at]]).decode(), float(values[at])) for at in order]
