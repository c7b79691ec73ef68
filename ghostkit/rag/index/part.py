"""Vectors with the row numbers they belong to: what the base and the delta both are, and what is seen of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Candidates = tuple[NDArray[np.float32], NDArray[np.int64]]
    """Vectors (m, d) and their row numbers (m,)."""

_GATHER_BELOW = 0.2
"""A smaller share of a part is copied out and scanned; of a larger one all is scanned and the rest dropped."""
_GATHER_ROWS = 4096


@dataclass(frozen=True, eq=False)
class Part:
    """`vectors`: float32 (n, d), of length one or all zeros; `rows`: int64 (n,), ascending."""

    vectors: NDArray[np.float32]
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)

    @classmethod
    def empty(cls, dimension: int) -> Part:
        import numpy as np

        return cls(np.empty((0, dimension), np.float32), np.empty(0, np.int64))

    def find(self, wanted: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Positions of those of `wanted` (ascending) that are here, and for each of `wanted` whether it is."""
        import numpy as np

        if not len(self.rows) or not len(wanted):
            return np.empty(0, np.int64), np.zeros(len(wanted), np.bool_)
        at = np.searchsorted(self.rows, wanted)
        at[at == len(self.rows)] = 0
        here = self.rows[at] == wanted
        return at[here], here

    def only(self, positions: NDArray[np.int64]) -> Part:
        return self if len(positions) == len(self) else Part(self.vectors[positions], self.rows[positions])


@dataclass(frozen=True, eq=False)
class Visible:
    """What a question sees of a part: `at` are positions, ascending; None: all of it."""

    part: Part
    at: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.part) if self.at is None else len(self.at)

    @property
    def rows(self) -> NDArray[np.int64]:
        return self.part.rows if self.at is None else self.part.rows[self.at]

    def scores(self, queries: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32 (n, m) for (n, d) queries, or (m,) for one (d,)."""
        import numpy as np

        vectors, at = self.part.vectors, self.at
        if at is None or not len(at):
            return _products(vectors if at is None else vectors[:0], queries)
        first, last = int(at[0]), int(at[-1])
        if last - first + 1 == len(at):
            return _products(vectors[first : last + 1], queries)
        if len(at) > _GATHER_BELOW * len(vectors):
            return _products(vectors, queries)[..., at]
        blocks = [
            _products(vectors[at[start : start + _GATHER_ROWS]], queries) for start in range(0, len(at), _GATHER_ROWS)
        ]
        return np.concatenate(blocks, axis=-1) if len(blocks) > 1 else blocks[0]

    def whole(self) -> Part:
        return self.part if self.at is None else self.part.only(self.at)

    def take(self, chosen: NDArray[np.int64]) -> Candidates:
        """Vectors and rows of the `chosen` among what is visible."""
        at = chosen if self.at is None else self.at[chosen]
        return self.part.vectors[at], self.part.rows[at]


def _products(vectors: NDArray[np.float32], queries: NDArray[np.float32]) -> NDArray[np.float32]:
    """One question is scanned by one thread: BLAS's two need 0.15 ms instead of 0.3 for 10,000 rows on an idle
    machine, and 40 ms instead of 0.45 on a busy one, where they wait for each other."""
    import numpy as np

    scores: NDArray[np.float32] = np.vecdot(vectors, queries) if queries.ndim == 1 else queries @ vectors.T
    return scores


def joined(parts: Sequence[Visible], dimension: int) -> Part:
    """One part with the rows of all, ascending."""
    import numpy as np

    filled = [part for part in parts if len(part)]
    if len(filled) < 2:
        return filled[0].whole() if filled else Part.empty(dimension)
    rows = np.concatenate([part.rows for part in filled])
    vectors = np.concatenate([part.whole().vectors for part in filled])
    if (rows[1:] > rows[:-1]).all():
        return Part(vectors, rows)
    order = np.argsort(rows, kind="stable")
    return Part(vectors[order], rows[order])
