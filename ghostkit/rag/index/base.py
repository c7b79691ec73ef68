"""The base: vectors and row numbers in two files, mapped into memory and never changed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ghostkit import faults
from ghostkit.rag.index.durable import blocks_of, write_new
from ghostkit.rag.index.exact import norms
from ghostkit.rag.index.manifest import FileNote, Manifest, Unusable
from ghostkit.rag.index.part import Part, Visible

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NORM_TOLERANCE = 1e-3
"""How far from 1 a vector's length may be; 0 is an empty text's."""
_ROWS_AT_ONCE = 4096
_OURS = re.compile(r"^base-([0-9]{1,12})\.(vectors|rows|faiss)(\.new)?$|^manifest\.json\.new$")


@dataclass(frozen=True, eq=False)
class Base(Part):
    """A part whose arrays are mapped from the files that `manifest` names; None: kept in memory alone."""

    manifest: Manifest | None = None


def write_base(folder: Path, number: int, parts: Sequence[Visible], dimension: int) -> tuple[FileNote, FileNote]:
    """Write what is visible of all `parts`, by row, as base `number`; nothing names the files yet."""
    import numpy as np

    all_rows = np.concatenate([part.rows for part in parts])
    order = np.argsort(all_rows, kind="stable")
    rows = all_rows[order]
    vectors = folder / f"base-{number}.vectors"
    size, digest = write_new(vectors, _gathered(parts, order, dimension))
    faults.point("rag.index.vectors_written")
    noted = FileNote(name=vectors.name, size=size, sha256=digest)
    path = folder / f"base-{number}.rows"
    size, digest = write_new(path, [np.ascontiguousarray(rows, "<i8")])
    faults.point("rag.index.base_written")
    return noted, FileNote(name=path.name, size=size, sha256=digest)


def _gathered(parts: Sequence[Visible], order: NDArray[np.int64], dimension: int) -> Iterator[Any]:
    """Blocks of the parts' vectors in `order`, which numbers them through all parts: never a second copy of all."""
    import numpy as np

    starts = np.cumsum([0, *(len(part) for part in parts)])
    for begin in range(0, len(order), _ROWS_AT_ONCE):
        wanted = order[begin : begin + _ROWS_AT_ONCE]
        block = np.empty((len(wanted), dimension), "<f4")
        for part, start in zip(parts, starts, strict=False):
            mine = (wanted >= start) & (wanted < start + len(part))
            block[mine] = part.take(wanted[mine] - start)[0]
        yield block


def mapped_base(folder: Path, manifest: Manifest) -> Base:
    """The arrays of a base's files. What is in them is as it was verified, or written."""
    import numpy as np

    shape = (manifest.count, manifest.dimension)
    if not manifest.count:
        return Base(np.empty(shape, np.float32), np.empty(0, np.int64), manifest)
    vectors = np.memmap(folder / manifest.vectors.name, "<f4", mode="r", shape=shape)
    rows = np.memmap(folder / manifest.rows.name, "<i8", mode="r", shape=(manifest.count,))
    # As plain arrays: every slice of a `memmap` costs microseconds.
    return Base(np.asarray(vectors).view(np.ndarray), np.asarray(rows).view(np.ndarray), manifest)


def verify_files(folder: Path, manifest: Manifest) -> None:
    """Sizes and hashes of vectors and rows, finite vectors of length one, ascending rows.

    Raises `Unusable`, or `FileNotFoundError` where another process has replaced the base meanwhile.
    """
    _verify_sizes(folder, manifest)
    _verify_vectors(folder, manifest)
    _verify_rows(folder, manifest)


def _verify_sizes(folder: Path, manifest: Manifest) -> None:
    wide = 4 * manifest.dimension * manifest.count
    for note, wanted in ((manifest.vectors, wide), (manifest.rows, 8 * manifest.count)):
        if note.size != wanted or (folder / note.name).stat().st_size != wanted:
            raise Unusable(f"{note.name} is not {wanted:,} bytes long")
    numbers = {note.name.partition(".")[0] for note in manifest.files()}
    if len(numbers) != 1 or [note.name.rpartition(".")[2] for note in manifest.files()][:2] != ["vectors", "rows"]:
        raise Unusable("its manifest names files of different bases")


def _verify_vectors(folder: Path, manifest: Manifest) -> None:
    import numpy as np

    digest = hashlib.sha256()
    wide = 4 * manifest.dimension
    for block in blocks_of(folder / manifest.vectors.name, max(1, (1 << 20) // wide) * wide):
        digest.update(block)
        if not all_usable(np.frombuffer(block, "<f4").reshape(-1, manifest.dimension)):
            raise Unusable(f"{manifest.vectors.name} holds vectors that are not of length one")
    if digest.hexdigest() != manifest.vectors.sha256:
        raise Unusable(f"{manifest.vectors.name} is not what was written")


def _verify_rows(folder: Path, manifest: Manifest) -> None:
    import numpy as np

    data = b"".join(blocks_of(folder / manifest.rows.name))
    if hashlib.sha256(data).hexdigest() != manifest.rows.sha256:
        raise Unusable(f"{manifest.rows.name} is not what was written")
    rows = np.frombuffer(data, "<i8")
    if len(rows) and not (rows[0] >= 0 and (rows[1:] > rows[:-1]).all()):
        raise Unusable(f"{manifest.rows.name} does not hold ascending row numbers")


def usable(vectors: NDArray[np.float32]) -> NDArray[np.bool_]:
    """For each row whether it may be searched: finite, and of length one or all zeros."""
    import numpy as np

    lengths = norms(vectors)
    fine: NDArray[np.bool_] = (np.abs(lengths - 1.0) <= NORM_TOLERANCE) | (lengths == 0.0)
    return fine


def all_usable(vectors: NDArray[np.float32]) -> bool:
    """Whether every row is `usable`; float32 suffices for the lengths, and takes a tenth of the time."""
    import numpy as np

    with np.errstate(over="ignore", invalid="ignore"):
        squares = np.einsum("ij,ij->i", vectors, vectors)
        fine = (np.abs(squares - 1.0) <= 2.0 * NORM_TOLERANCE) | (squares == 0.0)
    return bool(fine.all()) or bool(usable(vectors).all())


def next_number(folder: Path) -> int:
    """Above every base that is or was begun here."""
    numbers = [int(match[1]) for path in folder.iterdir() if (match := _OURS.match(path.name)) and match[1]]
    return max(numbers, default=0) + 1


def remove_others(folder: Path, kept: Manifest | None) -> None:
    """Remove bases that nothing names: replaced ones, and what a crash left. One still mapped goes where the system
    allows it (POSIX keeps its bytes until it is unmapped); elsewhere the next merge tries again."""
    named = {note.name for note in kept.files()} if kept else set()
    for path in list(folder.iterdir()):
        if _OURS.match(path.name) and path.name not in named:
            with suppress(OSError):
                path.unlink()
