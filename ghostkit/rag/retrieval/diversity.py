"""Maximal marginal relevance: trade relevance for variety.

Source: J. Carbonell, J. Goldstein, "The Use of MMR" (SIGIR 1998):
argmax of λ · relevance(d) - (1 - λ) · max similarity(d, chosen).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def mmr_order(
    relevance: Sequence[float], similarity: NDArray[np.float64], relevance_share: float
) -> list[tuple[int, float]]:
    """Positions in the order they are chosen, each with its value then.

    relevance: n numbers, best first, so that ties go to the better one; normalised here to 0 … 1, as cosines are.
    similarity: float64 (n, n).
    """
    import numpy as np

    wanted = _normalised(np.asarray(relevance, dtype=np.float64))
    nearest = np.zeros(len(wanted))
    left = np.ones(len(wanted), dtype=bool)
    chosen: list[tuple[int, float]] = []
    for _ in range(len(wanted)):
        values = np.where(left, relevance_share * wanted - (1.0 - relevance_share) * nearest, -np.inf)
        best = int(np.argmax(values))
        chosen.append((best, float(values[best])))
        left[best] = False
        nearest = np.maximum(nearest, similarity[best]) if len(chosen) > 1 else similarity[best].copy()
    return chosen


def cosines(vectors: NDArray[Any]) -> NDArray[np.float64]:
    """float64 (n, n) of L2-normalised rows (n, d), in a fixed order of summing."""
    import numpy as np

    wide = np.asarray(vectors, dtype=np.float64)
    return np.asarray(np.einsum("id,jd->ij", wide, wide, optimize=False))


def shared_shingles(shingles: Sequence[frozenset[Any]]) -> NDArray[np.float64]:
    """How much texts have in common where there are no vectors: float64 (n, n), |A ∩ B| / √(|A| · |B|)."""
    import numpy as np

    size = len(shingles)
    common = np.eye(size)
    for i in range(size):
        for j in range(i):
            if shingles[i] and shingles[j]:
                both = len(shingles[i] & shingles[j])
                common[i, j] = common[j, i] = both / (len(shingles[i]) * len(shingles[j])) ** 0.5
    return common


def _normalised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 0.0)
    return (values - low) / (high - low) if high > low else values * 0.0 + 1.0
