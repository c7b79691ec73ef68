"""A file of lines that stays within a size, and the one thread that writes such files."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final


class RotatingFile:
    """Append lines to `path`; past `max_bytes` it becomes `path.1`, that `path.2` …, and the oldest of `keep` goes.

    The file is opened for every line and written in one call with O_APPEND, so that several processes may share it
    and none goes on writing into one that another has rotated away.
    """

    def __init__(self, path: Path | str, *, max_bytes: int = 5_000_000, keep: int = 3) -> None:
        if max_bytes < 1 or keep < 0:
            raise ValueError("max_bytes must be 1 or more, keep 0 or more")
        self.path = Path(path)
        self.max_bytes = max_bytes
        self.keep = keep

    def append(self, line: bytes) -> None:
        """Write `line` and a line end; raises OSError."""
        self._make_room(len(line) + 1)
        try:
            self._write(line + b"\n")
        except FileNotFoundError:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._write(line + b"\n")

    def _write(self, data: bytes) -> None:
        # Readable by its owner only: a log quotes prose and prompts.
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            written = os.write(descriptor, data)
            while written < len(data):  # a nearly full disk takes a part
                written += os.write(descriptor, data[written:])
        finally:
            os.close(descriptor)

    def _make_room(self, size: int) -> None:
        try:
            now = self.path.stat().st_size
        except FileNotFoundError:
            return
        if now and now + size > self.max_bytes:
            self._rotate()

    def _rotate(self) -> None:
        if self.keep == 0:
            self.path.unlink(missing_ok=True)
            return
        for number in range(self.keep - 1, 0, -1):
            older = self._numbered(number)
            if older.exists():
                os.replace(older, self._numbered(number + 1))
        os.replace(self.path, self._numbered(1))

    def _numbered(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")


MOST_WAITING: Final = 10_000
"""How many lines may wait for a slow disk; further ones are dropped and counted."""

_lock = threading.Lock()
_pool: ThreadPoolExecutor | None = None


def in_writer_thread(work: Callable[[], None]) -> Future[None]:
    """Run `work` in the process's one log-writing thread, in order; at exit the interpreter waits for it."""
    global _pool
    with _lock:
        if _pool is None:
            _pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ghostkit-log")
        return _pool.submit(work)


def _forget_pool() -> None:
    """In a forked child the thread is gone; the next line starts another."""
    global _pool, _lock
    _lock, _pool = threading.Lock(), None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)
