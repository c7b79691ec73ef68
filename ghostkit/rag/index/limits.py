"""Every threshold of the vector index, with the measurement it comes from (docs/vector-index.md)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class IndexLimits:
    """Row counts where the index changes its ways. The figures are of two cores with AVX-512, 384 dimensions."""

    first_base: int = 1
    """Rows from which a base is written at all: at once, since a small one costs three syncs."""
    merge_least: int = 1000
    merge_share: float = 0.125
    merge_most: int = 20_000
    """The delta becomes part of a new base above `merge_share` of the base, but not below `merge_least` rows, and
    always above `merge_most`, since the delta is scanned in full (0.2 ms per 10,000)."""
    dead_share: float = 0.25
    """A new base is made when this share of the old one's rows is gone."""
    approximate_from: int = 100_000
    """Rows from which an approximate index is built, if faiss is there."""
    gpu_from: int = 20_000
    """Rows from which a GPU is used, if there is one: below, a scan takes less than asking a device."""
    exact_scope: int = 20_000
    """A scope of at most so many rows is searched exactly, whatever the index."""
    least_recall: float = 0.95
    """Recall@10 that an approximate index must reach on its own data, or it is not used."""
    aimed_recall: float = 0.97
    """What the search is widened to on one sample, so that another sample keeps `least_recall`."""
    least_gain: int = 8
    """A search is not widened beyond this part of all vectors (HNSW) or to all lists (IVF): a scan is better then."""
    kind: str = "auto"
    """`flat`, `ivf`, `hnsw` or `gpu` to insist; `auto` chooses by size and by what is there."""

    def merge_due(self, base: int, delta: int, dead: int) -> bool:
        if not base:
            return delta >= self.first_base
        bound = min(max(self.merge_least, int(base * self.merge_share)), self.merge_most)
        return delta > bound or dead > max(self.merge_least, int(base * self.dead_share))


LIMITS = IndexLimits()
