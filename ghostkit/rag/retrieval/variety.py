"""Re-order candidates so that each says something new: MMR over their vectors, or their words where there are none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ghostkit.rag.document import Chunk
from ghostkit.rag.retrieval.diversity import cosines, mmr_order, shared_shingles
from ghostkit.rag.retrieval.fusion import Candidate
from ghostkit.rag.retrieval.likeness import shingles_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def varied(
    candidates: Sequence[Candidate], chunks: Sequence[Chunk], vectors: Any | None, relevance_share: float
) -> list[Candidate]:
    """The same candidates in the order MMR takes them; `parts["mmr"]` is the value each was taken for.

    chunks: theirs, in their order. vectors: float32 (n, d), L2-normalised; None: words are compared instead.
    """
    if len(candidates) < 2:
        return list(candidates)
    similarity: NDArray[np.float64]
    if vectors is not None:
        similarity = cosines(vectors)
    else:
        similarity = shared_shingles([shingles_of(chunk.content) for chunk in chunks])
    ordered = []
    for at, value in mmr_order([one.score for one in candidates], similarity, relevance_share):
        candidates[at].parts["mmr"] = value
        ordered.append(candidates[at])
    return ordered
