"""Files that are either old or new, never torn: atomic writes, and reads that say what is wrong and where."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from ghostkit import faults
from ghostkit.errors import BookDamaged, storage_errors

if sys.platform == "win32":
    fcntl = None
else:
    import fcntl

_TEMPORARY: Final = re.compile(r"^\..+\.[0-9a-f]{8}\.tmp$")
# A folder can't be synced on some file systems (network shares, FUSE); they answer with one of these.
_UNSYNCABLE: Final = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES, errno.EISDIR})


def write_atomic(path: Path, data: bytes, kind: str) -> None:
    """Replace `path` by `data` so that any crash leaves the old file or the new one, and no other.

    The folder is made if it is missing, and an existing file keeps its permission bits. `kind` is one of
    `faults.FILE_KINDS`.

    Raises:
        StorageError: the disk or folder refuses; the old file is as it was and no temporary file is left.
    """
    with storage_errors(path, "write"):
        faults.point(f"file.{kind}.before")
        make_folder(path.parent)
        descriptor, temporary = _claim_temporary(path)
        try:
            with _closing(descriptor):
                _write_all(descriptor, data)
                _keep_mode(descriptor, path)
                faults.point(f"file.{kind}.written")
                os.fsync(descriptor)
                faults.point(f"file.{kind}.synced")
                if fcntl is not None:  # the lock that keeps sweepers off is held until the name is gone
                    os.replace(temporary, path)
            if fcntl is None:  # Windows can't rename an open file
                os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        faults.point(f"file.{kind}.renamed")
        sync_folder(path.parent)
        faults.point(f"file.{kind}.done")


def write_if_changed(path: Path, data: bytes, kind: str) -> bool:
    """Write atomically unless `path` already holds exactly `data`; says whether it wrote."""
    with storage_errors(path, "read"):
        try:
            if path.stat().st_size == len(data) and path.read_bytes() == data:
                return False
        except FileNotFoundError:
            pass
    write_atomic(path, data, kind)
    return True


def write_text(path: Path, text: str, kind: str) -> bool:
    """`write_if_changed` for text: UTF-8, as it is; a lone surrogate, which no file can hold, becomes `?`."""
    return write_if_changed(path, text.encode("utf-8", "replace"), kind)


def read_text_or_none(path: Path) -> str | None:
    """The text of `path` with `\\n` line ends and no byte-order mark; None if there is no such file.

    Raises:
        BookDamaged: not UTF-8; the message says at which byte.
        StorageError: the disk or folder refuses.
    """
    with storage_errors(path, "read"):
        try:
            data = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BookDamaged(
            f"{path} is not UTF-8 text: byte {error.start} is 0x{data[error.start]:02x}.",
            fix="Save it as UTF-8 in your editor, or put an earlier copy of the file back.",
            path=str(path),
            offset=error.start,
        ) from error
    return normalise_newlines(text)


def read_text(path: Path) -> str:
    """Like `read_text_or_none`, but a missing file is `BookDamaged` too."""
    text = read_text_or_none(path)
    if text is None:
        raise BookDamaged(
            f"{path} is missing.", fix="Put the file back, or restore it from checkpoints/.", path=str(path)
        )
    return text


def normalise_newlines(text: str) -> str:
    """CRLF and CR become LF, and a leading byte-order mark goes."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def make_folder(path: Path) -> None:
    """Make `path` and its missing parents, each synced into the folder that holds it."""
    if path.is_dir():
        return
    make_folder(path.parent)
    with storage_errors(path, "make the folder"):
        path.mkdir(exist_ok=True)
        sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable, where the file system can."""
    if fcntl is None:
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    with _closing(descriptor):
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in _UNSYNCABLE:
                raise


def sweep_temporaries(folder: Path, *, below: bool = True) -> int:
    """Remove what killed processes left in `folder`, and `below` it; how many files went.

    Only names of our own pattern, and only those no living writer holds.
    """
    swept = 0
    with storage_errors(folder, "clean up"):
        for parent, folders, names in os.walk(folder):
            if not below:
                folders.clear()
            swept += sum(_sweep(Path(parent, name)) for name in names if _TEMPORARY.match(name))
    return swept


def _sweep(temporary: Path) -> bool:
    try:
        descriptor = os.open(temporary, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return False
    with _closing(descriptor):
        if not stat.S_ISREG(os.fstat(descriptor).st_mode) or not _lock(descriptor, wait=False):
            return False
        if fcntl is not None:
            with suppress(OSError):
                temporary.unlink()
                return True
    with suppress(OSError):  # Windows: an open file refuses to go, so a living writer is safe
        temporary.unlink()
        return True
    return False


def _claim_temporary(path: Path) -> tuple[int, Path]:
    """A new locked file beside `path`; a sweeper that got in between open and lock only costs another try."""
    while True:
        temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp")
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            continue
        _lock(descriptor, wait=True)
        if os.fstat(descriptor).st_nlink:
            return descriptor, temporary
        os.close(descriptor)


def _lock(descriptor: int, *, wait: bool) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:
        # No locks on this file system: writers go on, sweepers leave the file alone.
        return wait
    return True


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _keep_mode(descriptor: int, path: Path) -> None:
    if fcntl is not None:
        with suppress(FileNotFoundError):
            os.fchmod(descriptor, stat.S_IMODE(path.stat().st_mode))


@contextmanager
def _closing(descriptor: int) -> Iterator[None]:
    try:
        yield
    finally:
        os.close(descriptor)
