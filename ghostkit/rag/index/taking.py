"""Vectors of rows, from the cache that keeps them by what they were made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ghostkit.rag.embedding.contract import EmbedderInfo
from ghostkit.rag.index.base import usable
from ghostkit.rag.index.part import Part

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ghostkit.rag.embedding.vector_store import VectorStore
    from ghostkit.rag.store import StoreView

_ROWS_AT_ONCE = 10_000


def take_vectors(
    vectors: VectorStore, info: EmbedderInfo, view: StoreView, rows: NDArray[np.int64]
) -> tuple[Part, NDArray[np.int64]]:
    """The vectors of `rows` (ascending) that are kept, and the rows that have none, or none that can be searched."""
    import numpy as np

    if not len(rows):
        return Part.empty(info.dimension), rows
    matrix = np.empty((len(rows), info.dimension), np.float32)
    have = np.zeros(len(rows), np.bool_)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        some = rows[start : start + _ROWS_AT_ONCE]
        digests = view.digests_of(some)
        found = vectors.get_many(info.key, "passage", list(dict.fromkeys(digests)))
        for at, digest in enumerate(digests, start):
            vector = found.get(digest)
            if vector is not None and vector.shape == (info.dimension,):
                matrix[at] = vector
                have[at] = True
    have[have] = usable(matrix[have])
    whole = bool(have.all())
    return Part(matrix if whole else matrix[have], rows if whole else rows[have]), rows[~have]
