"""Render a document and put the file where it was asked for, or beside it with a word about why."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from ghostkit import faults
from ghostkit.book.files import write_atomic
from ghostkit.errors import ExportError, GhostkitError, StorageError, storage_errors
from ghostkit.export.registry import Exporter, ExporterRegistry, exporters
from ghostkit.export.tree import Document

if TYPE_CHECKING:
    from anyio import CapacityLimiter

# What says "not here", as against a disk that is full or failing: those would fail next door too, and a second
# file would only hide them.
_ELSEWHERE_MAY_WORK = frozenset(
    {
        errno.EACCES,
        errno.EBUSY,
        errno.EINVAL,
        errno.EISDIR,
        errno.ELOOP,
        errno.ENAMETOOLONG,
        errno.ENODEV,
        errno.ENOENT,
        errno.ENOTDIR,
        errno.ENXIO,
        errno.EPERM,
        errno.EROFS,
        errno.ETXTBSY,
    }
)
_TRIES = 100


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A written export; `note` is one sentence when `path` is not the place that was asked for."""

    format: str
    path: Path
    bytes: int
    sha256: str
    note: str = ""


def export_document(
    document: Document,
    format: str,
    target: Path,
    *,
    fallback_dir: Path | None = None,
    registry: ExporterRegistry = exporters,
) -> Exported:
    """Render `document` and write it to `target`, durably and all at once.

    Where `target` can't be written, the file goes beside it or into `fallback_dir` under the next free name.

    Raises `UnknownName` for a format there is not, `ExportError` when the exporter fails, `StorageError` when no
    place would take the file.
    """
    exporter = registry.get(format)
    with storage_errors(target, "export"):
        faults.point("export.before")
    data = _render(exporter, document)
    with storage_errors(target, "export"):
        faults.point("export.rendered")
    path, note = _place(data, target, exporter, fallback_dir)
    return Exported(
        format=exporter.name, path=path, bytes=len(data), sha256=hashlib.sha256(data).hexdigest(), note=note
    )


async def export_document_async(
    document: Document,
    format: str,
    target: Path,
    *,
    fallback_dir: Path | None = None,
    registry: ExporterRegistry = exporters,
    limiter: CapacityLimiter | None = None,
) -> Exported:
    """`export_document` in a worker thread; once begun it runs to its end, also when the caller is cancelled."""
    from anyio import to_thread

    work = partial(export_document, document, format, target, fallback_dir=fallback_dir, registry=registry)
    return await to_thread.run_sync(work, limiter=limiter)


def _render(exporter: Exporter, document: Document) -> bytes:
    try:
        data = exporter.render(document)
    except GhostkitError:
        raise
    except Exception as error:
        raise ExportError(
            f"The {exporter.name} exporter failed on “{document.meta.title}”: {type(error).__name__}: {error}.",
            fix="Choose another format, and report this with the book's text if the exporter is ghostkit's own.",
        ) from error
    if not isinstance(data, bytes):
        raise ExportError(
            f"The {exporter.name} exporter returned {type(data).__name__} instead of bytes.",
            fix="Ask its author to follow ghostkit.export.Exporter, or choose another format.",
        )
    return data


def _place(data: bytes, target: Path, exporter: Exporter, fallback_dir: Path | None) -> tuple[Path, str]:
    first = _attempt(data, target, fallback_dir)
    if first is None:
        return target, ""
    for folder, name in _other_places(target, exporter.extension, fallback_dir):
        try:
            path = _free_name(folder, name)
        except OSError:
            continue
        if path is not None and _attempt(data, path, fallback_dir) is None:
            return path, f"{first.message.rstrip('.')}, so the {exporter.name} export is at {path} instead."
    raise StorageError(
        f"{first.message} No place beside it would take the {exporter.name} export either.",
        fix="Choose a folder you may write to; the book itself is unharmed.",
        path=str(target),
        errno=getattr(first, "errno", None),
    ) from first


def _attempt(data: bytes, path: Path, own_folder: Path | None) -> StorageError | None:
    """Write `data` to `path`; gives the error back when another place may do better, and raises any other."""
    try:
        with storage_errors(path, "write"):
            if path.parent == own_folder:
                path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
            if not path.parent.is_dir():
                raise FileNotFoundError(errno.ENOENT, "its folder does not exist", str(path))
            write_atomic(path, data, "export")
    except StorageError as error:
        if getattr(error, "errno", None) in _ELSEWHERE_MAY_WORK:
            return error
        raise
    return None


def _other_places(target: Path, extension: str, fallback_dir: Path | None) -> Iterator[tuple[Path, str]]:
    name = target.name if target.suffix else f"{target.name or 'book'}.{extension}"
    folders = [target.parent] if fallback_dir is None else [target.parent, fallback_dir]
    for folder in dict.fromkeys(folders):
        yield folder, name
        yield folder, f"book.{extension}"  # should the name itself be what is refused


def _free_name(folder: Path, name: str) -> Path | None:
    """The first of `book.epub`, `book (2).epub` … that isn't there yet."""
    plain = Path(name)
    for number in count(1):
        path = folder / (name if number == 1 else f"{plain.stem} ({number}){plain.suffix}")
        if not path.exists() and not path.is_symlink():
            return path
        if number == _TRIES:
            return None
    return None
