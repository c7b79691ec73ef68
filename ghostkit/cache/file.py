"""A cache in a folder: `embeddings/`, `summaries/` and `generations/`, one small file an entry.

A file is one line of JSON (`key`, `expires`, `size`, `sha256`) and then the value. It is named after a digest of its
key, so that any key makes a safe name, and replaced in one step, so that readers in other processes see the old
entry or the new one. Nothing is synced: after a power cut a file may be torn, which its digest shows. When it was
last used is its modification time. What is damaged is removed when it is met; files of other names are left alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from ghostkit import faults
from ghostkit.cache.contract import KINDS, Holding, Kind
from ghostkit.cache.keys import matches
from ghostkit.errors import storage_errors

ENTRY: Final = re.compile(r"^[0-9a-f]{40}\.entry$")
_PART: Final = re.compile(r"^[0-9a-f]{40}\.[0-9a-f]{8}\.part$")
_PART_LIVES_S: Final = 600.0
"""A half-written file older than this belongs to a process that was killed."""
_LONGEST_HEAD: Final = 16_384
_LARGEST_VALUE: Final = 64_000_000
_RECOUNT: Final = 256
"""How many puts may pass before the folder is counted again: other processes write to it too."""
# Missing on Windows, where there is nothing for them to guard against.
_READ: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@dataclass
class _Count:
    """What a folder holds as far as this process knows."""

    entries: int = 0
    bytes: int = 0
    puts: int = _RECOUNT


class FileCache:
    """See `Cache`. At most `max_size` entries and `max_bytes` of files in each kind's folder; None is no bound.

    `clock` gives seconds since the epoch, since entries outlive processes. Where a bound is passed, up to a
    sixteenth more than necessary goes at once, so that a full cache isn't counted at every put.
    """

    name = "file"
    waits = True

    def __init__(
        self,
        folder: Path | str,
        *,
        max_size: int | None = None,
        max_bytes: int | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.folder = Path(folder)
        self._max_size = max_size
        self._max_bytes = max_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: dict[Kind, _Count] = {kind: _Count() for kind in KINDS}
        self._last_stamp = 0

    def get(self, kind: Kind, key: str) -> bytes | None:
        path = self._path(kind, key)
        found = self._read(path, key)
        if found is None:
            return None
        stamp = self._stamp()
        with suppress(OSError):  # a folder that may only be read; the entry is as good
            os.utime(path, ns=(stamp, stamp))
        return found

    def put(self, kind: Kind, key: str, value: bytes, expire_s: float | None = None) -> None:
        path, expires = self._path(kind, key), None if expire_s is None else self._clock() + expire_s
        head = {"key": key, "expires": expires, "size": len(value), "sha256": _sha256(value)}
        data = json.dumps(head, separators=(",", ":")).encode() + b"\n" + value
        with storage_errors(path, "write the cache entry"):
            before = _size(path)
            faults.point("cache.before")
            path.parent.mkdir(parents=True, exist_ok=True)
            self._replace(path, data)
            faults.point("cache.done")
            self._keep_within_bounds(kind, len(data) - (before or 0), new=before is None)

    def delete(self, kind: Kind, key: str) -> bool:
        path = self._path(kind, key)
        there = self._read(path, key) is not None
        return there and self._remove(path)

    def keys(self, kind: Kind, pattern: str = "*") -> list[str]:
        return sorted(key for _, key, _ in self._entries(kind) if matches(key, pattern))

    def clear(self, kind: Kind, pattern: str = "*") -> int:
        return sum(self._remove(path) for path, key, _ in self._entries(kind) if matches(key, pattern))

    def holding(self, kind: Kind) -> Holding:
        sizes = [size for _, _, size in self._entries(kind)]
        return Holding(entries=len(sizes), bytes=sum(sizes))

    def close(self) -> None:
        """Nothing is held open."""

    # ── one file ──────────────────────────────────────────────────────────────────────────────────────────

    def _path(self, kind: Kind, key: str) -> Path:
        name = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:40]
        return self.folder / kind / f"{name}.entry"

    def _read(self, path: Path, key: str | None = None) -> bytes | None:
        """The value of a good entry that has not expired; anything else is removed and is None."""
        with storage_errors(path, "read the cache entry"):
            data = _contents(path)
        if data is None:
            return None
        head, value = _parted(data)
        whole = head is not None and head["sha256"] == _sha256(value) and key in (None, head["key"])
        if not whole or self._has_expired(head):
            self._remove(path)
            return None
        return value

    def _has_expired(self, head: dict[str, Any] | None) -> bool:
        return head is not None and head["expires"] is not None and self._clock() >= head["expires"]

    def _replace(self, path: Path, data: bytes) -> None:
        part = path.with_name(f"{path.stem}.{os.urandom(4).hex()}.part")
        try:
            with open(part, "xb") as file:
                file.write(data)
            stamp = self._stamp()
            os.utime(part, ns=(stamp, stamp))
            faults.point("cache.written")
            os.replace(part, path)
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise

    def _remove(self, path: Path) -> bool:
        """Another process may have been quicker, or the folder may be read-only; neither matters."""
        try:
            path.unlink()
        except OSError:
            return False
        return True

    def _stamp(self) -> int:
        """Now in nanoseconds, later than any stamp before: uses must be told apart by their times."""
        with self._lock:
            self._last_stamp = max(int(self._clock() * 1e9), self._last_stamp + 1)
            return self._last_stamp

    # ── the folder ────────────────────────────────────────────────────────────────────────────────────────

    def _entries(self, kind: Kind) -> Iterator[tuple[Path, str, int]]:
        """(path, key, bytes of the value) of every good entry; the others are removed on the way."""
        for found in self._files(kind):
            path = Path(found.path)
            head = _head_of(path)
            if head is None or self._has_expired(head):
                self._remove(path)
            elif self._path(kind, head["key"]) == path:
                yield path, head["key"], head["size"]
            else:
                self._remove(path)  # a good entry under another's name: copied there by somebody

    def _files(self, kind: Kind) -> list[os.DirEntry[str]]:
        """Entries as files, unread; what a killed process left half-written is removed on the way."""
        entries = []
        with storage_errors(self.folder / kind, "list the cache folder"):
            try:
                with os.scandir(self.folder / kind) as found:
                    for one in found:
                        if ENTRY.match(one.name) and not one.is_dir(follow_symlinks=False):
                            entries.append(one)
                        elif _PART.match(one.name):
                            self._remove_if_left(one)
            except (FileNotFoundError, NotADirectoryError):
                return []
        return entries

    def _remove_if_left(self, part: os.DirEntry[str]) -> None:
        with suppress(OSError):
            if time.time() - part.stat(follow_symlinks=False).st_ctime > _PART_LIVES_S:
                os.unlink(part.path)

    def _keep_within_bounds(self, kind: Kind, grown: int, *, new: bool) -> None:
        with self._lock:
            count = self._counts[kind]
            count.entries, count.bytes, count.puts = count.entries + new, count.bytes + grown, count.puts + 1
            if count.puts <= _RECOUNT and not self._over(count.entries, count.bytes):
                return
            self._counts[kind] = self._trimmed(kind)

    def _over(self, entries: int, size: int) -> bool:
        too_many = self._max_size is not None and entries > self._max_size
        return too_many or (self._max_bytes is not None and size > self._max_bytes)

    def _trimmed(self, kind: Kind) -> _Count:
        """Count the folder; if it is over its bounds, remove what was used longest ago."""
        files = []
        for one in self._files(kind):
            with suppress(OSError):  # removed by another process meanwhile
                found = one.stat(follow_symlinks=False)
                files.append((found.st_mtime_ns, found.st_size, one.path))
        entries, size = len(files), sum(found[1] for found in files)
        if self._over(entries, size):
            most = None if self._max_size is None else self._max_size - self._max_size // 16
            heaviest = None if self._max_bytes is None else self._max_bytes - self._max_bytes // 16
            for _, bytes_, path in sorted(files):
                if (most is None or entries <= most) and (heaviest is None or size <= heaviest):
                    break
                self._remove(Path(path))
                entries, size = entries - 1, size - bytes_
        return _Count(entries=entries, bytes=size, puts=0)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[IO[bytes], int] | None]:
    """A plain file of a possible size, with that size; None for anything else that has the name."""
    descriptor = os.open(path, _READ)
    try:
        found = os.fstat(descriptor)
        if stat.S_ISREG(found.st_mode) and found.st_size <= _LARGEST_VALUE + _LONGEST_HEAD:
            with open(descriptor, "rb", closefd=False) as file:
                yield file, found.st_size
        else:
            yield None
    finally:
        os.close(descriptor)


def _contents(path: Path) -> bytes | None:
    """None where there is nothing; `b""`, which is no entry, where there is something that isn't a file of ours."""
    try:
        with _opened(path) as found:
            return found[0].read() if found is not None else b""
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        if path.is_symlink() or path.is_dir():
            return b""
        raise


def _head_of(path: Path) -> dict[str, Any] | None:
    """The head of a plain file that is as long as its head says; the value is not read."""
    try:
        with _opened(path) as found:
            if found is None:
                return None
            line = found[0].readline(_LONGEST_HEAD)
            head = _checked(line)
            return head if head is not None and found[1] == len(line) + head["size"] else None
    except OSError:
        return None


def _parted(data: bytes) -> tuple[dict[str, Any] | None, bytes]:
    line, _, value = data.partition(b"\n")
    head = _checked(line)
    return (head, value) if head is not None and head["size"] == len(value) else (None, b"")


def _checked(line: bytes) -> dict[str, Any] | None:
    """The head of an entry, if that is what `line` is."""
    try:
        head = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(head, dict) or not isinstance(head.get("key"), str) or type(head.get("size")) is not int:
        return None
    expires = head.get("expires")
    if not (expires is None or (isinstance(expires, int | float) and not isinstance(expires, bool))):
        return None
    return head if isinstance(head.get("sha256"), str) and "expires" in head else None


def _size(path: Path) -> int | None:
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return None


def _sha256(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()[:32]
