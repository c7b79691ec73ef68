"""What the index holds at one moment, and what a view sees of it. Never changed, only replaced: searches that run
meanwhile keep what they began with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ghostkit.rag.index.base import Base
from ghostkit.rag.index.part import Part, Visible, joined

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ghostkit.rag.index.finder import Finder


@dataclass(frozen=True, eq=False, kw_only=True)
class Snapshot:
    """`alive` (n,) bool: which rows of the base are still the store's; None: all. `missing`: rows without a vector."""

    base: Base
    delta: Part
    alive: NDArray[np.bool_] | None
    missing: NDArray[np.int64]
    epoch: str
    version: int
    finder: Finder | None = None
    """Over the base; None: it is scanned."""

    @property
    def dead(self) -> int:
        return 0 if self.alive is None else int((~self.alive).sum())

    @property
    def count(self) -> int:
        return len(self.base) - self.dead + len(self.delta)

    def living(self) -> list[Visible]:
        """All that can be found, uncopied."""
        import numpy as np

        return [Visible(self.base, None if self.alive is None else np.flatnonzero(self.alive)), Visible(self.delta)]

    def difference(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], Snapshot]:
        """The rows that are not held, and this with all rows gone that are not in `rows` (all the store's)."""
        import numpy as np

        at_base, in_base = self.base.find(rows)
        alive = np.zeros(len(self.base), np.bool_)
        alive[at_base] = True
        if self.alive is not None:  # what went once never comes back: a row number is used once
            gone_before = ~self.alive
            in_base[in_base] = ~gone_before[at_base]
            alive &= self.alive
        at_delta, in_delta = self.delta.find(rows)
        kept = replace(self, alive=None if alive.all() else alive, delta=self.delta.only(at_delta))
        return rows[~(in_base | in_delta)], kept

    def with_more(self, more: Part) -> Snapshot:
        return replace(self, delta=joined([Visible(self.delta), Visible(more)], self.base.vectors.shape[1]))


@dataclass(frozen=True, eq=False, kw_only=True)
class Sight:
    """What a view sees of a snapshot. `rest`: its rows that the snapshot doesn't hold."""

    base: Visible
    delta: Visible
    rest: NDArray[np.int64]


def sight_of(snapshot: Snapshot, rows: NDArray[np.int64]) -> Sight:
    """`rows`: int64 (m,), ascending: the view's."""
    at_base, in_base = snapshot.base.find(rows)
    if snapshot.alive is not None and len(at_base):
        living = snapshot.alive[at_base]
        in_base[in_base] = living
        at_base = at_base[living]
    at_delta, in_delta = snapshot.delta.find(rows)
    return Sight(
        base=Visible(snapshot.base, None if len(at_base) == len(snapshot.base) else at_base),
        delta=Visible(snapshot.delta, None if len(at_delta) == len(snapshot.delta) else at_delta),
        rest=rows[~(in_base | in_delta)],
    )
