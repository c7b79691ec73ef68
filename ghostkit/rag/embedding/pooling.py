"""One vector a text from one a token, as a model's files say.

Source: sentence-transformers, `Pooling.forward`; its formulas, in NumPy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ghostkit.errors import EmbedderError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def pooled(tokens: NDArray[Any], mask: NDArray[Any], modes: Sequence[str]) -> NDArray[np.float32]:
    """`tokens`: (n, length, d); `mask`: (n, length), 1 for a token and 0 for padding behind. (n, d × modes)."""
    import numpy as np

    values, weights = tokens.astype(np.float32, copy=False), mask.astype(np.float32)[:, :, None]
    return np.concatenate([_one(values, weights, mode) for mode in modes], axis=1)


def _one(values: NDArray[Any], weights: NDArray[Any], mode: str) -> NDArray[Any]:
    import numpy as np

    count = np.maximum(weights.sum(axis=1), 1e-9)
    found: NDArray[Any]
    if mode == "cls":
        found = values[:, 0]
    elif mode == "max":
        found = np.where(weights > 0, values, -np.inf).max(axis=1)
    elif mode == "mean":
        found = (values * weights).sum(axis=1) / count
    elif mode == "mean_sqrt_len_tokens":
        found = (values * weights).sum(axis=1) / np.sqrt(count)
    elif mode == "weightedmean":
        rising = weights * np.arange(1, values.shape[1] + 1, dtype=np.float32)[None, :, None]
        found = (values * rising).sum(axis=1) / np.maximum(rising.sum(axis=1), 1e-9)
    elif mode == "lasttoken":
        last = np.maximum(weights[:, :, 0].sum(axis=1).astype(np.intp) - 1, 0)
        found = values[np.arange(len(values)), last]
    else:
        raise EmbedderError(f"The model's pooling {mode!r} is not known here.", fix="Use sentence-transformers:NAME.")
    return found
