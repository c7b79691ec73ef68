"""A FAISS index on disk: written, and read only when everything about it has been verified."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ghostkit.rag.index.approximate import Approximate, faiss
from ghostkit.rag.index.durable import hash_file, sync_file
from ghostkit.rag.index.manifest import FileNote, IndexNote, Manifest, Unusable
from ghostkit.rag.index.seal import seal_key

if TYPE_CHECKING:
    from ghostkit.rag.index.base import Base

_CLASS = {"ivf": "IndexIVFScalarQuantizer", "hnsw": "IndexHNSWSQ"}
_NEEDED = {"ivf": {"nlist", "nprobe"}, "hnsw": {"links", "ef_construction", "ef_search"}}


def write_index(folder: Path, number: int, made: Approximate) -> IndexNote:
    """Synced; nothing names the file yet."""
    path = folder / f"base-{number}.faiss"
    try:
        faiss().write_index(made.index, str(path))
    except RuntimeError as error:
        raise OSError(f"{path.name} could not be written") from error
    sync_file(path)
    size, digest = hash_file(path)
    note = FileNote(name=path.name, size=size, sha256=digest)
    return IndexNote(kind=made.kind, parameters=dict(made.parameters), recall=made.recall, file=note)


def read_verified(folder: Path, manifest: Manifest, base: Base) -> tuple[Approximate | None, str]:
    """The index that the manifest names, mapped; None and why where it must be built again from the vectors."""
    if manifest.index is None:
        return None, ""
    try:
        _verify(folder, manifest, manifest.index)
        return _read(folder, manifest, manifest.index, base), ""
    except Unusable as problem:
        return None, f"The {manifest.index.kind.upper()} index was built again: {problem}."
    except OSError as error:
        return None, f"The {manifest.index.kind.upper()} index was built again: {error.strerror or error}."


def _verify(folder: Path, manifest: Manifest, note: IndexNote) -> None:
    """Before FAISS sees a byte: who wrote it, its size, its hash."""
    key = seal_key()
    if key is None or not manifest.is_sealed(key):
        raise Unusable(f"{note.file.name} was not written by you on this machine")
    if set(note.parameters) != _NEEDED[note.kind] or min(note.parameters.values()) < 1:
        raise Unusable("its parameters are not those of such an index")
    if (folder / note.file.name).stat().st_size != note.file.size:
        raise Unusable(f"{note.file.name} is not {note.file.size:,} bytes long")
    if hash_file(folder / note.file.name)[1] != note.file.sha256:
        raise Unusable(f"{note.file.name} is not what was written")


def _read(folder: Path, manifest: Manifest, note: IndexNote, base: Base) -> Approximate:
    try:
        lib = faiss()
    except ImportError:
        raise Unusable("faiss is not installed: pip install 'ghostkit[faiss]'") from None
    # Zero copies: lists, codes and links stay in the mapped file. Such an index must never be added to.
    try:
        index: Any = lib.read_index(str(folder / note.file.name), lib.IO_FLAG_MMAP_IFC)
    except RuntimeError as error:
        raise Unusable(f"FAISS can't read {note.file.name}") from error
    shape = (type(index).__name__, index.d, index.ntotal, index.metric_type)
    if shape != (_CLASS[note.kind], manifest.dimension, manifest.count, lib.METRIC_INNER_PRODUCT):
        raise Unusable(f"{note.file.name} is another index ({shape[0]}, {shape[1]} x {shape[2]})")
    return Approximate(kind=note.kind, index=index, base=base, recall=note.recall, parameters=dict(note.parameters))
