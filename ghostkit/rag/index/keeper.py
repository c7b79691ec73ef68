"""The folder of an index: its base is loaded if it can be trusted, and replaced by one rename."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from ghostkit import faults
from ghostkit.rag.embedding.contract import EmbedderInfo
from ghostkit.rag.index.approximate import Approximate, build, kind_for
from ghostkit.rag.index.base import Base, mapped_base, next_number, remove_others, verify_files, write_base
from ghostkit.rag.index.faiss_file import read_verified, write_index
from ghostkit.rag.index.gpu import gpu_finder
from ghostkit.rag.index.limits import IndexLimits
from ghostkit.rag.index.manifest import FILE_NAME, Manifest, Unusable, read_manifest, write_manifest
from ghostkit.rag.index.part import Part, joined
from ghostkit.rag.index.seal import seal_key
from ghostkit.rag.index.snapshot import Snapshot

if TYPE_CHECKING:
    from ghostkit.rag.index.finder import Finder
    from ghostkit.rag.store import ChunkStore, StoreView

LOCK_NAME = "lock"
_TRIES = 5
"""A reader that finds a base's files gone has met another process's swap, and reads the new manifest."""


class Keeper:
    """Loads and writes bases; the caller holds a lock. `folder` None keeps them in memory."""

    def __init__(self, folder: Path | None, info: EmbedderInfo, limits: IndexLimits) -> None:
        self.folder = folder
        self._info = info
        self._limits = limits
        self._loaded: tuple[int, int, int] | None = None
        self._notes: tuple[str, ...] = ()
        self._flat_because = ""

    # ── loading ───────────────────────────────────────────────────────────────────────────────────────────

    def load(self, store: ChunkStore, view: StoreView) -> tuple[Snapshot, str]:
        """What is on disk, as far as it can be used, and why it can't. It has not caught up with the store yet."""
        self._loaded = self._signature()
        try:
            manifest, base = self._verified(store, view)
        except Unusable as problem:
            return self._snapshot(self._nothing(), view), f"The vector index was made anew: {problem}."
        except OSError as error:
            return self._snapshot(self._nothing(), view), f"The vector index was made anew: {error.strerror}."
        if manifest is None or self.folder is None:
            return self._snapshot(self._nothing(), view), ""
        if manifest.flat_because:
            self._flat_because, self._notes = manifest.flat_because, (manifest.flat_because,)
        if (scan := self._gpu(base)) is not None:
            return self._snapshot(base, view, scan), ""
        nearly, why = read_verified(self.folder, manifest, base)
        return self._snapshot(base, view, nearly), why

    def _verified(self, store: ChunkStore, view: StoreView) -> tuple[Manifest | None, Base]:
        for number in range(_TRIES):
            manifest = read_manifest(self.folder) if self.folder else None
            if manifest is None or self.folder is None:
                return None, self._nothing()
            try:
                return manifest, self._base_of(self.folder, manifest, store, view)
            except FileNotFoundError as error:
                if number + 1 == _TRIES or self._signature() == self._loaded:
                    raise Unusable("a file of it is missing") from error
                self._loaded = self._signature()
        raise AssertionError("unreachable: the last try raises")

    def _base_of(self, folder: Path, manifest: Manifest, store: ChunkStore, view: StoreView) -> Base:
        if manifest.embedder != self._info.key or manifest.dimension != self._info.dimension:
            raise Unusable(f"it is of another embedder ({manifest.embedder[:100]!r}, {manifest.dimension} numbers)")
        if manifest.epoch != view.epoch:
            raise Unusable("the store of the chunks has been begun anew since")
        changes = store.changes_since(manifest.version)
        if changes is None:
            raise Unusable("the store doesn't know the version that it is of, or no longer")
        verify_files(folder, manifest)
        base = mapped_base(folder, manifest)
        import numpy as np

        _, known = Part(base.vectors, view.rows).find(base.rows)
        if not np.isin(base.rows[~known], changes.removed).all():
            raise Unusable("it holds chunks that the store never had")
        return base

    def _nothing(self) -> Base:
        part = Part.empty(self._info.dimension)
        return Base(part.vectors, part.rows)

    def _snapshot(self, base: Base, view: StoreView, finder: Finder | None = None) -> Snapshot:
        return Snapshot(
            base=base,
            delta=Part.empty(self._info.dimension),
            alive=None,
            missing=Part.empty(1).rows,
            epoch=view.epoch,
            version=-1,
            finder=finder,
        )

    def was_replaced(self) -> bool:
        """Whether the manifest is not the one that was loaded or written last."""
        return self.folder is not None and self._signature() != self._loaded

    def forget(self) -> None:
        self._loaded = None

    def _signature(self) -> tuple[int, int, int] | None:
        try:
            found = os.stat(self.folder / FILE_NAME) if self.folder else None
        except OSError:
            return None
        return (found.st_ino, found.st_mtime_ns, found.st_size) if found else None

    # ── writing ───────────────────────────────────────────────────────────────────────────────────────────

    def index_due(self, snapshot: Snapshot) -> bool:
        """Whether the base should have an index and has none: its file was lost, or FAISS has come since."""
        if snapshot.finder is not None or self._flat_because:
            return False
        return kind_for(len(snapshot.base), self._limits)[0] != "flat"

    def merged(self, snapshot: Snapshot) -> Snapshot | None:
        """With a new base of all that lives; None where another process is making one, or the disk refuses: the old
        base with the delta finds the same, so that only a note says so."""
        self._notes, self._flat_because = (), ""
        if self.folder is None:
            part = joined(snapshot.living(), self._info.dimension)
            base = Base(part.vectors, part.rows)
            return self._renewed(snapshot, base, self._gpu(base) or self._built(base))
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self.folder / LOCK_NAME, timeout=0):
                return self._written(self.folder, snapshot)
        except Timeout:
            return None
        except OSError as error:
            self._notes = (f"The vector index could not be written: {error.strerror or error}.",)
            return None

    def _written(self, folder: Path, snapshot: Snapshot) -> Snapshot:
        number = next_number(folder)
        vectors, rows = write_base(folder, number, snapshot.living(), self._info.dimension)
        manifest = Manifest(
            embedder=self._info.key,
            dimension=self._info.dimension,
            epoch=snapshot.epoch,
            version=snapshot.version,
            count=rows.size // 8,
            vectors=vectors,
            rows=rows,
        )
        base = mapped_base(folder, manifest)
        finder = self._gpu(base)
        if finder is None:
            manifest, finder = self._with_index(folder, number, manifest, base)
        faults.point("rag.index.before_manifest")
        write_manifest(folder, manifest)
        faults.point("rag.index.after_manifest")
        self._loaded = self._signature()
        remove_others(folder, manifest)
        return self._renewed(snapshot, replace(base, manifest=manifest), finder)

    def _with_index(
        self, folder: Path, number: int, manifest: Manifest, base: Base
    ) -> tuple[Manifest, Approximate | None]:
        made = self._built(base)
        if made is None:
            return manifest.model_copy(update={"flat_because": self._flat_because}), None
        manifest = manifest.model_copy(update={"index": write_index(folder, number, made)})
        key = seal_key(create=True)
        return (manifest.sealed(key) if key else manifest), made

    def _built(self, base: Part) -> Approximate | None:
        kind, why = kind_for(len(base), self._limits)
        made = None
        if kind != "flat":
            made, why = build(kind, base, self._limits)
            self._flat_because = why
        self._notes += (why,) if why else ()
        return made

    def _gpu(self, base: Part) -> Finder | None:
        if self._limits.kind not in ("auto", "gpu") or len(base) < self._limits.gpu_from:
            return None
        return gpu_finder(base)

    def _renewed(self, snapshot: Snapshot, base: Base, finder: Finder | None) -> Snapshot:
        return replace(snapshot, base=base, delta=Part.empty(self._info.dimension), alive=None, finder=finder)

    # ── looking ───────────────────────────────────────────────────────────────────────────────────────────

    def bytes_on_disk(self) -> int:
        if self.folder is None or not self.folder.is_dir():
            return 0
        return sum(path.stat().st_size for path in self.folder.iterdir() if path.is_file())

    def notes(self) -> tuple[str, ...]:
        return self._notes
