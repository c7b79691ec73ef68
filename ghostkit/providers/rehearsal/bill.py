"""The bill: one fsynced JSON line for each call begun and each call answered."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import Literal

import anyio.to_thread
from anyio import CapacityLimiter
from anyio.lowlevel import RunVar

from ghostkit.errors import storage_errors

# One writer at a time for a whole event loop: waiters are served in order, so lines keep the order of the calls.
_writer: RunVar[CapacityLimiter] = RunVar("ghostkit_rehearsal_bill")


class Bill:
    """Appends to the file at `path`; with an empty path nothing is written."""

    def __init__(self, path: str) -> None:
        self.path = path

    async def note(self, event: Literal["begun", "answered"], *, slot: str, attempt_id: str) -> None:
        """Write one line and wait until the disk has it.

        :raises StorageError: the file can't be written.
        """
        if not self.path:
            return
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"event": event, "slot": slot, "attempt_id": attempt_id, "at": at}, ensure_ascii=False)
        await anyio.to_thread.run_sync(self._append, line.encode() + b"\n", limiter=_limiter())

    def _append(self, line: bytes) -> None:
        with storage_errors(self.path, "write the rehearsal's bill"):
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)
            descriptor = os.open(self.path, flags, 0o644)
            try:
                os.write(descriptor, line)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _limiter() -> CapacityLimiter:
    try:
        return _writer.get()
    except LookupError:
        limiter = CapacityLimiter(1)
        _writer.set(limiter)
        return limiter
