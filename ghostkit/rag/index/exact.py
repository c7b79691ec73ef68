"""The one routine that every score comes from, and how far a float32 scan may be from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FLOAT32_UNIT = 2.0**-24
"""Unit roundoff of float32."""
TF32_UNIT = 2.0**-11
"""Of the tensor cores' TF32, whose mantissa has 10 bits stored."""
BLOCK_ROWS = 4096


def epsilon(dimension: int, norm: float = 1.0, unit: float = FLOAT32_UNIT) -> float:
    """How far a dot product computed in float32, by any kernel, may be from `exact_scores`.

    `norm`: |query| * the greatest |vector|. For n products summed in any order, fused or not,
    |fl(x·y) - x·y| <= γ_n |x|·|y| with γ_n = nu / (1 - nu), and |x|·|y| <= ‖x‖‖y‖ (Cauchy-Schwarz).
    Source: Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., §3.1, (3.5). The tiny terms are float64's
    own error in `exact_scores`, and what is flushed to zero below float32's normal range.
    """
    inputs = 0.0 if unit == FLOAT32_UNIT else 2.0 * unit + unit * unit
    gamma = dimension * FLOAT32_UNIT / (1.0 - dimension * FLOAT32_UNIT)
    return (inputs + gamma * (1.0 + inputs) + dimension * 2.0**-52) * norm + dimension * 2.0**-125


def exact_scores(vectors: NDArray[np.float32], query: NDArray[np.float32]) -> NDArray[np.float64]:
    """float64 (m,): dot products of float32 (m, d) rows with a float32 (d,) query.

    The products are exact in float64; they are added by halving, elementwise, so that a row's score depends on that
    row and the query alone: not on the rows beside it, a library's kernel, its threads, or the machine.
    """
    import numpy as np

    wide = query.astype(np.float64)
    scores = np.empty(len(vectors), np.float64)
    for start in range(0, len(vectors), BLOCK_ROWS):
        block = vectors[start : start + BLOCK_ROWS]
        scores[start : start + len(block)] = _sum_by_halves(block * wide)
    return scores


def _sum_by_halves(products: NDArray[np.float64]) -> NDArray[np.float64]:
    width = products.shape[1]
    while width > 1:
        half = (width + 1) // 2
        products[:, : width - half] += products[:, half:width]
        width = half
    total: NDArray[np.float64] = products[:, 0] + 0.0  # -0.0 becomes 0.0: they would print and hash otherwise
    return total


def norms(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """float64 (m,) Euclidean lengths of rows; not finite where a row isn't."""
    import numpy as np

    lengths = np.empty(len(vectors), np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, len(vectors), BLOCK_ROWS):
            block = vectors[start : start + BLOCK_ROWS]
            lengths[start : start + len(block)] = np.sqrt(np.einsum("ij,ij->i", block, block, dtype=np.float64))
    return lengths
