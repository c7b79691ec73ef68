"""`VectorIndex`: the vectors of a store's chunks, searched exactly or nearly so, healed from the store at any time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ghostkit.errors import EmbedderError
from ghostkit.rag.embedding.contract import EmbedderInfo
from ghostkit.rag.index.base import Base
from ghostkit.rag.index.flat import ranked, scan
from ghostkit.rag.index.keeper import Keeper
from ghostkit.rag.index.limits import LIMITS, IndexLimits
from ghostkit.rag.index.part import Visible
from ghostkit.rag.index.snapshot import Sight, Snapshot, sight_of
from ghostkit.rag.index.status import IndexStatus
from ghostkit.rag.index.taking import take_vectors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ghostkit.rag.embedding.vector_store import VectorStore
    from ghostkit.rag.index.part import Candidates
    from ghostkit.rag.store import ChunkStore, StoreView

_SIGHTS_KEPT = 16
_PATIENCE_S = 0.05
"""How long a search waits for a thread that catches up or merges, before it does with what there is."""


class VectorIndex:
    """What is found is a function of the view and the vectors alone; base, delta and files only make it fast.

    Synchronous and thread-safe; callers use worker threads. Nothing is read before the first use, and then everything
    is verified first. Several processes may search and catch up on one folder; one of them writes at a time.
    """

    def __init__(
        self,
        folder: Path | None,
        store: ChunkStore,
        vectors: VectorStore,
        info: EmbedderInfo,
        limits: IndexLimits = LIMITS,
    ) -> None:
        self.info = info
        self._store = store
        self._vectors = vectors
        self._limits = limits
        self._keeper = Keeper(folder, info, limits)
        self._lock = threading.RLock()
        self._sights_lock = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._rebuilt_because = ""
        self._sights: OrderedDict[int, tuple[NDArray[np.int64], Snapshot, Sight]] = OrderedDict()

    @classmethod
    def open(
        cls,
        folder: Path | None,
        store: ChunkStore,
        vectors: VectorStore,
        info: EmbedderInfo,
        limits: IndexLimits = LIMITS,
    ) -> VectorIndex:
        """`folder` None keeps all in memory."""
        return cls(folder, store, vectors, info, limits)

    # ── keeping up ────────────────────────────────────────────────────────────────────────────────────────

    def catch_up(self) -> None:
        """Hold what the store holds now; a new base is written where the delta has grown too long."""
        with self._lock:
            snapshot = self._caught_up()
            due = self._limits.merge_due(len(snapshot.base), len(snapshot.delta), snapshot.dead)
            if due or self._keeper.index_due(snapshot):
                self._merge(snapshot)

    def merge(self) -> None:
        """Make a new base of all there is, now. Vectors of chunks that are gone leave the disk with the old one."""
        with self._lock:
            self._merge(self._caught_up())

    def _merge(self, snapshot: Snapshot) -> None:
        merged = self._keeper.merged(snapshot)
        if merged is not None:
            self._snapshot = merged

    def _caught_up(self) -> Snapshot:
        """Under the lock."""
        with self._store.view() as view:
            return self._as_of(view)

    def _as_of(self, view: StoreView) -> Snapshot:
        snapshot = self._snapshot
        if snapshot is not None and snapshot.epoch == view.epoch and self._keeper.was_replaced():
            snapshot = None  # another process has made a new base: its delta is shorter
        if snapshot is None or snapshot.epoch != view.epoch:
            snapshot, why = self._keeper.load(self._store, view)
            self._rebuilt_because = why or self._rebuilt_because
        if snapshot.version != view.version or len(snapshot.missing):
            snapshot = self._advanced(snapshot, view)
        self._snapshot = snapshot
        return snapshot

    def _advanced(self, snapshot: Snapshot, view: StoreView) -> Snapshot:
        wanted, snapshot = snapshot.difference(view.rows)
        more, missing = take_vectors(self._vectors, self.info, view, wanted)
        return replace(snapshot.with_more(more), missing=missing, version=view.version)

    def _current(self, view: StoreView) -> Snapshot:
        snapshot = self._snapshot
        if (
            snapshot is not None
            and snapshot.epoch == view.epoch
            and snapshot.version >= view.version
            and not len(snapshot.missing)
        ):
            return snapshot
        if not self._lock.acquire(timeout=_PATIENCE_S):
            if snapshot is not None and snapshot.epoch == view.epoch:
                return snapshot  # a merge may take minutes: what this one lacks is read from the cache meanwhile
            self._lock.acquire()
        try:
            return self._caught_up()
        finally:
            self._lock.release()

    def missing(self, view: StoreView) -> list[str]:
        """Digests of what the view sees and no vector is kept of; each once, in the order of the chunks."""
        missing = self.missing_rows(view)
        return list(dict.fromkeys(view.digests_of(missing))) if len(missing) else []

    def missing_rows(self, view: StoreView) -> NDArray[np.int64]:
        """int64, ascending: the rows that the view sees and no vector is kept of."""
        snapshot = self._current(view)
        rest = self._sight(snapshot, view).rest
        return take_vectors(self._vectors, self.info, view, rest)[1]

    # ── searching ─────────────────────────────────────────────────────────────────────────────────────────

    def search(self, view: StoreView, vector: NDArray[np.float32], limit: int) -> list[tuple[str, float]]:
        """The `limit` chunks of the view nearest to `vector`, float32 (d,): (chunk id, cosine), best first, ties by
        id. Chunks without a vector are left out. A vector of zeros has no direction and finds nothing.

        Raises `EmbedderError`: a vector of another dimension, or with NaN.
        """
        import numpy as np

        return self.search_many(view, np.asarray(vector)[None, ...], limit)[0]

    def search_many(self, view: StoreView, vectors: NDArray[np.float32], limit: int) -> list[list[tuple[str, float]]]:
        """For (n, d) vectors what `search` gives for each, bit for bit."""
        import numpy as np

        queries = self._checked(vectors)
        directed = np.flatnonzero(queries.any(axis=1))
        answers: list[list[tuple[str, float]]] = [[] for _ in queries]
        if limit < 1 or not len(directed):
            return answers
        snapshot = self._current(view)
        sight = self._sight(snapshot, view)
        some = queries[directed]
        for number, candidates in zip(directed, self._candidates(snapshot, sight, view, some, limit), strict=True):
            answers[number] = ranked(candidates, queries[number], limit, view.ids_of)
        return answers

    def _candidates(
        self, snapshot: Snapshot, sight: Sight, view: StoreView, queries: NDArray[np.float32], limit: int
    ) -> Sequence[list[Candidates]]:
        seen: list[Visible] = [sight.delta] if len(sight.delta) else []
        if len(sight.rest):
            # Of an older view, whose rows have left the base since, or vectors that came after the last look.
            seen.append(Visible(take_vectors(self._vectors, self.info, view, sight.rest)[0]))
        finder = snapshot.finder
        if finder is None or len(sight.base) <= self._limits.exact_scope:
            return list(scan([sight.base, *seen], queries, limit))
        exactly = list(scan(seen, queries, limit)) if seen else [[] for _ in queries]
        near = finder.candidates(sight.base, queries, limit)
        return [[*found, *beside] for found, beside in zip(near, exactly, strict=True)]

    def _sight(self, snapshot: Snapshot, view: StoreView) -> Sight:
        """Kept for the last few views, by their very array of rows."""
        rows = view.rows
        with self._sights_lock:
            kept = self._sights.get(id(rows))
            if kept is not None and kept[0] is rows and kept[1] is snapshot:
                self._sights.move_to_end(id(rows))
                return kept[2]
        sight = sight_of(snapshot, rows)
        with self._sights_lock:
            if any(old is not snapshot for _, old, _ in self._sights.values()):
                self._sights.clear()  # or they would keep an old base in memory
            self._sights[id(rows)] = (rows, snapshot, sight)
            while len(self._sights) > _SIGHTS_KEPT:
                self._sights.popitem(last=False)
        return sight

    def _checked(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        import numpy as np

        queries = np.ascontiguousarray(vectors, np.float32)
        if queries.ndim != 2 or queries.shape[1] != self.info.dimension:
            raise EmbedderError(
                f"A question's vector has the shape {queries.shape[1:]}, and {self.info.name} makes "
                f"{self.info.dimension} numbers.",
                fix="Ask with a vector of the embedder that made the index.",
            )
        if not np.isfinite(queries).all():
            raise EmbedderError("A question's vector has NaN or infinity in it.", fix="Look at the embedder's answer.")
        return queries

    # ── the rest ──────────────────────────────────────────────────────────────────────────────────────────

    def status(self) -> IndexStatus:
        with self._lock:
            snapshot = self._snapshot or self._caught_up()
        finder = snapshot.finder
        return IndexStatus(
            kind=finder.kind if finder else "flat",
            embedder=self.info.key,
            dimension=self.info.dimension,
            vectors=snapshot.count,
            base=len(snapshot.base),
            delta=len(snapshot.delta),
            tombstones=snapshot.dead,
            missing=len(snapshot.missing),
            recall=finder.recall if finder else 1.0,
            parameters=finder.parameters if finder else {},
            bytes_on_disk=self._keeper.bytes_on_disk(),
            bytes_mapped=_mapped(snapshot.base),
            epoch=snapshot.epoch,
            version=snapshot.version,
            rebuilt_because=self._rebuilt_because,
            notes=self._keeper.notes(),
        )

    def close(self) -> None:
        """It may be used again afterwards, and then reads its files anew."""
        with self._lock:
            self._snapshot = None
            self._keeper.forget()
        with self._sights_lock:
            self._sights.clear()


def _mapped(base: Base) -> int:
    return int(base.vectors.nbytes + base.rows.nbytes) if base.manifest is not None else 0
