"""Re-order candidates so that each says something new: MMR over their vectors, or their words where there are none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ghostkit.rag.retrieval.diversity import cosines, mmr_order, shared_shingles
from ghostkit.rag.retrieval.fusion import Candidate
from ghostkit.rag.retrieval.likeness import shingles_of
from ghostkit.rag.retrieval.selection import Fetch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ghostkit.rag.index import VectorIndex
    from ghostkit.rag.store import StoreView


def varied(
    candidates: Sequence[Candidate],
    fetch: Fetch,
    index: VectorIndex | None,
    view: StoreView,
    relevance_share: float,
) -> list[Candidate]:
    """The same candidates in the order MMR takes them; `parts["mmr"]` is the value each was taken for."""
    if len(candidates) < 2:
        return list(candidates)
    ids = [one.chunk_id for one in candidates]
    similarity = _by_vectors(ids, index, view) if index is not None else _by_words(ids, fetch)
    ordered = []
    for at, value in mmr_order([one.score for one in candidates], similarity, relevance_share):
        candidates[at].parts["mmr"] = value
        ordered.append(candidates[at])
    return ordered


def _by_vectors(ids: Sequence[str], index: VectorIndex, view: StoreView) -> NDArray[np.float64]:
    return cosines(index.vectors_of(view, ids))


def _by_words(ids: Sequence[str], fetch: Fetch) -> NDArray[np.float64]:
    chunks = fetch(ids)
    return shared_shingles([shingles_of(chunks[one].content) if one in chunks else frozenset() for one in ids])
