"""IVF and HNSW over a base: faster than a scan, and right as often as was measured when they were built.

Vectors are held in 8 bits a number (a quarter of the base's size); they only choose candidates, which are scored
exactly from the base. FAISS is imported here and in `faiss_file`, when there is an index to build or to read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, Literal

from ghostkit.rag.index.flat import scan
from ghostkit.rag.index.limits import IndexLimits
from ghostkit.rag.index.part import Part, Visible
from ghostkit.rag.index.recall import recall_of, true_neighbours

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ghostkit.rag.index.part import Candidates

Kind = Literal["ivf", "hnsw"]

OVERFETCH: Final = 4
"""Candidates for each result: 8-bit vectors put some out of order."""
LEAST_CANDIDATES: Final = 40
_WIDTH: Final[Mapping[str, str]] = {"ivf": "nprobe", "hnsw": "ef_search"}
_ROWS_AT_ONCE: Final = 50_000


@dataclass(frozen=True, eq=False, kw_only=True)
class Approximate:
    """`index`: of FAISS, ids are positions in `base`; `recall`: recall@10 as measured on it. Read only."""

    kind: Kind
    index: Any
    base: Part
    recall: float = 0.0
    parameters: Mapping[str, int] = field(default_factory=dict)

    def candidates(self, seen: Visible, queries: NDArray[np.float32], limit: int) -> Sequence[list[Candidates]]:
        """For each query what is nearest by the index among the `seen` of the base.

        One query at a time, so that an answer doesn't depend on the questions beside it. Where the index finds too
        few, all that is seen is scanned.
        """
        wanted = min(max(limit * OVERFETCH, LEAST_CANDIDATES), len(seen))
        chosen = None if seen.at is None else _selector(seen.at, len(self.base))
        found = []
        for query in queries:
            at = self._nearest(query, wanted, chosen, len(seen) / len(self.base))
            if len(at) < min(limit, len(seen)):
                found.append(next(scan([seen], query[None, :], limit)))
            else:
                found.append([(self.base.vectors[at], self.base.rows[at])])
        return found

    def _nearest(self, query: NDArray[np.float32], wanted: int, chosen: Any, share: float) -> NDArray[np.int64]:
        """Positions in the base, ascending."""
        import numpy as np

        params = self._parameters(chosen, share)
        _, found = self.index.search(query[None, :], wanted, params=params)
        at: NDArray[np.int64] = np.sort(found[0][found[0] >= 0])
        return at

    def _parameters(self, chosen: Any, share: float) -> Any:
        """Where only a `share` is seen, so much wider a search meets as many of what is."""
        width = int(self.parameters[_WIDTH[self.kind]] / max(share, 0.05))
        if self.kind == "ivf":
            return faiss().SearchParametersIVF(nprobe=min(width, self.index.nlist), sel=chosen)
        return faiss().SearchParametersHNSW(efSearch=min(width, len(self.base)), sel=chosen)


def faiss() -> Any:
    """The module, whose own type hints are wrong about most of what is used here."""
    return import_module("faiss")


def _selector(at: NDArray[np.int64], count: int) -> Any:
    import numpy as np

    bits = np.zeros(count, np.bool_)
    bits[at] = True
    return faiss().IDSelectorBitmap(np.packbits(bits, bitorder="little"))


def kind_for(count: int, limits: IndexLimits) -> tuple[Kind | Literal["flat"], str]:
    """Which index so many vectors want, and what a person should know where they can't have it."""
    if limits.kind in ("flat", "gpu") or (limits.kind == "auto" and count < limits.approximate_from):
        return "flat", ""
    if find_spec("faiss") is None:
        return "flat", f"{count:,} vectors are scanned one by one: pip install 'ghostkit[faiss]' is faster."
    return ("hnsw" if limits.kind == "hnsw" else "ivf"), ""


def build(kind: Kind, base: Part, limits: IndexLimits) -> tuple[Approximate | None, str]:
    """An index over `base` whose recall holds; None, and why, where no width of search suffices."""
    if not len(base):
        return None, ""
    index = _ivf(base) if kind == "ivf" else _hnsw(base)
    made = Approximate(kind=kind, index=index, base=base, parameters=_measures(kind, index))
    return _tuned(made, limits)


def _ivf(base: Part) -> Any:
    """4·√n lists by k-means (seeded) on at most 40 vectors a list."""
    lib = faiss()
    count, dimension = base.vectors.shape
    lists = max(1, min(int(4 * count**0.5), count // 10))
    index = lib.IndexIVFScalarQuantizer(
        lib.IndexFlatIP(dimension), dimension, lists, lib.ScalarQuantizer.QT_8bit, lib.METRIC_INNER_PRODUCT
    )
    index.cp.niter, index.cp.seed = 6, 1
    index.cp.max_points_per_centroid, index.cp.min_points_per_centroid = 40, 1
    index.train(_sample(base, lists * 40))
    _add(index, base)
    return index


def _hnsw(base: Part) -> Any:
    """16 links a vector, 64 candidates for each as it is built."""
    lib = faiss()
    index = lib.IndexHNSWSQ(base.vectors.shape[1], lib.ScalarQuantizer.QT_8bit, 16, lib.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = 64
    index.train(_sample(base, 100_000))
    _add(index, base)
    return index


def _sample(base: Part, most: int) -> NDArray[np.float32]:
    """At most so many vectors, the same for the same base."""
    import numpy as np

    if len(base) <= most:
        return np.ascontiguousarray(base.vectors)
    at = np.sort(np.random.default_rng(1).choice(len(base), most, replace=False))
    return base.vectors[at]


def _add(index: Any, base: Part) -> None:
    import numpy as np

    for start in range(0, len(base), _ROWS_AT_ONCE):
        index.add(np.ascontiguousarray(base.vectors[start : start + _ROWS_AT_ONCE]))


def _measures(kind: Kind, index: Any) -> dict[str, int]:
    if kind == "ivf":
        return {"nlist": int(index.nlist), "nprobe": min(2, int(index.nlist))}
    return {"links": 16, "ef_construction": 64, "ef_search": 16}


def _tuned(made: Approximate, limits: IndexLimits) -> tuple[Approximate | None, str]:
    """Widen the search until recall@10 holds on one sample, and measure it on another."""
    name = _WIDTH[made.kind]
    most = made.parameters.get("nlist", len(made.base))
    tuning, judging = true_neighbours(made.base, seed=2), true_neighbours(made.base, seed=3)
    width = made.parameters[name]
    while True:
        now = _with(made, name, width)
        if recall_of(now, tuning) >= limits.aimed_recall and (recall := recall_of(now, judging)) >= limits.least_recall:
            return _with(made, name, width, recall), ""
        if width >= min(most, len(made.base) // limits.least_gain):
            why = f"an {made.kind.upper()} index finds too few of the nearest ({limits.least_recall:.0%} wanted)"
            return None, f"{len(made.base):,} vectors are scanned one by one: {why}."
        width = min(most, width + max(width // 4, 1))


def _with(made: Approximate, name: str, width: int, recall: float = 0.0) -> Approximate:
    parameters = {**made.parameters, name: width}
    return Approximate(kind=made.kind, index=made.index, base=made.base, recall=recall, parameters=parameters)
