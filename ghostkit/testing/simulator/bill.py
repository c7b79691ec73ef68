"""The simulator's bill: JSON lines, on the disk before the answer that they are about goes on."""

from __future__ import annotations

import json
import os
import time
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread

from ghostkit.errors import StorageError, storage_errors

KEPT = 200_000
"""Lines kept in memory."""


class Bill:
    """Lines in memory, and in a file where there is one: appended, fsynced, in the order in which they were noted.

    Lines that come while the disk is busy are written together, with one fsync for all.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.lines: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._waiting: list[tuple[bytes, anyio.Event]] = []
        self._woken = anyio.Event()
        self._descriptor = -1
        self._failure: BaseException | None = None

    def open(self) -> None:
        """:raises StorageError: the file can't be opened."""
        if self.path is None:
            return
        with storage_errors(str(self.path), "open the bill"):
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)
            self._descriptor = os.open(self.path, flags, 0o644)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    async def note(self, event: str, *, recall: bool = True, **facts: Any) -> None:
        """Add a line and wait until it is durable. Without `recall` it is not kept in memory."""
        line = {
            "event": event,
            **facts,
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "monotonic": time.monotonic(),
        }
        if recall:
            self.lines.append(line)
        if self.path is None:
            return
        durable = anyio.Event()
        self._waiting.append((json.dumps(line, ensure_ascii=False).encode() + b"\n", durable))
        self._woken.set()
        await durable.wait()
        if self._failure is not None:
            raise self._failure

    async def write(self) -> None:
        """Write what is noted, for ever. One task for the whole server."""
        while True:
            if not self._waiting:
                self._woken = anyio.Event()
                await self._woken.wait()
            batch, self._waiting = self._waiting, []
            try:
                await anyio.to_thread.run_sync(self._append, b"".join(line for line, _ in batch))
            except StorageError as error:
                self._failure = error
            for _, durable in batch:
                durable.set()

    def _append(self, lines: bytes) -> None:
        with storage_errors(str(self.path), "write the bill"):
            view = memoryview(lines)
            while view:
                view = view[os.write(self._descriptor, view) :]
            os.fsync(self._descriptor)
