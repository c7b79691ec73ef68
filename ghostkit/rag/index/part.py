"""Vectors with the row numbers they belong to: what the base and the delta both are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


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


def joined(parts: Sequence[Part], dimension: int) -> Part:
    """One part with the rows of all, ascending; copies."""
    import numpy as np

    filled = [part for part in parts if len(part)]
    if len(filled) < 2:
        return filled[0] if filled else Part.empty(dimension)
    rows = np.concatenate([part.rows for part in filled])
    order = np.argsort(rows, kind="stable")
    vectors = np.concatenate([part.vectors for part in filled])
    if (order[1:] > order[:-1]).all():
        return Part(vectors, rows)
    return Part(vectors[order], rows[order])
