"""What can find candidates in a base faster than a scan of it: IVF, HNSW, a GPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ghostkit.rag.index.part import Candidates, Visible


class Finder(Protocol):
    """Its candidates are scored by `exact_scores` like all others; what it leaves out is what `recall` measures."""

    @property
    def kind(self) -> str: ...

    @property
    def recall(self) -> float:
        """Recall@10 on the base's own vectors; 1.0 where nothing is ever left out."""
        ...

    @property
    def parameters(self) -> Mapping[str, int]: ...

    def candidates(self, seen: Visible, queries: NDArray[np.float32], limit: int) -> Sequence[list[Candidates]]:
        """For each of the (n, d) queries, vectors and rows that are `seen` of the base: at least `limit`, if so many
        are seen. What a query brings doesn't depend on those beside it."""
        ...
